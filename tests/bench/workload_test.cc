#include "bench/smilebench/workload.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/limits.h"

namespace smile::bench {
namespace {

RecordView RecordOf(const Bytes& value) {
  RecordView record;
  record.version = 1;
  record.checksum = Hash64(value);
  record.value = value;
  return record;
}

TEST(Workload, AValueIsRecognisedInAnyGenerationAndSize) {
  Bytes value;
  Bytes scratch;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{100},
                            limits::kMaxValueBytes}) {
    for (const uint64_t generation : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 50}) {
      MakeValue(42, generation, size, &value);
      EXPECT_EQ(value.size(), size);
      EXPECT_TRUE(IsValueOf(42, size, RecordOf(value), &scratch)) << size << " " << generation;
    }
  }
}

TEST(Workload, ValuesOfOtherRecordsAreWrong) {
  Bytes value;
  Bytes scratch;
  for (const size_t size : {size_t{8}, size_t{16}, size_t{100}}) {
    MakeValue(42, 0, size, &value);
    EXPECT_FALSE(IsValueOf(43, size, RecordOf(value), &scratch)) << size;
  }
}

TEST(Workload, ValuesWithAnyByteChangedAreWrong) {
  Bytes value;
  Bytes scratch;
  MakeValue(42, 7, 64, &value);
  for (size_t i = 0; i < value.size(); ++i) {
    Bytes changed = value;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(IsValueOf(42, 64, RecordOf(changed), &scratch)) << i;
  }
}

TEST(Workload, ValuesOfAnotherSizeOrWithAnotherChecksumAreWrong) {
  Bytes value;
  Bytes scratch;
  MakeValue(42, 7, 64, &value);
  EXPECT_FALSE(IsValueOf(42, 63, RecordOf(value), &scratch));
  RecordView record = RecordOf(value);
  ++record.checksum;
  EXPECT_FALSE(IsValueOf(42, 64, record, &scratch));
}

TEST(Workload, KeysAreValidAndDiffer) {
  for (const WorkloadKind kind : {WorkloadKind::kGet, WorkloadKind::kScan}) {
    std::set<Key> keys;
    for (uint64_t number = 0; number < 1'000; ++number) {
      const Key key = KeyOf(kind, number);
      EXPECT_TRUE(ValidateKey(key.view()).ok());
      keys.insert(key);
    }
    EXPECT_EQ(keys.size(), 1'000u);
  }
}

TEST(Workload, ScanPartitionsHoldAllRecords) {
  for (const uint64_t keys : {1, 19, 20, 21, 1'000}) {
    uint64_t total = 0;
    for (uint64_t partition = 0; partition < ScanPartitions(keys); ++partition) {
      total += RecordsIn(partition, keys);
    }
    EXPECT_EQ(total, keys);
    EXPECT_EQ(KeyOf(WorkloadKind::kScan, keys - 1).partition,
              PartitionOf(ScanPartitions(keys) - 1));
  }
}

TEST(Random, IsBelowItsBoundAndReachesAllOfIt) {
  Random random(0);
  std::set<uint64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random.Below(10));
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(*seen.rbegin(), 9u);
}

}  // namespace
}  // namespace smile::bench
