// Bytes as text: hexadecimal, base64 and the shape of UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace smile {

// Two lower-case digits a byte.
std::string ToHex(ByteView bytes);

// -1 if `c` is no hexadecimal digit.
int HexDigit(char c);

// Digits of either case, two a byte, nothing between them; else nothing.
std::optional<Bytes> FromHex(std::string_view text);

// The standard alphabet with padding (RFC 4648, section 4). Only the canonical form is read.
std::string ToBase64(ByteView bytes);
std::optional<Bytes> FromBase64(std::string_view text);

// Bytes of the well-formed UTF-8 sequence at the front of `text`, which is not empty; 0 if there is
// none (Unicode 15, table 3-7).
size_t Utf8SequenceSize(ByteView text);

bool IsUtf8(ByteView bytes);

// Whether the sequence of `size` bytes (from Utf8SequenceSize, not 0) at the front of `text` is a
// control character: U+0000 to U+001F, U+007F to U+009F. A terminal may obey one.
bool IsControl(ByteView text, size_t size);

// Appends `text` for a line that people read: control characters, and bytes that are no UTF-8, as
// \xNN.
void AppendPrintable(ByteView text, std::string* out);

// The same JSON with the control characters that its strings may hold as they are (U+007F to
// U+009F) as \uNNNN, so that a terminal does not obey them.
std::string EscapeJsonControls(std::string_view json);

}  // namespace smile
