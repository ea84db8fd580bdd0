#include "client/post_ids.h"

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace smile {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

// Goes wherever it is set.
class SettableClock final : public Clock {
 public:
  int64_t MonotonicNanos() const override { return 0; }
  int64_t WallMillis() const override { return wall_millis; }
  int64_t wall_millis = kNow;
};

TEST(PostIds, ContainTimeNodeAndCount) {
  SettableClock clock;
  PostIds ids(&clock, 5);
  const uint64_t first = ids.Next();
  EXPECT_EQ(MillisOfId(first), kNow);
  EXPECT_EQ((first >> kIdSequenceBits) & 1023, 5u);
  EXPECT_EQ(first & 4095, 0u);
  EXPECT_EQ(ids.Next(), first + 1);
  EXPECT_EQ(first, (uint64_t{kNow - kIdEpochMillis} << 22) | (5u << 12));
}

TEST(PostIds, GrowWhenTheClockStepsBack) {
  SettableClock clock;
  PostIds ids(&clock, 1023);
  uint64_t last = ids.Next();
  for (const int64_t millis : {kNow, kNow - 60'000, kNow + 1, kNow - 1, int64_t{0}}) {
    clock.wall_millis = millis;
    for (int i = 0; i < 10'000; ++i) {  // more than one millisecond has numbers for
      const uint64_t next = ids.Next();
      ASSERT_GT(next, last);
      ASSERT_EQ((next >> kIdSequenceBits) & 1023, 1023u) << "the count ran into the node";
      last = next;
    }
  }
}

TEST(PostIds, AreUniqueAcrossThreads) {
  SystemClock clock;
  PostIds ids(&clock, 0);
  std::vector<std::vector<uint64_t>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) mine.push_back(ids.Next());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<uint64_t> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 20'000u);
}

}  // namespace
}  // namespace smile
