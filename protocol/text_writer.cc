#include "protocol/text_writer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/text.h"
#include "model/path.h"
#include "protocol/text_time.h"
#include "protocol/text_token.h"

namespace smile {
namespace {

using Kind = TextNode::Kind;
using Json = nlohmann::ordered_json;

bool IsPrintable(ByteView bytes) {
  while (!bytes.empty()) {
    const size_t size = Utf8SequenceSize(bytes);
    if (size == 0) return false;
    if (IsControl(bytes, size) && bytes[0] != '\n' && bytes[0] != '\t') return false;
    bytes.remove_prefix(size);
  }
  return true;
}

void AppendFields(const TextNode& message, const LineStyle& style, std::string* line);

void AppendValue(const TextNode& node, const LineStyle& style, std::string* line) {
  switch (node.kind) {
    case Kind::kNumber:
    case Kind::kTime:
    case Kind::kPast:
      line->append(std::to_string(node.number));
      return;
    case Kind::kSigned:
      line->append(std::to_string(static_cast<int64_t>(node.number)));
      return;
    case Kind::kBool:
      CHECK(node.number <= 1);
      line->append(node.number != 0 ? "true" : "false");
      return;
    case Kind::kWord:
      line->append(node.word.empty() ? "\"\"" : node.word);
      return;
    case Kind::kBytes:
      line->append(FormatBytes(node.bytes, style));
      return;
    case Kind::kMessage:
      if (style.list_lines) {
        AppendFields(node, style, line);
        return;
      }
      line->push_back('{');
      AppendFields(node, style, line);
      line->push_back('}');
      return;
    case Kind::kList:
      break;
  }
  const std::string_view before = style.list_lines ? "\n  " : "";
  const std::string_view between = style.list_lines ? "" : ", ";
  if (!style.list_lines) line->push_back('[');
  for (size_t i = 0; i < node.children.size(); ++i) {
    line->append(i > 0 ? between : "").append(before);
    AppendValue(node.children[i], style, line);
  }
  if (!style.list_lines) line->push_back(']');
}

void AppendName(std::string_view name, const LineStyle& style, std::string* line) {
  if (style.colour) line->append("\x1b[36m");
  line->append(name);
  if (style.colour) line->append("\x1b[0m");
  line->push_back('=');
}

void AppendTime(const TextNode& field, const LineStyle& style, std::string* line) {
  std::string_view name = field.name;
  if (name.ends_with("_ms")) name.remove_suffix(3);
  AppendName(name, style, line);
  line->append(FormatTime(field.number));
  if (field.kind == Kind::kPast) return;
  line->push_back(' ');
  CHECK(style.now_millis.has_value());
  AppendName("ttl", style, line);
  line->append(FormatTimeLeft(field.number, *style.now_millis));
}

// A record that never expires shows no expiry time.
bool IsShown(const TextNode& field, const LineStyle& style) {
  if (style.brief && field.usual) return false;
  return field.kind != Kind::kTime || field.number != 0 || !style.now_millis.has_value();
}

void AppendField(const TextNode& field, const LineStyle& style, std::string* line) {
  if (field.kind == Kind::kMessage) {
    AppendFields(field, style, line);
    return;
  }
  const bool is_time = field.kind == Kind::kTime || field.kind == Kind::kPast;
  if (is_time && style.now_millis.has_value()) {
    AppendTime(field, style, line);
    return;
  }
  AppendName(field.name, style, line);
  if (field.kind == Kind::kList && style.list_lines) {
    line->append(std::to_string(field.children.size()));
  }
  AppendValue(field, style, line);
}

// Lists with one line per element come after all other fields.
void AppendFields(const TextNode& message, const LineStyle& style, std::string* line) {
  const size_t start = line->size();
  for (const bool lists : {false, true}) {
    for (const TextNode& field : message.children) {
      const bool is_list = field.kind == Kind::kList && style.list_lines;
      if (is_list != lists || !IsShown(field, style)) continue;
      if (line->size() > start) line->push_back(' ');
      AppendField(field, style, line);
    }
  }
}

Json JsonOf(const TextNode& node);

void AddToObject(const TextNode& field, Json* object) {
  std::string name(field.name);
  if (field.kind == Kind::kBytes && !IsUtf8(field.bytes)) {
    (*object)[name + "_base64"] = ToBase64(field.bytes);
  } else {
    (*object)[name] = JsonOf(field);
  }
}

Json JsonOf(const TextNode& node) {
  switch (node.kind) {
    case Kind::kNumber:
    case Kind::kTime:
    case Kind::kPast:
      return node.number;
    case Kind::kSigned:
      return static_cast<int64_t>(node.number);
    case Kind::kBool:
      return node.number != 0;
    case Kind::kWord:
      return node.word;
    case Kind::kBytes:
      if (!IsUtf8(node.bytes)) return Json{{"base64", ToBase64(node.bytes)}};
      return std::string(node.bytes);
    case Kind::kList: {
      Json list = Json::array();
      for (const TextNode& element : node.children) list.push_back(JsonOf(element));
      return list;
    }
    case Kind::kMessage:
      break;
  }
  Json object = Json::object();
  for (const TextNode& field : node.children) AddToObject(field, &object);
  return object;
}

}  // namespace

std::string WordFor(const Condition& condition) {
  std::string word(NameOf(condition.kind));
  if (condition.kind == ConditionKind::kIfVersion) word += fmt::format(":{}", condition.version);
  return word;
}

std::string WordFor(TextForm form, const TextContext& context, ByteView bytes) {
  if (bytes.empty() && form != TextForm::kPartition) return {};
  if (IsSecret(form) && !context.show_secrets) return std::string(kMaskedSecret);
  const bool is_key = form != TextForm::kOpaque && form != TextForm::kToken;
  if (!is_key || !context.table.has_value()) return "0x" + ToHex(bytes);
  if (form == TextForm::kPartition) return FormatPartition({*context.table, bytes});
  return FormatSort(*context.table, bytes);
}

std::string WordForLinkKind(uint64_t kind) {
  for (const NumberName& known : kLinkKinds) {
    if (known.number == kind) return std::string(known.name);
  }
  return std::to_string(kind);
}

std::string WordForChecksum(uint64_t checksum) {
  return fmt::format("{:016x}", checksum);
}

std::string FormatBytes(ByteView bytes, const LineStyle& style) {
  size_t shown = bytes.size();
  if (style.max_bytes != 0 && shown > style.max_bytes) shown = style.max_bytes;
  const bool cut = shown < bytes.size();
  if (!IsPrintable(bytes)) {
    const std::string hex = "0x" + ToHex(bytes.substr(0, shown));
    return cut ? fmt::format("{}…({} bytes)", hex, bytes.size()) : hex;
  }
  CHECK(shown <= bytes.size());
  // Not in the middle of a character.
  while (cut && shown > 0 && (static_cast<uint8_t>(bytes[shown]) & 0xc0) == 0x80) --shown;
  const std::string quoted = Quote(bytes.substr(0, shown));
  return cut ? fmt::format("{}…({} bytes)", quoted, bytes.size()) : quoted;
}

std::string WriteLine(const TextNode& message, const LineStyle& style) {
  std::string line;
  AppendFields(message, style, &line);
  return line;
}

std::string WriteJson(const TextNode& message) {
  return EscapeUnsafeJson(JsonOf(message).dump());
}

}  // namespace smile
