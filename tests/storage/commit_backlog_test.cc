#include "storage/commit_backlog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "tests/storage/blocking_engine.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr size_t kLarge = size_t{1} << 20;

class CommitBacklogTest : public ::testing::Test {
 protected:
  void Push(const std::string& name, uint64_t source, size_t value_bytes = 0,
            const std::string& partition = "12345678") {
    const std::string value(value_bytes, 'v');
    WriteRequest request({Table::kUsers, partition}, {PutOf(name, value)}, 0, source);
    backlog_.Push({.request = std::move(request), .done = [](WriteReply) {}, .reply = {}});
  }
  std::vector<std::string> Take(size_t bulk_bytes = limits::kMaxSharedBulkGroupBytes) {
    std::vector<PendingWrite> group;
    backlog_.Take(bulk_bytes, &group);
    std::vector<std::string> names;
    for (const PendingWrite& write : group) {
      names.emplace_back(write.request.mutations()[0].sort);
    }
    return names;
  }

  CommitBacklog backlog_;
};

TEST_F(CommitBacklogTest, LargeWritesHaveAShareOfAGroup) {
  for (uint64_t source = 1; source <= 4; ++source) {
    Push("large" + std::to_string(source), source, kLarge);
  }
  for (const char* name : {"a", "b", "c"}) Push(name, 5);
  EXPECT_THAT(Take(), UnorderedElementsAre("large1", "a", "b", "c"));
  Push("d", 5);
  EXPECT_THAT(Take(), UnorderedElementsAre("large2", "d"));
  EXPECT_THAT(Take(/*bulk_bytes=*/0), IsEmpty());
  EXPECT_TRUE(backlog_.only_bulk());
  EXPECT_THAT(Take(), ElementsAre("large3"));
  EXPECT_THAT(Take(), ElementsAre("large4"));
  EXPECT_TRUE(backlog_.empty());
}

TEST_F(CommitBacklogTest, ManyNotSoLargeWritesShareAGroup) {
  const size_t bytes = limits::kLeastBulkWriteBytes;
  for (int i = 0; i < 20; ++i) Push("x", 1, bytes);
  const size_t taken = Take().size();
  EXPECT_GT(taken, 1u);
  EXPECT_LE(taken, limits::kMaxSharedBulkGroupBytes / bytes);
}

// The writes of a source to a partition wait for each other, and for no others.
TEST_F(CommitBacklogTest, OrderWithinAPartitionIsKept) {
  Push("1", 1, kLarge);
  Push("2", 1, kLarge);
  Push("3", 1);
  Push("4", 1, kLarge);
  Push("other partition", 1, 0, "87654321");
  Push("other source", 2);
  EXPECT_THAT(Take(/*bulk_bytes=*/0), UnorderedElementsAre("other partition", "other source"));
  EXPECT_THAT(Take(), ElementsAre("1"));
  EXPECT_THAT(Take(), ElementsAre("2"));
  EXPECT_THAT(Take(), ElementsAre("3"));
  EXPECT_THAT(Take(), ElementsAre("4"));
}

TEST_F(CommitBacklogTest, LargeWriteDoesNotOvertakeSmallOnes) {
  const size_t more_than_a_group = limits::kMaxCommitGroupRequests + 1;
  for (size_t i = 0; i < more_than_a_group; ++i) Push("small", 1);
  Push("large", 1, kLarge);
  Push("other", 2, kLarge);
  std::vector<std::string> taken = Take();
  EXPECT_THAT(taken, ::testing::Contains("other"));
  EXPECT_THAT(taken, ::testing::Not(::testing::Contains("large")));
  taken = Take();
  ASSERT_FALSE(taken.empty());
  EXPECT_EQ(taken.back(), "large");
}

TEST_F(CommitBacklogTest, SmallWritesDoNotKeepLargeOnesOut) {
  for (size_t i = 0; i < 2 * limits::kMaxCommitGroupRequests; ++i) Push("small", 1);
  Push("large", 2, kLarge);
  EXPECT_THAT(Take(), ::testing::Contains("large"));
}

TEST_F(CommitBacklogTest, SourcesOfLargeWritesTakeTurns) {
  for (int i = 0; i < 3; ++i) Push("a", 1, kLarge);
  for (int i = 0; i < 3; ++i) Push("b", 2, kLarge);
  std::string order;
  while (!backlog_.empty()) order += Take().front();
  EXPECT_EQ(order, "ababab");
}

}  // namespace
}  // namespace smile::testing
