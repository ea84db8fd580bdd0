#include "client/page_token.h"

#include <array>
#include <cstdint>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static_assert(kAlphabet.size() == 64);
constexpr uint8_t kNoDigit = 64;

constexpr std::array<uint8_t, 256> kDigits = [] {
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return digits;
}();

uint32_t ChecksumOf(ByteView continuation) {
  return static_cast<uint32_t>(Hash64(continuation));
}

Status InvalidToken(const char* why) {
  return {Code::kInvalid, std::string("the page token ") + why + "; pass it on unchanged"};
}

// Base64url without padding. False unless `text` is the encoding of some bytes.
bool DecodeBase64(std::string_view text, Bytes* bytes) {
  uint32_t bits = 0;
  int count = 0;  // of valid bits
  for (const char digit : text) {
    const uint8_t value = kDigits[static_cast<uint8_t>(digit)];
    if (value == kNoDigit) return false;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes->push_back(static_cast<char>(bits >> count & 0xff));
  }
  CHECK(count < 8);
  // The remaining bits are padding: fewer than a digit has, and zero.
  return count < 6 && (bits & ((1u << count) - 1)) == 0;
}

}  // namespace

std::string EncodePageToken(ByteView continuation) {
  std::string text;
  if (continuation.empty()) return text;
  Bytes bytes;
  AppendLittle(&bytes, ChecksumOf(continuation));
  bytes.append(continuation);
  uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
    for (count += 8; count >= 6; count -= 6) text.push_back(kAlphabet[bits >> (count - 6) & 63]);
  }
  CHECK(count >= 0 && count < 6, "less than a digit remains");
  if (count > 0) text.push_back(kAlphabet[bits << (6 - count) & 63]);
  CHECK(text.size() == (bytes.size() * 8 + 5) / 6);
  return text;
}

Result<Bytes> DecodePageToken(std::string_view token) {
  if (token.empty()) return Bytes();
  if (token.size() > limits::kMaxPageTokenBytes) return InvalidToken("is too long");
  Bytes bytes;
  if (!DecodeBase64(token, &bytes)) return InvalidToken("is not base64url");
  if (bytes.size() <= sizeof(uint32_t)) return InvalidToken("is too short");
  const Bytes continuation = bytes.substr(sizeof(uint32_t));
  if (LoadLittle<uint32_t>(bytes.data()) != ChecksumOf(continuation)) {
    return InvalidToken("is damaged");
  }
  return continuation;
}

}  // namespace smile
