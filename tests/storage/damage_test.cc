// Bytes of a table file that were overwritten: what is damaged is corrupt, and nothing else is.
#include <gmock/gmock.h>

#include <thread>

#include "storage/rocks/damage.h"
#include "tests/storage/damage_fixture.h"

namespace smile::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// One file of the users at the last level, damaged in a block in its middle while nothing of it is
// in memory.
class DamagedBlockTest : public DamageTest {
 protected:
  void SetUp() override {
    options_.record_cache_bytes = 0;
    Open();
    PutUsers(0, kUsers);
    Flush(Table::kUsers);
    Compact(Table::kUsers);
    const auto files = FilesOf(Table::kUsers);
    ASSERT_EQ(files.size(), 1u);
    Close();
    Overwrite(PathOf(files[0]), files[0].size / 2);
    Open();
  }

  struct Found {
    uint64_t ok = 0, corrupt = 0, other = 0;
  };
  Found ReadAll() {
    Found found;
    for (uint64_t user = 0; user < kUsers; ++user) {
      const Result<Record> record = engine().Get(UserKey(user, "profile"));
      if (record.ok()) {
        EXPECT_EQ(record->value, ValueOf(user));
        ++found.ok;
      } else if (record.status().code() == Code::kCorrupt) {
        EXPECT_THAT(record.status().message(), Not(HasSubstr(options_.directory)));
        EXPECT_THAT(record.status().message(), Not(HasSubstr(".sst")));
        ++found.corrupt;
      } else {
        ++found.other;
      }
    }
    return found;
  }
  void ExpectDamageIsOneBlocks() {
    const Found found = ReadAll();
    EXPECT_GE(found.corrupt, 1u);
    EXPECT_LT(found.corrupt, 200u);
    EXPECT_EQ(found.other, 0u);
    EXPECT_EQ(engine_->Trouble(), "damaged");
  }
  // Until a compaction of the users has met the damage.
  void MeetDamage() {
    for (int file = 0; engine().Stat("storage.damage.paused_tables_count") == 0; ++file) {
      ASSERT_TRUE(engine().Put(UserKey(0, "other"), std::to_string(file)).status.ok());
      ASSERT_TRUE(engine().Put(UserKey(kUsers, "other"), std::to_string(file)).status.ok());
      if (file < 4) {
        Flush(Table::kUsers);  // four files at level 0 are compacted with those below
      } else {
        std::this_thread::yield();
      }
    }
  }
};

TEST_F(DamagedBlockTest, OnlyRecordsOfTheDamagedBlockAreCorrupt) {
  EXPECT_EQ(engine_->Trouble(), "");
  ExpectDamageIsOneBlocks();
  EXPECT_GE(engine().Stat("storage.damage.corrupt_reads_count"), 1u);
}

TEST_F(DamagedBlockTest, FailedCompactionDoesNotStopWrites) {
  MeetDamage();
  EXPECT_EQ(engine_->Trouble(), "damaged");
  EXPECT_GE(engine().Stat("storage.damage.failed_compactions_count"), 1u);
  EXPECT_EQ(engine().Stat("storage.damage.paused_tables_count"), 1u);
  for (uint64_t user = 0; user < 100; ++user) {
    ASSERT_TRUE(engine().Put(UserKey(user, "new"), "v").status.ok());
  }
  ASSERT_TRUE(engine().Put(PostKey(1, 1), "another table").status.ok());
  ExpectDamageIsOneBlocks();
  // Other tables are compacted as ever.
  Flush(Table::kPosts);
  Compact(Table::kPosts);

  Reopen();
  ExpectDamageIsOneBlocks();
  EXPECT_EQ(engine().Value(UserKey(99, "new")), "v");
  MeetDamage();
  ASSERT_TRUE(engine().Put(UserKey(1, "after"), "v").status.ok());
}

TEST_F(DamagedBlockTest, FilesDuringPausedCompactionsDoNotSlowWrites) {
  MeetDamage();
  for (int file = 0; file < 45; ++file) {  // RocksDB would stop at 40
    ASSERT_TRUE(engine().Put(UserKey(1, "heap"), std::to_string(file)).status.ok());
    Flush(Table::kUsers);
  }
  EXPECT_EQ(engine().Value(UserKey(1, "heap")), "44");
  EXPECT_LT(engine().Stat("storage.write_pressure_percent"), 50u);
}

TEST_F(DamagedBlockTest, RewrittenRecordsAreReadable) {
  for (uint64_t user = 0; user < kUsers; ++user) {
    ASSERT_TRUE(engine().Put(UserKey(user, "profile"), ValueOf(user)).status.ok());
  }
  const Found found = ReadAll();
  EXPECT_EQ(found.ok, kUsers);
}

