#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>

namespace smile {
namespace {

// RFC 3720, B.4, and the usual check value.
TEST(Crc32c, HasTheValuesOfTheStandard) {
  for (const auto crc : {&Crc32c, &Crc32cByTable}) {
    EXPECT_EQ(crc("123456789", 0), 0xe3069283U);
    EXPECT_EQ(crc(Bytes(32, '\0'), 0), 0x8a9136aaU);
    EXPECT_EQ(crc(Bytes(32, '\xff'), 0), 0x62a8ab43U);
    EXPECT_EQ(crc("", 0), 0U);
    EXPECT_EQ(crc("", 7), 7U);
  }
}

// Whatever the length, the address and where the bytes are split.
TEST(Crc32c, IsThatOfTheTable) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  Bytes bytes(40'000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  for (int i = 0; i < 300; ++i) {
    const size_t offset = random() % 20;
    const size_t size = random() % (i < 200 ? 100 : bytes.size() - offset);
    const ByteView part = ByteView(bytes).substr(offset, size);
    const size_t split = random() % (size + 1);
    const uint32_t crc = Crc32cByTable(part);
    ASSERT_EQ(Crc32c(part), crc) << offset << " " << size;
    ASSERT_EQ(Crc32c(part.substr(split), Crc32c(part.substr(0, split))), crc) << size << split;
  }
}

}  // namespace
}  // namespace smile
