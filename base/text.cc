#include "base/text.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace smile {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string ToHex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 15]);
  }
  return text;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Bytes> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]);
    const int low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

std::string ToBase64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const ByteView group = bytes.substr(i, 3);
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < group.size() ? static_cast<uint8_t>(group[j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      text.push_back(j <= group.size() ? kBase64Digits[bits >> (18 - 6 * j) & 63] : '=');
    }
  }
  return text;
}

std::optional<Bytes> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const size_t end = text.find_last_not_of('=') + 1;  // npos + 1 is 0
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  uint32_t count = 0;
  for (const char c : text.substr(0, end)) {
    const size_t digit = kBase64Digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(bits >> count & 0xff));
    }
  }
  // Rejects non-canonical forms (odd padding, unused bits that are set).
  if (ToBase64(bytes) != text) return std::nullopt;
  return bytes;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

size_t Utf8SequenceSize(ByteView text) {
  CHECK(!text.empty());
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  const size_t size = lead >= 0xc2 && lead <= 0xdf   ? 2
                      : (lead & 0xf0) == 0xe0        ? 3
                      : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                     : 0;
  if (size == 0 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90);
  const bool surrogate = lead == 0xed && at(1) > 0x9f;
  const bool too_high = lead == 0xf4 && at(1) > 0x8f;
  return overlong || surrogate || too_high ? 0 : size;
}

bool IsUtf8(ByteView bytes) {
  while (!bytes.empty()) {
    const size_t size = Utf8SequenceSize(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

bool IsControl(ByteView text, size_t size) {
  CHECK(size >= 1 && size <= text.size());
  const auto lead = static_cast<uint8_t>(text[0]);
  if (size == 1) return lead < 0x20 || lead == 0x7f;
  return size == 2 && lead == 0xc2 && static_cast<uint8_t>(text[1]) < 0xa0;
}

bool IsUnsafe(ByteView text, size_t size) {
  if (size != 3) return IsControl(text, size);
  const auto second = static_cast<uint8_t>(text[1]);
  const auto last = static_cast<uint8_t>(text[2]);
  if (text[0] != '\xe2') return false;
  return (second == 0x80 && last >= 0xa8 && last <= 0xae) ||
         (second == 0x81 && last >= 0xa6 && last <= 0xa9);
}

void AppendPrintable(ByteView text, std::string* out) {
  while (!text.empty()) {
    const size_t size = Utf8SequenceSize(text);
    const size_t taken = std::max<size_t>(size, 1);
    if (size > 0 && !IsUnsafe(text, size)) {
      out->append(text.substr(0, size));
    } else {
      for (const char byte : text.substr(0, taken)) *out += "\\x" + ToHex({&byte, 1});
    }
    text.remove_prefix(taken);
  }
}

std::string Printable(ByteView text) {
  std::string printable;
  AppendPrintable(text, &printable);
  return printable;
}

std::string EscapeUnsafeJson(std::string_view json) {
  if (json.find_first_of("\x7f\xc2\xe2") == std::string_view::npos) return std::string(json);
  std::string escaped;
  escaped.reserve(json.size());
  while (!json.empty()) {
    const size_t size = std::max<size_t>(Utf8SequenceSize(json), 1);
    if (IsUnsafe(json, size) && static_cast<uint8_t>(json[0]) >= 0x7f) {
      const bool is_long = size == 3;  // U+2028 to U+2069
      const auto low =
          static_cast<char>(is_long ? (json[1] & 0x03) << 6 | (json[2] & 0x3f) : json[size - 1]);
      escaped.append(is_long ? "\\u20" : "\\u00").append(ToHex({&low, 1}));
    } else {
      escaped.append(json.substr(0, size));
    }
    json.remove_prefix(size);
  }
  return escaped;
}

}  // namespace smile
