// A disk that fails under a RocksEngine: what is answered, and what is there afterwards.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "storage/rocks/group_writer.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::HasSubstr;

using RocksFaultTest = RocksTest;

const Key kBefore = UserKey(1, "before");
const Key kDuring = UserKey(1, "during");
const Key kAfter = UserKey(1, "after");

TEST_F(RocksFaultTest, AFailedSyncIsAnUnknownOutcomeAndTheEndOfWritingUntilRestart) {
  Open();
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  faults_->FailSyncsOf(".log");
  EXPECT_EQ(engine().Put(kDuring, "v").status.code(), Code::kOutcomeUnknown);
  faults_->FailSyncsOf("");  // the disk seems well again, but what it forgot nobody knows
  const uint64_t syncs = faults_->syncs_of_logs();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(engine().Put(kAfter, "v").status.code(), Code::kStorageFailed);
  }
  EXPECT_EQ(engine().Delete(kBefore).status.code(), Code::kStorageFailed);
  EXPECT_EQ(faults_->syncs_of_logs(), syncs);
  EXPECT_EQ(engine().Value(kBefore), "v");
  EXPECT_EQ(engine().Value(kAfter), "(not_found)");

  Reopen();
  EXPECT_EQ(engine().Value(kBefore), "v");
  EXPECT_EQ(engine().Value(kAfter), "(not_found)");
  EXPECT_TRUE(engine().Put(kAfter, "v").status.ok());
}

TEST_F(RocksFaultTest, AllWritesOfTheGroupThatMetTheFailureAreOfUnknownOutcome) {
  Open();
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  faults_->FailSyncsOf(".log");
  std::vector<std::thread> threads;
  std::atomic<int> unknown{0}, failed{0}, other{0};
  for (uint64_t t = 0; t < 32; ++t) {
    threads.emplace_back([&, t] {
      BlockingEngine blocking(engine_.get());
      const Code code = blocking.Put(UserKey(t, "x"), "v").status.code();
      ++(code == Code::kOutcomeUnknown ? unknown : code == Code::kStorageFailed ? failed : other);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(unknown, 1);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(engine().Put(kAfter, "v").status.code(), Code::kStorageFailed);
}

// What a condition met may itself have failed a moment later: then it was not met.
TEST_F(RocksFaultTest, AConditionThatMetAWriteWhichFailedIsNotSaidToHaveFailed) {
  Result<std::unique_ptr<RocksDatabase>> database =
      RocksDatabase::Open(options_, &around_.clock, &around_.log, env_.get());
  ASSERT_TRUE(database.ok());
  RecordCache cache(1 << 20);
  GroupWriter writer(database->get(), &cache, &around_.clock);
  std::vector<PendingWrite> group;
  for (const Condition& condition : {Always(), IfAbsent()}) {
    group.push_back({.request = WriteRequest(kDuring.view().partition_view(),
                                             {PutOf(kDuring.sort, "v", condition)}, 0),
                     .done = nullptr,
                     .reply = {}});
  }
  faults_->FailSyncsOf(".log");
  writer.Commit(group);
  EXPECT_EQ(group[0].reply.status.code(), Code::kOutcomeUnknown);
  EXPECT_EQ(group[1].reply.status.code(), Code::kStorageFailed);
}

TEST_F(RocksFaultTest, AFullDiskIsNoSpaceAndWritingGoesOnWhenThereIsRoom) {
  Open();
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  faults_->SetFull(true);
  // The write that meets it may be in the log; those behind it were not begun.
  EXPECT_EQ(engine().Put(kDuring, "v").status.code(), Code::kOutcomeUnknown);
  const WriteReply refused = engine().Put(kAfter, "v");
  EXPECT_EQ(refused.status.code(), Code::kNoSpace);
  EXPECT_GT(refused.status.retry_after_ms(), 0u);
  EXPECT_EQ(engine().Value(kBefore), "v");

  faults_->SetFull(false);
  Status status;
  do {  // RocksDB looks for room every few seconds
    status = engine().Put(kAfter, "v").status;
  } while (status.code() == Code::kNoSpace);
  EXPECT_TRUE(status.ok()) << status.ToString();
  Reopen();
  EXPECT_EQ(engine().Value(kBefore), "v");
  EXPECT_EQ(engine().Value(kAfter), "v");
}

TEST_F(RocksFaultTest, WhenTheDiskIsNearlyFullOnlyDeletesAreTaken) {
  faults_->SetFreeBytes(limits::kMinFreeDiskBytes - 1);
  Open();
  EXPECT_EQ(engine().Put(kBefore, "v").status.code(), Code::kNoSpace);
  EXPECT_TRUE(engine().Delete(kBefore).status.ok());
  EXPECT_EQ(engine()
                .Write(kBefore.view().partition_view(), {DeleteOf("a"), PutOf("b", "v")})
                .status.code(),
            Code::kNoSpace);
  faults_->SetFreeBytes(limits::kMinFreeDiskBytes);
  while (engine().Put(kBefore, "v").status.code() == Code::kNoSpace) std::this_thread::yield();
  EXPECT_EQ(engine().Value(kBefore), "v");
}

TEST_F(RocksFaultTest, ADiskThatDoesNotKeepUpIsOverloadedAndNoWait) {
  options_.write_buffer_bytes = size_t{1} << 20;
  Open();
  ASSERT_TRUE(db()->PauseBackgroundWork().ok());  // no flush: memory fills up
  const std::string value(100'000, 'v');
  WriteReply reply;
  int written = 0;
  for (; reply.status.ok() && written < 1000; ++written) {
    reply = engine().Put(UserKey(static_cast<uint64_t>(written), "a"), value);
  }
  EXPECT_EQ(reply.status.code(), Code::kOverloaded) << reply.status.ToString();
  EXPECT_GT(reply.status.retry_after_ms(), 0u);
  EXPECT_EQ(engine().Value(UserKey(static_cast<uint64_t>(written - 1), "a")), "(not_found)");
  EXPECT_EQ(engine().Value(UserKey(0, "a")), value);
  ASSERT_TRUE(db()->ContinueBackgroundWork().ok());
  do {
    reply = engine().Put(kAfter, "v");
  } while (reply.status.code() == Code::kOverloaded);
  EXPECT_TRUE(reply.status.ok()) << reply.status.ToString();
}

TEST_F(RocksFaultTest, AWatermarkThatCannotBeWrittenStopsNoWrite) {
  Open();
  faults_->FailSyncsOf("WATERMARK.new");
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  Reopen();
  EXPECT_EQ(engine().Value(kBefore), "v");
}

}  // namespace
}  // namespace smile::testing
