#include "protocol/input_buffer.h"

#include <algorithm>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "base/limits.h"

namespace smile {
namespace {

TEST(InputBufferTest, BehavesLikeAString) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    InputBuffer buffer;
    Bytes expected;
    for (int step = 0; step < 40; ++step) {
      switch (random() % 4) {
        case 0:
          buffer.RemovePrefix(random() % (expected.size() + 1));
          expected.erase(0, expected.size() - buffer.size());
          break;
        case 1: {
          InputBuffer other = std::move(buffer);
          buffer = std::move(other);
          break;
        }
        default: {
          const Bytes more(random() % 50'000, static_cast<char>('a' + step % 26));
          buffer.Reserve(expected.size() + more.size());
          buffer.Append(more);
          expected += more;
        }
      }
      ASSERT_EQ(buffer.view(), expected);
      ASSERT_GE(buffer.capacity(), expected.size());
    }
    buffer.Clear();
    EXPECT_EQ(buffer.memory(), 0u);
    EXPECT_TRUE(buffer.empty());
  }
}

TEST(InputBufferTest, LargeBufferTakesMemoryAsBytesArrive) {
  InputBuffer buffer;
  buffer.Reserve(limits::kMaxFrameBytes);
  EXPECT_TRUE(buffer.is_large());
  EXPECT_EQ(buffer.memory(), 0u);
  buffer.Append(Bytes(5'000, 'x'));
  EXPECT_EQ(buffer.memory(), 8'192u);
  EXPECT_EQ(buffer.free_memory(), 3'192u);
  buffer.Append(Bytes(3'192, 'x'));
  EXPECT_EQ(buffer.memory(), 8'192u);
  buffer.RemovePrefix(8'000);
  EXPECT_EQ(buffer.memory(), 8'192u) << "the pages were written to";
  EXPECT_EQ(buffer.free_memory(), 8'000u);
}

TEST(InputBufferTest, ShrinkingReleasesMemoryFromTheEnd) {
  InputBuffer buffer;
  buffer.Reserve(limits::kMaxFrameBytes);
  buffer.Append(Bytes(5'000, 'x') + Bytes(20'000, 'y'));
  EXPECT_EQ(buffer.memory(), 28'672u);
  buffer.Shrink(40'000);
  EXPECT_EQ(buffer.size(), 25'000u);
  buffer.Shrink(8'000);
  EXPECT_EQ(buffer.memory(), 8'192u);
  EXPECT_EQ(buffer.view(), Bytes(5'000, 'x') + Bytes(3'192, 'y'));
  buffer.Shrink(0);
  EXPECT_EQ(buffer.memory(), 0u);
  EXPECT_FALSE(buffer.is_large());

  buffer.Append("small");
  buffer.Shrink(0);
  EXPECT_TRUE(buffer.empty());
}

TEST(InputBufferTest, GrowingKeepsTheContent) {
  InputBuffer buffer;
  buffer.Reserve(3);
  buffer.Append("abc");
  EXPECT_FALSE(buffer.is_large());
  buffer.Reserve(InputBuffer::kLeastLargeBytes);
  EXPECT_TRUE(buffer.is_large());
  EXPECT_EQ(buffer.view(), "abc");
  buffer.Reserve(limits::kMaxFrameBytes);
  EXPECT_EQ(buffer.view(), "abc");
}

}  // namespace
}  // namespace smile
