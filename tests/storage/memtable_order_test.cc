#include "storage/rocks/memtable_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "base/coding.h"
#include "tests/storage/random_bytes.h"

namespace smile {
namespace {

using testing::Below;
using testing::Random;

// Partitions without entries, made in some order.
class MemtableOrderTest : public ::testing::Test {
 protected:
  const MemtablePartition* Make(ByteView id) {
    memory_.push_back(std::make_unique<char[]>(sizeof(MemtablePartition) + id.size()));
    newest_ =
        new (memory_.back().get()) MemtablePartition{0, id.size(), nullptr, newest_, ++made_, {}};
    id.copy(newest_->id_bytes(), id.size());
    return newest_;
  }

  static std::vector<Bytes> IdsOf(const MemtableOrder& order) {
    std::vector<Bytes> ids;
    for (const MemtableOrder::Run& run : order.runs) {
      EXPECT_TRUE(std::is_sorted(run->begin(), run->end()));
      for (const OrderedPartition& item : *run) ids.emplace_back(item.partition->id());
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  const uint64_t seed_ = std::random_device()();
  const ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  Random random_{seed_};
  std::vector<std::unique_ptr<char[]>> memory_;
  MemtablePartition* newest_ = nullptr;
  uint64_t made_ = 0;
  MemtableOrderKeeper keeper_;
};

TEST_F(MemtableOrderTest, SameStateSharesOneOrder) {
  EXPECT_TRUE(keeper_.UpTo(nullptr)->runs.empty());
  const MemtablePartition* const first = Make("b");
  Make("a");
  const auto both = keeper_.UpTo(newest_);
  EXPECT_THAT(IdsOf(*both), ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(keeper_.UpTo(newest_), both);  // 400 walks share one
  EXPECT_EQ(keeper_.UpTo(first), both);    // who was late for the lock
}

TEST_F(MemtableOrderTest, NewPartitionsAreAddedAndRunsAreMerged) {
  std::vector<Bytes> ids;
  for (uint64_t i = 0; i < 5'000; ++i) {
    Bytes id;
    AppendBig(&id, i * 0x9e3779b97f4a7c15);  // each once
    Make(id);
    ids.push_back(id);
    if (Below(&random_, 3) != 0) continue;
    const auto order = keeper_.UpTo(newest_);
    EXPECT_LE(order->runs.size(), 13u);  // about the logarithm
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(IdsOf(*keeper_.UpTo(newest_)), ids);
}

}  // namespace
}  // namespace smile
