// Byte strings. Neither type implies text: both may contain any byte, including zero.
#pragma once

#include <string>
#include <string_view>

namespace smile {

// Borrows: the caller keeps the bytes alive for the duration of the call, or for as long as the
// callee's contract says.
using ByteView = std::string_view;
// Owns.
using Bytes = std::string;

}  // namespace smile
