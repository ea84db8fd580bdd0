// Logins as lines of files that are loaded and dumped: logins/ada@example.org, with the value "42"
// or "42 $argon2id$...". They are no records that a client can read or write.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

// Whether the text begins as a path of a login does.
bool IsLoginPath(std::string_view text);
// The login. kInvalid, with a message that shows the form.
Result<Bytes> ParseLoginPath(std::string_view text);

// The value of a login's line.
struct LoginValue {
  uint64_t user = 0;
  ByteView credential;  // borrowed from the value; may be empty
};

// kInvalid, with a message that does not have the value in it.
Result<LoginValue> ParseLoginValue(ByteView value);
Bytes FormatLoginValue(const LoginValue& value);

}  // namespace smile::cat
