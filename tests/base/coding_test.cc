#include "base/coding.h"

#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace smile {
namespace {

TEST(Coding, LittleEndianIsLowByteFirst) {
  Bytes out;
  AppendLittle<uint32_t>(&out, 0x01020304);
  EXPECT_EQ(out, Bytes("\x04\x03\x02\x01"));
  EXPECT_EQ(LoadLittle<uint32_t>(out.data()), 0x01020304u);
}

TEST(Coding, BigEndianBytesSortLikeNumbers) {
  const std::vector<uint64_t> numbers = {0, 1, 255, 256, 65535, uint64_t{1} << 40, UINT64_MAX};
  Bytes previous;
  for (const uint64_t number : numbers) {
    Bytes bytes;
    AppendBig(&bytes, number);
    EXPECT_EQ(LoadBig<uint64_t>(bytes.data()), number);
    EXPECT_LT(previous, bytes);
    previous = bytes;
  }
}

TEST(Coding, VarintsRoundTrip) {
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {(uint64_t{1} << bit) - 1, uint64_t{1} << bit}) {
      Bytes bytes;
      AppendVarint(&bytes, value);
      EXPECT_EQ(bytes.size(), VarintSize(value));
      ByteReader reader(bytes);
      uint64_t read = 0;
      ASSERT_TRUE(reader.ReadVarint(&read));
      EXPECT_EQ(read, value);
      EXPECT_TRUE(reader.empty());
    }
  }
}

TEST(Coding, InvalidVarintsAreRejected) {
  using namespace std::string_view_literals;
  for (const ByteView bad : {""sv, "\x80"sv, "\xff\xff"sv, "\x80\x00"sv, "\x81\x80\x00"sv,
                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv,
                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv}) {
    ByteReader reader(bad);
    uint64_t value = 0;
    EXPECT_FALSE(reader.ReadVarint(&value));
    EXPECT_EQ(reader.remaining(), bad.size());
  }
}

TEST(ByteReader, DoesNotReadPastTheEnd) {
  ByteReader reader("abc");
  uint32_t number = 0;
  ByteView bytes;
  EXPECT_FALSE(reader.ReadLittle(&number));
  EXPECT_FALSE(reader.ReadBytes(4, &bytes));
  EXPECT_TRUE(reader.ReadBytes(3, &bytes));
  EXPECT_EQ(bytes, "abc");
  EXPECT_TRUE(reader.empty());
}

}  // namespace
}  // namespace smile
