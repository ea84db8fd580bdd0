// Fixed-width integers and varints in byte strings.
//
// Little-endian is used on the wire and in stored headers, big-endian in keys, where bytes have to
// sort as the numbers do. A varint is LEB128: seven bits per byte, low bits first, the high bit set
// in all bytes but the last; at most 10 bytes, and only the shortest form is valid.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace smile {

static_assert(std::endian::native == std::endian::little, "Smile runs on little-endian machines");

template <std::unsigned_integral T>
constexpr T ByteSwap(T value) {
  T swapped = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    swapped = static_cast<T>((swapped << (sizeof(T) > 1 ? 8 : 0)) | ((value >> (8 * i)) & 0xff));
  }
  return swapped;
}

template <std::unsigned_integral T>
T LoadLittle(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <std::unsigned_integral T>
void StoreLittle(char* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

template <std::unsigned_integral T>
void AppendLittle(Bytes* out, T value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <std::unsigned_integral T>
T LoadBig(const char* from) {
  return ByteSwap(LoadLittle<T>(from));
}

template <std::unsigned_integral T>
void AppendBig(Bytes* out, T value) {
  AppendLittle(out, ByteSwap(value));
}

inline constexpr size_t kMaxVarintBytes = 10;
static_assert(7 * kMaxVarintBytes >= 64 && 7 * (kMaxVarintBytes - 1) < 64);

// `to` has room for VarintSize(value) bytes; returns their end.
inline char* StoreVarint(char* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

inline void AppendVarint(Bytes* out, uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

inline size_t VarintSize(uint64_t value) {
  return static_cast<size_t>(std::bit_width(value | 1) + 6) / 7;
}

// Reads from the front of borrowed bytes. Each Read… returns false, and does not move the reader,
// if the bytes are truncated or malformed. ReadBytes returns a view into the borrowed bytes.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  ByteView rest() const { return rest_; }
  size_t remaining() const { return rest_.size(); }
  bool empty() const { return rest_.empty(); }

  template <std::unsigned_integral T>
  bool ReadLittle(T* value) {
    if (rest_.size() < sizeof(T)) return false;
    *value = LoadLittle<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return true;
  }

  bool ReadBytes(size_t count, ByteView* bytes) {
    if (rest_.size() < count) return false;
    *bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  bool ReadVarint(uint64_t* value) {
    uint64_t result = 0;
    for (size_t i = 0; i < kMaxVarintBytes && i < rest_.size(); ++i) {
      const auto byte = static_cast<uint8_t>(rest_[i]);
      result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
      if ((byte & 0x80) != 0) continue;
      const bool longer_than_needed = i > 0 && byte == 0;
      const bool overflows = i == kMaxVarintBytes - 1 && byte > 1;
      if (longer_than_needed || overflows) return false;
      *value = result;
      rest_.remove_prefix(i + 1);
      return true;
    }
    return false;
  }

 private:
  ByteView rest_;
};

}  // namespace smile
