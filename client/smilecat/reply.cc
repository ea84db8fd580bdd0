#include "client/smilecat/reply.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "client/smilecat/complain.h"
#include "protocol/text_writer.h"

namespace smile::cat {
namespace {

constexpr size_t kShownBytesOfAValue = 2000;

std::string_view AdviceFor(const Status& status) {
  switch (status.code()) {
    case Code::kUnavailable:
      // One that says when to retry is there, and said so itself.
      if (status.retry_after_ms() != 0) return "";
      return "; check that smiled runs there, or name another server with -s HOST:PORT";
    case Code::kOutcomeUnknown:
      return "; read the record before you write it again";
    case Code::kProtocolError:
      return "; is it smiled that listens there?";
    default:
      return "";
  }
}

}  // namespace

Bytes ShowMessage(const TextNode& message, ReplyForm form) {
  if (form == ReplyForm::kJson) return WriteJson(message) + "\n";
  LineStyle style;
  style.list_lines = form != ReplyForm::kLine;
  if (form == ReplyForm::kPage) style.max_bytes = kShownBytesOfAValue;
  std::string line = WriteLine(message, style);
  if (line.empty()) line = "ok";
  if (!line.ends_with('\n')) line.push_back('\n');
  return line;
}

Bytes ShowError(const Status& status, const ErrorDetail& detail, ReplyForm form, uint64_t line) {
  if (form == ReplyForm::kJson) {
    const CodeInfo& info = InfoOf(status.code());
    nlohmann::ordered_json object;
    if (line != 0) object["line"] = line;
    object["error"] = info.name;
    object["message"] = status.words().empty() ? std::string(info.summary) : status.words();
    if (status.retry_after_ms() != 0) object["retry_after_ms"] = status.retry_after_ms();
    if (detail.index.has_value()) object["index"] = *detail.index;
    if (detail.version.has_value()) object["version"] = *detail.version;
    if (detail.met_index.has_value()) object["met_index"] = *detail.met_index;
    return EscapeJsonControls(
               object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) +
           "\n";
  }
  const std::string where = line == 0 ? "" : "line " + std::to_string(line) + ": ";
  return where + Complaint(status, detail) + "\n";
}

ExitStatus StatusOfUnsent(const Status& status, bool file_failed) {
  if (file_failed) return ExitStatus::kFile;
  return status.code() == Code::kTooLarge ? ExitStatus::kRefused : ExitStatus::kUsage;
}

std::string Complaint(const Status& status, const ErrorDetail& detail) {
  const CodeInfo& info = InfoOf(status.code());
  std::string line = status.ToString();
  if (status.words().empty()) line = std::string(info.name) + ": " + std::string(info.summary);
  if (detail.index.has_value()) line += ", index " + std::to_string(*detail.index);
  if (detail.met_index.has_value()) {
    line += ", it met what index " + std::to_string(*detail.met_index) + " of the same batch did";
  } else if (detail.version.has_value()) {
    line +=
        *detail.version == 0 ? ", it is absent" : ", version " + std::to_string(*detail.version);
  }
  line += AdviceFor(status);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return Printable(line);
}

}  // namespace smile::cat
