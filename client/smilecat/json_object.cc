#include "client/smilecat/json_object.h"

#include <charconv>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

namespace smile::cat {
namespace {

// The parser converts each number before it gives its text, and fails at one that is out of the
// range of long double (from 1e4932 on). Such an object is parsed again with stand-ins.
using Parser =
    nlohmann::basic_json<std::map, std::vector, std::string, bool, int64_t, uint64_t, long double>;

constexpr int kNumberOutOfRange = 406;

bool IsIn(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

size_t SkipDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsIn("0123456789", text[at])) ++at;
  return at;
}

// RFC 8259, section 6.
bool IsJsonNumber(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  size_t end = SkipDigits(text, at);
  if (end == at || (text[at] == '0' && end > at + 1)) return false;
  if (end < text.size() && text[end] == '.') {
    at = end + 1;
    end = SkipDigits(text, at);
    if (end == at) return false;
  }
  if (end < text.size() && IsIn("eE", text[end])) {
    at = end + 1;
    if (at < text.size() && IsIn("+-", text[at])) ++at;
    end = SkipDigits(text, at);
    if (end == at) return false;
  }
  return end == text.size();
}

// JSON with every number replaced by a small one of the same length, so that the parser takes them
// all and its positions stay true; and the numbers as they are written, in their order.
struct StandIns {
  explicit StandIns(ByteView json) : text(json) {
    bool in_string = false;
    for (size_t at = 0; at < json.size(); ++at) {
      if (in_string && json[at] == '\\') {
        ++at;
      } else if (json[at] == '"') {
        in_string = !in_string;
      } else if (!in_string && IsIn("-0123456789", json[at])) {
        at = Replace(json, at) - 1;
      }
    }
  }

  Bytes text;
  std::vector<std::string_view> numbers;  // borrowed from the JSON

 private:
  // Returns the end of the number. What is not a number stays, for the parser to reject.
  size_t Replace(ByteView json, size_t begin) {
    size_t end = begin;
    while (end < json.size() && IsIn("+-.0123456789eE", json[end])) ++end;
    const std::string_view number = json.substr(begin, end - begin);
    numbers.push_back(number);
    if (number.size() >= 3 && IsJsonNumber(number)) {
      text.replace(begin, number.size(), "1." + std::string(number.size() - 2, '0'));
    }
    return end;
  }
};

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

// The events of nlohmann's parser, which does not recurse. It gives the text of a number only if it
// does not fit an integer; one that does has a single form, except -0.
class JsonObject::Builder {
 public:
  // `numbers`: of StandIns; null if the numbers are those of the text.
  Builder(std::vector<JsonMember>* members, const std::vector<std::string_view>* numbers)
      : members_(members), numbers_(numbers) {}

  // After parsing that failed.
  const Status& error() const { return error_; }
  bool number_out_of_range() const { return number_out_of_range_; }

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

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& e) {
    number_out_of_range_ = e.id == kNumberOutOfRange;
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

  bool Number(std::string_view text) {
    if (numbers_ != nullptr) {
      CHECK(numbers_seen_ < numbers_->size());
      text = (*numbers_)[numbers_seen_++];
    }
    return Scalar(JsonKind::kNumber, text, text);
  }

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
  const std::vector<std::string_view>* const numbers_;
  size_t numbers_seen_ = 0;
  bool number_out_of_range_ = false;
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
  Builder builder(&object.members_, nullptr);
  if (Parser::sax_parse(text.begin(), text.end(), &builder)) return object;
  if (!builder.number_out_of_range()) return builder.error();
  const StandIns stand_ins(text);
  JsonObject again;
  Builder second(&again.members_, &stand_ins.numbers);
  if (Parser::sax_parse(stand_ins.text, &second)) return again;
  return second.error();
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
