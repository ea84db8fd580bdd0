#include "client/smilecat/row.h"

#include <fmt/format.h>

#include "base/check.h"

namespace smile::cat {
namespace {

Result<const JsonMember*> FindMember(const JsonObject& object, const std::string& name) {
  const JsonMember* const member = object.Find(name);
  if (member != nullptr) return member;
  return Status(Code::kInvalid, fmt::format("has no member \"{}\"", name));
}

}  // namespace

std::string LineRange::ToString() const {
  return first == last ? fmt::format("line {}", first) : fmt::format("lines {} to {}", first, last);
}

Result<Bytes> Row::Text(const Column& column) const {
  if (!is_json()) {
    CHECK(column.index < fields.size());
    return fields[column.index];
  }
  SMILE_ASSIGN(const JsonMember* const member, FindMember(*object, column.name));
  switch (member->kind) {
    case JsonKind::kString:
    case JsonKind::kNumber:
    case JsonKind::kBoolean:
      return member->text;
    default:
      return Status(Code::kInvalid,
                    fmt::format("\"{}\" is {}: only text, numbers and booleans can stand there",
                                column.name, NameOf(member->kind)));
  }
}

Result<std::string> Row::Json(const Column& column) const {
  if (!is_json()) {
    CHECK(column.index < fields.size());
    return JsonString(fields[column.index]);
  }
  SMILE_ASSIGN(const JsonMember* const member, FindMember(*object, column.name));
  return member->json;
}

}  // namespace smile::cat