// The first block of a file that is not the first of its level, where some versions of RocksDB lose
// the rest of the level silently.
TEST_F(DamageTest, CompactionLosesNothingAfterAnUnreadableBlock) {
  options_.record_cache_bytes = 0;
  Open();
  ASSERT_TRUE(db()->SetOptions(family(Table::kUsers), {{"target_file_size_base", "65536"}}).ok());
  PutUsers(0, kUsers);
  Flush(Table::kUsers);
  Compact(Table::kUsers);
  auto files = FilesOf(Table::kUsers);
  ASSERT_GT(files.size(), 2u);
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.smallestkey < b.smallestkey; });
  Close();
  Overwrite(PathOf(files[1]), 8);
  Open();
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  EXPECT_TRUE(db()->CompactRange(options, family(Table::kUsers), nullptr, nullptr).IsCorruption());
  uint64_t ok = 0;
  for (uint64_t user = 0; user < kUsers; ++user) {
    const Result<Record> record = engine().Get(UserKey(user, "profile"));
    ok += record.ok() ? 1 : 0;
    EXPECT_TRUE(record.ok() || record.status().code() == Code::kCorrupt);
  }
  EXPECT_GT(ok, kUsers - 200);
  EXPECT_LT(ok, kUsers);
  EXPECT_TRUE(engine().Put(UserKey(1, "profile"), "v").status.ok());
}

// Level 0 of the users, until its compaction has begun.
class FailingCompactionTest : public DamageTest {
 protected:
  void FillLevel0() {
    for (int file = 0; file < 4; ++file) {
      ASSERT_TRUE(engine().Put(UserKey(0, "other"), std::to_string(file)).status.ok());
      ASSERT_TRUE(engine().Put(UserKey(kUsers, "other"), std::to_string(file)).status.ok());
      Flush(Table::kUsers);
    }
  }
  void WaitUntil(const std::function<bool()>& is_so) {
    while (!is_so()) std::this_thread::yield();
  }
  bool IsPaused() { return engine().Stat("storage.damage.paused_tables_count") == 1; }
  uint64_t Failures() { return engine().Stat("storage.damage.failed_compactions_count"); }
  void PassSeconds(int64_t seconds) { around_.clock.AdvanceMillis(seconds * 1000); }
};

// An error that may pass is tried again, less and less often, and stops no write.
TEST_F(FailingCompactionTest, DiskErrorsPauseCompactions) {
  Open();
  PutUsers(0, 100);
  Flush(Table::kUsers);
  Compact(Table::kUsers);
  const auto files = FilesOf(Table::kUsers);
  ASSERT_EQ(files.size(), 1u);
  faults_->FailReads(files[0].relative_filename, rocksdb::IOStatus::IOError("the disk", "EIO"));
  FillLevel0();
  ASSERT_FALSE(HasFatalFailure());
  WaitUntil([&] { return IsPaused(); });
  EXPECT_GE(Failures(), 1u);
  EXPECT_EQ(engine_->Trouble(), "damaged");
  ASSERT_TRUE(engine().Put(UserKey(1, "new"), "v").status.ok());

  const uint64_t first = Failures();
  PassSeconds(limits::kMinCompactionPauseSeconds);
  WaitUntil([&] { return Failures() > first; });
  WaitUntil([&] { return IsPaused(); });
  // Twice as long now: the clock stands, so it stays paused until the second half has passed.
  const uint64_t second = Failures();
  PassSeconds(limits::kMinCompactionPauseSeconds);
  ASSERT_TRUE(engine().Put(UserKey(2, "new"), "v").status.ok());
  EXPECT_TRUE(IsPaused());
  EXPECT_EQ(Failures(), second);
  faults_->FailReads("", {});
  PassSeconds(limits::kMinCompactionPauseSeconds);
  WaitUntil([&] { return !IsPaused(); });
  WaitUntil([&] {
    const auto now = FilesOf(Table::kUsers);
    return std::none_of(now.begin(), now.end(), [](const auto& file) { return file.level == 0; });
  });
  EXPECT_EQ(Failures(), second);
  for (uint64_t user = 0; user < 100; ++user) {
    EXPECT_EQ(engine().Value(UserKey(user, "profile")), ValueOf(user));
  }
}

// RocksDB would wait until level 0 has fewer files, which takes a compaction that succeeds.
TEST_F(DamageTest, CloseDoesNotWaitForACompactionThatFails) {
  constexpr uint64_t kFilesThatStall = 24;
  Open();
  ASSERT_TRUE(db()->SetOptions(family(Table::kUsers), {{"disable_auto_compactions", "true"}}).ok());
  for (uint64_t i = 0; i < kFilesThatStall; ++i) {
    PutUsers(0, 100);
    Flush(Table::kUsers);
  }
  const auto files = FilesOf(Table::kUsers);
  ASSERT_EQ(files.size(), kFilesThatStall);
  Close();
  Overwrite(PathOf(files[0]), 2'000);
  Open();
  ASSERT_TRUE(engine().Put(UserKey(7, "new"), "v").status.ok());
  Close();
  Open();
  EXPECT_EQ(engine().Value(UserKey(7, "new")), "v");
}

}  // namespace
}  // namespace smile::testing
