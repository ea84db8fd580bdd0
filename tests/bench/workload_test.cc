#include "bench/smilebench/workload.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "bench/smilebench/random.h"

namespace smile::bench {
namespace {

TEST(Workload, ValuesOfAnyGenerationAndSizeAreRecognised) {
  Bytes value;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{100},
                            limits::kMaxValueBytes}) {
    for (const uint64_t generation : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 50}) {
      MakeValue(42, generation, size, &value);
      EXPECT_EQ(value.size(), size);
      EXPECT_TRUE(IsValueOf(42, size, value)) << size << " " << generation;
    }
  }
}

TEST(Workload, ValuesOfOtherRecordsAreWrong) {
  Bytes value;
  for (const size_t size : {size_t{8}, size_t{16}, size_t{100}}) {
    MakeValue(42, 0, size, &value);
    EXPECT_FALSE(IsValueOf(43, size, value)) << size;
  }
}

TEST(Workload, ValuesWithAnyByteChangedAreWrong) {
  for (const size_t size : {size_t{5}, size_t{12}, size_t{16}, size_t{61}, size_t{64}}) {
    Bytes value;
    MakeValue(42, 7, size, &value);
    for (size_t i = 0; i < value.size(); ++i) {
      const bool is_generation = size == 16 && i >= 8;  // all of them are right
      Bytes changed = value;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      EXPECT_EQ(IsValueOf(42, size, changed), is_generation) << i << " of " << size;
    }
  }
}

TEST(Workload, ValuesOfAnotherSizeAreWrong) {
  Bytes value;
  for (const size_t size : {size_t{1}, size_t{16}, size_t{64}}) {
    MakeValue(42, 7, size, &value);
    EXPECT_FALSE(IsValueOf(42, size - 1, value));
    EXPECT_FALSE(IsValueOf(42, size + 1, value));
    EXPECT_FALSE(IsValueOf(42, size, value.substr(1)));
  }
}

TEST(Workload, KeysAreThoseOfTheModel) {
  for (uint64_t number = 0; number < 1'000; ++number) {
    EXPECT_EQ(Key(RecordKey(0, number).view()), UserKey(number, "bench"));
    EXPECT_EQ(Key(RecordKey(20, number).view()), PostKey(number / 20, number % 20));
    EXPECT_TRUE(ValidateKey(RecordKey(20, number).view()).ok());
  }
}

TEST(Workload, AuthorsShareAllPosts) {
  for (const uint64_t keys : {1, 19, 20, 21, 1'000}) {
    uint64_t total = 0;
    for (uint64_t author = 0; author < Authors(20, keys); ++author) {
      total += PostsOf(20, author, keys);
    }
    EXPECT_EQ(total, keys);
    EXPECT_EQ(RecordKey(20, keys - 1).view().partition, PartitionOf(Authors(20, keys) - 1));
  }
}

TEST(Workload, WorkloadIsFoundByItsKind) {
  for (const WorkloadInfo& workload : kWorkloads) {
    EXPECT_EQ(NameOf(workload.kind), workload.name);
    EXPECT_EQ(KeysPerOperation(workload.kind), workload.name == "mget" ? 32u : 1u);
  }
}

TEST(Random, NumbersCoverTheRangeBelowTheBound) {
  Random random(0);
  std::set<uint64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random.Below(10));
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(*seen.rbegin(), 9u);
}

}  // namespace
}  // namespace smile::bench
