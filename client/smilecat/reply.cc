#include "client/smilecat/reply.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "protocol/text_writer.h"

namespace smile::cat {
namespace {

constexpr size_t kShownBytesOfAValue = 2000;

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

Bytes ShowError(const Status& status, const ErrorDetail& detail, ReplyForm form) {
  const CodeInfo& info = InfoOf(status.code());
  if (form == ReplyForm::kJson) {
    nlohmann::ordered_json object;
    object["error"] = info.name;
    object["words"] = status.words();
    if (status.retry_after_ms() != 0) object["retry_after_ms"] = status.retry_after_ms();
    if (detail.index.has_value()) object["index"] = *detail.index;
    if (detail.version.has_value()) object["version"] = *detail.version;
    return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  std::string line = status.ToString();
  if (detail.index.has_value()) line += " index=" + std::to_string(*detail.index);
  if (detail.version.has_value()) line += " version=" + std::to_string(*detail.version);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line + "\n";
}

ExitStatus ExitStatusOf(const Status& status) {
  switch (status.code()) {
    case Code::kOk:
      return ExitStatus::kOk;
    case Code::kUnavailable:
    case Code::kOutcomeUnknown:
    case Code::kProtocolError:
      return ExitStatus::kConnection;
    default:
      return ExitStatus::kRefused;
  }
}

std::string Complaint(const Status& status) {
  std::string line = status.ToString();
  switch (status.code()) {
    case Code::kUnavailable:
      line += "; start smiled there, or name another server with -s HOST:PORT";
      break;
    case Code::kOutcomeUnknown:
      line += "; read the record before you write it again";
      break;
    case Code::kProtocolError:
      line += "; is it smiled that listens there?";
      break;
    default:
      break;
  }
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace smile::cat
