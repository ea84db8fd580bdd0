#include "client/smilecat/row.h"

#include <fmt/format.h>

namespace smile::cat {

Result<Bytes> Row::Text(const Column& column) const {
  if (!is_json()) {
    CHECK(column.index < fields.size());
    return fields[column.index];
  }
  const auto member = object.find(column.name);
  if (member == object.end()) {
    return Status(Code::kInvalid, fmt::format("has no member \"{}\"", column.name));
  }
  if (member->is_string()) return member->get_ref<const std::string&>();
  if (member->is_number() || member->is_boolean()) return member->dump();
  return Status(Code::kInvalid,
                fmt::format("\"{}\" is {}: only text, numbers and booleans can stand there",
                            column.name, member->type_name()));
}

Result<std::string> ToText(const Json& json) {
  try {
    return json.dump(-1, ' ', false, Json::error_handler_t::strict);
  } catch (const Json::type_error&) {
    return Status(Code::kInvalid, "has text that is not UTF-8 and so cannot be written as JSON");
  }
}

}  // namespace smile::cat
