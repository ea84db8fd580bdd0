#include "client/smilecat/json_object.h"

#include <charconv>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/text.h"

namespace smile::cat {
namespace {

// The parser converts each number before it gives its text, and ends at one that is out of range:
// with long double that is from 1e4932 on.
using Parser =
    nlohmann::basic_json<std::map, std::vector, std::string, bool, int64_t, uint64_t, long double>;

constexpr int kNumberOutOfRange = 406;

}  // namespace

std::string_view NameOf(JsonKind kind) {
  switch (kind) {
    case JsonKind::kString:
      return "a string";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kBoolean:
      return "a boolean";
    case JsonKind::kNull:
      return "null";
    case JsonKind::kObject:
      return "an object";
    case JsonKind::kArray:
      break;
  }
  return "an array";
}

Result<std::string> JsonString(ByteView content) {
  if (!IsUtf8(content)) {
    return Status(Code::kInvalid, "has text that is not UTF-8 and so cannot be written as JSON");
  }
  return nlohmann::json(content).dump();
}

Status JsonObjectWriter::Add(ByteView name, std::string_view json) {
  SMILE_ASSIGN(const std::string quoted, JsonString(name));
  text_ += text_.empty() ? '{' : ',';
  text_ += quoted;
  text_ += ':';
  text_ += json;
  return {};
}

std::string JsonObjectWriter::Finish() && {
  if (text_.empty()) text_ = '{';
  return std::move(text_) + "}";
}

// The events of nlohmann's parser, which does not recurse. It gives the text of numbers only where
// they do not fit an integer; those that do have one form, but for -0.
class JsonObject::Builder {
 public:
  explicit Builder(std::vector<JsonMember>* members) : members_(members) {}

  // After parsing that failed.
  const Status& error() const { return error_; }

  bool null() { return Scalar(JsonKind::kNull, "null", {}); }
  bool boolean(bool value) {
    const char* const text = value ? "true" : "false";
    return Scalar(JsonKind::kBoolean, text, text);
  }
  bool number_integer(int64_t value) { return Number(value == 0 ? "-0" : std::to_string(value)); }
  bool number_unsigned(uint64_t value) { return Number(std::to_string(value)); }
  bool number_float(long double, const std::string& text) { return Number(text); }
  bool string(std::string& value) {
    const std::string quoted = nlohmann::json(value).dump();
    return Scalar(JsonKind::kString, quoted, value);
  }
  bool binary(Parser::binary_t&) { return false; }  // not in text

  bool start_object(size_t) { return Open('{', JsonKind::kObject); }
  bool end_object() { return Close('}'); }
  bool start_array(size_t) { return Open('[', JsonKind::kArray); }
  bool end_array() { return Close(']'); }

  bool key(std::string& name) {
    Level& level = open_.back();
    if (!level.names.insert(name).second) {
      return Fail(fmt::format("has two members \"{}\" in one object", name));
    }
    if (open_.size() == 1) {
      members_->push_back({.name = name});
      return true;
    }
    Out() += level.begun ? "," : "";
    level.begun = true;
    Out() += nlohmann::json(name).dump() + ":";
    return true;
  }

  bool parse_error(size_t position, const std::string& token,
                   const nlohmann::detail::exception& e) {
    if (e.id == kNumberOutOfRange) return Fail(fmt::format("has a number out of range: {}", token));
    return Fail(fmt::format("is not valid JSON: error at byte {}", position));
  }

 private:
  struct Level {
    bool is_object = false;
    bool begun = false;  // not empty
    std::set<std::string> names;
  };

  std::string& Out() { return members_->back().json; }

  bool Fail(std::string words) {
    error_ = Status(Code::kInvalid, std::move(words));
    return false;
  }

  // Before each value.
  bool BeginValue(JsonKind kind) {
    if (open_.empty()) return kind == JsonKind::kObject || Fail("is not a JSON object");
    if (open_.size() == 1) members_->back().kind = kind;
    Level& level = open_.back();
    if (level.is_object) return true;
    if (level.begun) Out() += ',';
    level.begun = true;
    return true;
  }

  bool Scalar(JsonKind kind, std::string_view json, ByteView text) {
    if (!BeginValue(kind)) return false;
    if (open_.size() == 1) members_->back().text = text;
    Out() += json;
    return true;
  }

  bool Number(const std::string& text) { return Scalar(JsonKind::kNumber, text, text); }

  bool Open(char bracket, JsonKind kind) {
    if (!BeginValue(kind)) return false;
    if (open_.size() == limits::kMaxInputJsonDepth) {
      return Fail(fmt::format("is nested over {} deep", limits::kMaxInputJsonDepth));
    }
    if (!open_.empty()) Out() += bracket;
    open_.push_back({.is_object = kind == JsonKind::kObject});
    return true;
  }

  bool Close(char bracket) {
    open_.pop_back();
    if (!open_.empty()) Out() += bracket;
    return true;
  }

  std::vector<JsonMember>* const members_;
  std::vector<Level> open_;
  Status error_;
};

Result<JsonObject> JsonObject::Parse(ByteView text) {
  if (!IsUtf8(text)) return Status(Code::kInvalid, "is not UTF-8");
  // The parser takes one for the end of its input.
  if (text.find('\0') != ByteView::npos) {
    return Status(Code::kInvalid, "is not valid JSON: it has a NUL byte");
  }
  JsonObject object;
  Builder builder(&object.members_);
  if (!Parser::sax_parse(text.begin(), text.end(), &builder)) return builder.error();
  return object;
}

bool ReadNumber(const JsonMember& member, uint64_t* number) {
  if (member.kind != JsonKind::kNumber) return false;
  const char* const end = member.text.data() + member.text.size();
  const auto [rest, error] = std::from_chars(member.text.data(), end, *number);
  return error == std::errc() && rest == end;
}

const JsonMember* JsonObject::Find(std::string_view name) const {
  for (const JsonMember& member : members_) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

}  // namespace smile::cat
