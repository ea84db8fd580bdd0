// The two kinds of bytes in Smile.
//
// ByteView borrows: whoever passes one keeps the bytes alive for the duration of the call, or
// for as long as the contract of the callee says. Bytes owns. Neither means text: both may hold
// zeros and anything else.
#pragma once

#include <string>
#include <string_view>

namespace smile {

using ByteView = std::string_view;
using Bytes = std::string;

}  // namespace smile
