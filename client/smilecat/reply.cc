#include "client/smilecat/reply.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "client/smilecat/colour.h"
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

// The message of an error reply that has none: "condition not met (record is absent); nothing
// written".
std::string SummaryOf(const CodeInfo& info, const ErrorDetail& detail) {
  if (info.code != Code::kConditionFailed) return std::string(info.summary);
  std::string text = "condition not met";
  if (detail.index.has_value()) text += fmt::format(" for item {}", *detail.index);
  if (detail.met_index.has_value()) {
    text += fmt::format(" (item {} of the batch changed the record)", *detail.met_index);
  } else if (detail.version.has_value()) {
    text += *detail.version == 0 ? " (record is absent)"
                                 : fmt::format(" (record has version {})", *detail.version);
  }
  return text + "; nothing written";
}

LineStyle LineStyleOf(const ReplyStyle& style) {
  LineStyle line_style;
  line_style.brief = true;
  line_style.list_lines = style.form != ReplyForm::kLine;
  if (style.form == ReplyForm::kPage) line_style.max_bytes = kShownBytesOfAValue;
  if (!style.raw_times) {
    line_style.now_millis = static_cast<uint64_t>(SystemClock().WallMillis());
  }
  line_style.colour = style.colour;
  return line_style;
}

}  // namespace

Bytes ShowElements(const TextNode& message, const ReplyStyle& style) {
  LineStyle line_style = LineStyleOf(style);
  line_style.list_lines = false;
  Bytes text;
  for (const TextNode& field : message.children) {
    if (field.kind != TextNode::Kind::kList) continue;
    for (const TextNode& element : field.children) {
      text += style.form == ReplyForm::kJson             ? WriteJson(element)
              : element.kind == TextNode::Kind::kMessage ? WriteLine(element, line_style)
                                                         : element.word;
      text.push_back('\n');
    }
  }
  return text;
}

Bytes ShowMessage(const TextNode& message, const ReplyStyle& style) {
  if (style.form == ReplyForm::kJson) return WriteJson(message) + "\n";
  std::string line = WriteLine(message, LineStyleOf(style));
  if (line.empty()) line = "ok";
  if (!line.ends_with('\n')) line.push_back('\n');
  return line;
}

Bytes ShowError(const Status& status, const ErrorDetail& detail, const ReplyStyle& style,
                uint64_t line) {
  if (style.form == ReplyForm::kJson) {
    const CodeInfo& info = InfoOf(status.code());
    nlohmann::ordered_json object;
    if (line != 0) object["line"] = line;
    object["error"] = info.name;
    object["message"] = status.message().empty() ? SummaryOf(info, detail) : status.message();
    if (status.retry_after_ms() != 0) object["retry_after_ms"] = status.retry_after_ms();
    if (detail.index.has_value()) object["index"] = *detail.index;
    if (detail.version.has_value()) object["version"] = *detail.version;
    if (detail.met_index.has_value()) object["met_index"] = *detail.met_index;
    return EscapeUnsafeJson(
               object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) +
           "\n";
  }
  const std::string where = line == 0 ? "" : "line " + std::to_string(line) + ": ";
  const std::string text = Complaint(status, detail);
  return where + InRed(text, style.colour) + "\n";
}

ExitStatus StatusOfUnsent(const Status& status) {
  return status.code() == Code::kTooLarge ? ExitStatus::kRefused : ExitStatus::kUsage;
}

std::string Complaint(const Status& status, const ErrorDetail& detail) {
  const CodeInfo& info = InfoOf(status.code());
  std::string line = status.ToString();
  if (status.message().empty()) line = std::string(info.name) + ": " + SummaryOf(info, detail);
  line += AdviceFor(status);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return Printable(line);
}

}  // namespace smile::cat
