#include "base/crc32c.h"

#include <array>
#include <cstddef>

#include "base/coding.h"

namespace smile {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // its bits reversed
constexpr size_t kByteValues = 256;
constexpr int kBitsPerByte = 8;
constexpr uint32_t kByteMask = 0xff;

// CRCs here are without the inversion at both ends, and so are linear.

constexpr std::array<uint32_t, kByteValues> ByteTable() {
  std::array<uint32_t, kByteValues> table{};
  for (uint32_t byte = 0; byte < kByteValues; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < kBitsPerByte; ++bit) {
      crc = (crc & 1) != 0 ? (crc >> 1) ^ kPolynomial : crc >> 1;
    }
    table[byte] = crc;
  }
  return table;
}

uint32_t ExtendByTable(uint32_t crc, ByteView bytes) {
  static constexpr auto kTable = ByteTable();
  for (const char byte : bytes) {
    crc = (crc >> kBitsPerByte) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & kByteMask];
  }
  return crc;
}

#if defined(__x86_64__)

#define SMILE_WITH_CRC32 __attribute__((target("sse4.2")))

// The instruction takes three cycles, but one can begin in each: so three parts of this size are
// computed side by side, and put together.
constexpr size_t kPartBytes = 2048;
constexpr size_t kParts = 3;
constexpr size_t kWordBytes = sizeof(uint64_t);
static_assert(kPartBytes % kWordBytes == 0);

// What kPartBytes zeros make of a CRC, by each of its bytes.
using ShiftTable = std::array<std::array<uint32_t, kByteValues>, sizeof(uint32_t)>;

SMILE_WITH_CRC32 ShiftTable MakeShiftTable() {
  ShiftTable table{};
  for (size_t byte = 0; byte < table.size(); ++byte) {
    for (uint32_t value = 0; value < kByteValues; ++value) {
      uint64_t crc = uint64_t{value} << (byte * kBitsPerByte);
      for (size_t i = 0; i < kPartBytes; i += kWordBytes) crc = __builtin_ia32_crc32di(crc, 0);
      table[byte][value] = static_cast<uint32_t>(crc);
    }
  }
  return table;
}

uint32_t Shift(const ShiftTable& table, uint64_t crc) {
  uint32_t shifted = 0;
  for (size_t byte = 0; byte < table.size(); ++byte) {
    shifted ^= table[byte][(crc >> (byte * kBitsPerByte)) & kByteMask];
  }
  return shifted;
}

SMILE_WITH_CRC32 uint32_t ExtendByInstruction(uint32_t before, ByteView bytes) {
  static const ShiftTable kShift = MakeShiftTable();
  const auto word = [](const char* at) { return LoadLittle<uint64_t>(at); };
  const char* at = bytes.data();
  size_t size = bytes.size();
  uint64_t crc = before;
  for (; size >= kParts * kPartBytes; size -= kParts * kPartBytes, at += kParts * kPartBytes) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (const char* i = at; i != at + kPartBytes; i += kWordBytes) {
      crc = __builtin_ia32_crc32di(crc, word(i));
      second = __builtin_ia32_crc32di(second, word(i + kPartBytes));
      third = __builtin_ia32_crc32di(third, word(i + 2 * kPartBytes));
    }
    crc = Shift(kShift, Shift(kShift, crc) ^ second) ^ third;
  }
  for (; size >= kWordBytes; size -= kWordBytes, at += kWordBytes) {
    crc = __builtin_ia32_crc32di(crc, word(at));
  }
  auto end = static_cast<uint32_t>(crc);
  for (; size > 0; --size) end = __builtin_ia32_crc32qi(end, static_cast<uint8_t>(*at++));
  return end;
}

uint32_t Extend(uint32_t crc, ByteView bytes) {
  static const bool kHasInstruction = __builtin_cpu_supports("sse4.2") != 0;
  return kHasInstruction ? ExtendByInstruction(crc, bytes) : ExtendByTable(crc, bytes);
}

#else

uint32_t Extend(uint32_t crc, ByteView bytes) {
  return ExtendByTable(crc, bytes);
}

#endif

}  // namespace

uint32_t Crc32c(ByteView bytes, uint32_t crc) {
  return ~Extend(~crc, bytes);
}

uint32_t Crc32cByTable(ByteView bytes, uint32_t crc) {
  return ~ExtendByTable(~crc, bytes);
}

}  // namespace smile
