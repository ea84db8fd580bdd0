// Bytes as text: hexadecimal, base64 and the shape of UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace smile {

// Two lower-case digits per byte.
std::string ToHex(ByteView bytes);

// -1 if `c` is not a hexadecimal digit.
int HexDigit(char c);

// Two digits of either case per byte, without separators; otherwise nullopt.
std::optional<Bytes> FromHex(std::string_view text);

// The standard alphabet with padding (RFC 4648, section 4). Only the canonical form is read.
std::string ToBase64(ByteView bytes);
std::optional<Bytes> FromBase64(std::string_view text);

// Without spaces, tabs and carriage returns at its two ends.
std::string_view Trimmed(std::string_view text);

// Size of the well-formed UTF-8 sequence at the start of `text`, which must not be empty; 0 if
// there is none (Unicode 15, table 3-7).
size_t Utf8SequenceSize(ByteView text);

bool IsUtf8(ByteView bytes);

// Whether the sequence of `size` bytes (from Utf8SequenceSize, not 0) at the start of `text` is a
// control character, U+0000 to U+001F or U+007F to U+009F, which a terminal may execute.
bool IsControl(ByteView text, size_t size);

// The same, or an explicit bidirectional format character (U+202A to U+202E, U+2066 to U+2069), or
// a line or paragraph separator (U+2028, U+2029): with these, text from elsewhere could look like
// other text, or like text that the program itself prints.
bool IsUnsafe(ByteView text, size_t size);

// Appends `text` to a line for people: unsafe characters and bytes that are not UTF-8 become \xNN.
void AppendPrintable(ByteView text, std::string* out);
std::string Printable(ByteView text);

// Replaces the unsafe characters that JSON strings may contain unescaped (all from U+007F on) by
// \uNNNN.
std::string EscapeUnsafeJson(std::string_view json);

}  // namespace smile
