// A JSON object of an input file, with its numbers as they are written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

enum class JsonKind : uint8_t { kString, kNumber, kBoolean, kNull, kObject, kArray };

// "a string", "an object"
std::string_view NameOf(JsonKind kind);

struct JsonMember {
  std::string name;
  JsonKind kind = JsonKind::kNull;
  Bytes text;  // of a string: its content; of a number or boolean: as it is written; else empty
  std::string json;  // the value as compact JSON, numbers at every depth as they are written
};

class JsonObject {
 public:
  // kInvalid unless `text` is one JSON object in UTF-8, nested at most
  // limits::kMaxInputJsonDepth deep, in which no object has two members of the same name.
  static Result<JsonObject> Parse(ByteView text);

  // In the order of the text.
  const std::vector<JsonMember>& members() const { return members_; }

  // Null if there is none.
  const JsonMember* Find(std::string_view name) const;

 private:
  class Builder;

  std::vector<JsonMember> members_;
};

// False unless it is a number from 0 to 2^64 - 1 that is written as an integer.
bool ReadNumber(const JsonMember& member, uint64_t* number);

// Builds a JSON object of members whose values are JSON.
class JsonObjectWriter {
 public:
  // kInvalid if `name` is not UTF-8.
  Status Add(ByteView name, std::string_view json);

  std::string Finish() &&;

 private:
  std::string text_;
};

// The JSON string with this content; kInvalid if it is not UTF-8.
Result<std::string> JsonString(ByteView content);

}  // namespace smile::cat
