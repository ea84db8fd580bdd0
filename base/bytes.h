// Byte strings. ByteView borrows: the caller keeps the bytes alive for the duration of the call, or
// for as long as the callee's contract says. Bytes owns. Neither implies text: both may contain any
// byte, including zero.
#pragma once

#include <string>
#include <string_view>

namespace smile {

using ByteView = std::string_view;
using Bytes = std::string;

}  // namespace smile
