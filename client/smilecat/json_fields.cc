#include "client/smilecat/json_fields.h"

#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace smile::cat {
namespace {

// Null if there is none of this kind.
const JsonMember* Find(const JsonObject& object, std::string_view name, JsonKind kind) {
  const JsonMember* const member = object.Find(name);
  return member != nullptr && member->kind == kind ? member : nullptr;
}

}  // namespace

Status LacksField(std::string_view name, std::string_view what) {
  return {Code::kInvalid, fmt::format("has no \"{}\" that is {}", name, what)};
}

Result<Bytes> TextField(const JsonObject& object, std::string_view name) {
  const JsonMember* const member = Find(object, name, JsonKind::kString);
  if (member == nullptr) return LacksField(name, "a string");
  return member->text;
}

Result<uint64_t> NumberField(const JsonObject& object, std::string_view name) {
  const JsonMember* const member = object.Find(name);
  uint64_t number = 0;
  if (member == nullptr || !ReadNumber(*member, &number)) {
    return LacksField(name, "a number from 0 to 2^64 - 1");
  }
  return number;
}

Result<bool> BooleanField(const JsonObject& object, std::string_view name) {
  const JsonMember* const member = Find(object, name, JsonKind::kBoolean);
  if (member == nullptr) return LacksField(name, "true or false");
  return member->text == "true";
}

Result<JsonObject> ObjectField(const JsonObject& object, std::string_view name) {
  const JsonMember* const member = Find(object, name, JsonKind::kObject);
  if (member == nullptr) return LacksField(name, "an object");
  return JsonObject::Parse(member->json);
}

Result<Bytes> BytesField(const JsonObject& object, std::string_view name) {
  const JsonMember* const text = Find(object, name, JsonKind::kString);
  if (text != nullptr) return text->text;
  const JsonMember* const base64 = Find(object, fmt::format("{}_base64", name), JsonKind::kString);
  std::optional<Bytes> bytes;
  if (base64 != nullptr) bytes = FromBase64(base64->text);
  if (!bytes.has_value()) return LacksField(name, "a string");
  return *std::move(bytes);
}

}  // namespace smile::cat
