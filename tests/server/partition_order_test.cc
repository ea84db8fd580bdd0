#include "server/partition_order.h"

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace smile {
namespace {

using Access = PartitionOrder::Access;
using Entry = PartitionOrder::Entry;

TEST(PartitionOrder, WritesRunConcurrently) {
  PartitionOrder order;
  Entry writes[2];
  EXPECT_TRUE(order.Enter(&writes[0], Access::kWrite, {1}));
  EXPECT_TRUE(order.Enter(&writes[1], Access::kWrite, {1}));
}

TEST(PartitionOrder, ReadWaitsForTheReadBeforeIt) {
  PartitionOrder order;
  Entry reads[2];
  EXPECT_TRUE(order.Enter(&reads[0], Access::kRead, {1}));
  EXPECT_FALSE(order.Enter(&reads[1], Access::kRead, {1}));
  EXPECT_EQ(order.Finish(&reads[0]).run, std::vector<Entry*>{&reads[1]});
}

TEST(PartitionOrder, ReadWaitsForWritesOfItsPartitionOnly) {
  PartitionOrder order;
  Entry write;
  Entry read;
  Entry elsewhere;
  EXPECT_TRUE(order.Enter(&write, Access::kWrite, {1}));
  EXPECT_FALSE(order.Enter(&read, Access::kRead, {1}));
  EXPECT_TRUE(order.Enter(&elsewhere, Access::kRead, {2}));
  const PartitionOrder::Freed freed = order.Finish(&write);
  EXPECT_EQ(freed.leave, std::vector<Entry*>{&write});
  EXPECT_EQ(freed.run, std::vector<Entry*>{&read});
}

TEST(PartitionOrder, WriteWaitsForTheReadBeforeIt) {
  PartitionOrder order;
  Entry read;
  Entry write;
  order.Enter(&read, Access::kRead, {1});
  EXPECT_FALSE(order.Enter(&write, Access::kWrite, {1}));
  EXPECT_EQ(order.Finish(&read).run, std::vector<Entry*>{&write});
}

TEST(PartitionOrder, ReadDoesNotOvertakeAWaitingWrite) {
  PartitionOrder order;
  Entry first;
  Entry write;
  Entry last;
  order.Enter(&first, Access::kRead, {1});
  order.Enter(&write, Access::kWrite, {1});
  EXPECT_FALSE(order.Enter(&last, Access::kRead, {1}));
}

TEST(PartitionOrder, RepliesLeaveInOrder) {
  PartitionOrder order;
  Entry first;
  Entry second;
  order.Enter(&first, Access::kWrite, {1});
  order.Enter(&second, Access::kWrite, {1});
  EXPECT_TRUE(order.Finish(&second).leave.empty());
  EXPECT_EQ(order.Finish(&first).leave, (std::vector<Entry*>{&first, &second}));
  EXPECT_TRUE(order.empty());
}

TEST(PartitionOrder, OperationOnSeveralPartitionsWaitsInEach) {
  PartitionOrder order;
  Entry write_one;
  Entry write_two;
  Entry many;
  Entry behind;
  order.Enter(&write_one, Access::kWrite, {1});
  order.Enter(&write_two, Access::kWrite, {2});
  EXPECT_FALSE(order.Enter(&many, Access::kRead, {1, 2, 3}));
  EXPECT_FALSE(order.Enter(&behind, Access::kWrite, {3}));
  EXPECT_TRUE(order.Finish(&write_two).run.empty());
  EXPECT_EQ(order.Finish(&write_one).run, std::vector<Entry*>{&many});
  const PartitionOrder::Freed freed = order.Finish(&many);
  EXPECT_EQ(freed.leave, std::vector<Entry*>{&many});
  EXPECT_EQ(freed.run, std::vector<Entry*>{&behind});
}

TEST(PartitionOrder, OperationWithoutPartitionNeverWaits) {
  PartitionOrder order;
  Entry write;
  Entry free;
  order.Enter(&write, Access::kWrite, {1});
  EXPECT_TRUE(order.Enter(&free, Access::kRead, {}));
  EXPECT_EQ(order.Finish(&free).leave, std::vector<Entry*>{&free});
}

// A random run, checked against the rules as they are written in the header.
class RandomRun {
 public:
  explicit RandomRun(uint32_t seed) : random_(seed) {}

  void Go() {
    for (int step = 0; step < 3000; ++step) {
      if (running_.empty() || (entries_.size() < 300 && Below(2) == 0)) {
        Enter();
      } else {
        FinishOne();
      }
    }
    while (!running_.empty()) FinishOne();
    EXPECT_TRUE(entries_.empty()) << "something was never let go";
    EXPECT_TRUE(order_.empty());
  }

 private:
  struct Operation : Entry {
    size_t number = 0;
  };

  size_t Below(size_t bound) { return random_() % bound; }

  void Enter() {
    auto operation = std::make_unique<Operation>();
    operation->number = next_number_++;
    std::set<uint64_t> partitions;
    for (size_t i = Below(3); i < 3; ++i) partitions.insert(Below(5));
    const auto access = Below(2) == 0 ? Access::kRead : Access::kWrite;
    Operation* const raw = operation.get();
    entries_.push_back(std::move(operation));
    if (order_.Enter(raw, access, {partitions.begin(), partitions.end()})) Run(raw);
  }

  static bool Meet(const Entry& a, const Entry& b) {
    return std::any_of(a.partitions.begin(), a.partitions.end(), [&](uint64_t partition) {
      return std::count(b.partitions.begin(), b.partitions.end(), partition) > 0;
    });
  }

  void Run(Operation* operation) {
    for (const auto& other : entries_) {
      if (other->number >= operation->number || !Meet(*other, *operation)) continue;
      const bool both_write =
          other->access == Access::kWrite && operation->access == Access::kWrite;
      EXPECT_TRUE(other->finished || both_write)
          << operation->number << " runs before " << other->number << " has finished";
    }
    running_.push_back(operation);
  }

  void FinishOne() {
    const size_t index = Below(running_.size());
    Operation* const operation = running_[index];
    running_.erase(running_.begin() + static_cast<ptrdiff_t>(index));
    const PartitionOrder::Freed freed = order_.Finish(operation);
    for (Entry* entry : freed.leave) Leave(static_cast<Operation*>(entry));
    for (Entry* entry : freed.run) Run(static_cast<Operation*>(entry));
  }

  void Leave(Operation* operation) {
    EXPECT_TRUE(operation->finished);
    for (const auto& other : entries_) {
      EXPECT_FALSE(other->number < operation->number && Meet(*other, *operation))
          << operation->number << " leaves before " << other->number;
    }
    std::erase_if(entries_, [&](const auto& entry) { return entry.get() == operation; });
  }

  std::mt19937 random_;
  PartitionOrder order_;
  size_t next_number_ = 0;
  std::vector<std::unique_ptr<Operation>> entries_;  // that have not left
  std::vector<Operation*> running_;
};

TEST(PartitionOrder, InvariantsHoldInRandomRuns) {
  const uint32_t seed = std::random_device()();
  for (uint32_t i = 0; i < 20; ++i) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed + i);
    RandomRun(seed + i).Go();
  }
}

}  // namespace
}  // namespace smile
