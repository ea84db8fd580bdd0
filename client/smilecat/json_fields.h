// Members that a JSON object has to have. A failure is kInvalid, with a message that continues what
// the object is: "has no "size" that is a number".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/json_object.h"

namespace smile::cat {

// What such a failure is.
Status LacksField(std::string_view name, std::string_view what);

Result<Bytes> TextField(const JsonObject& object, std::string_view name);
Result<uint64_t> NumberField(const JsonObject& object, std::string_view name);
Result<bool> BooleanField(const JsonObject& object, std::string_view name);
Result<JsonObject> ObjectField(const JsonObject& object, std::string_view name);
// Of NAME, or in base64 of NAME_base64.
Result<Bytes> BytesField(const JsonObject& object, std::string_view name);

}  // namespace smile::cat
