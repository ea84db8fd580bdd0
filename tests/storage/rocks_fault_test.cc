// A disk that fails under a RocksEngine: what is answered, and what is there afterwards.
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "storage/rocks/group_writer.h"
#include "storage/rocks/scan_job.h"
#include "tests/storage/random_bytes.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::HasSubstr;

using RocksFaultTest = RocksTest;

// Groups of writes that a test makes and commits itself.
class GroupFaultTest : public RocksTest {
 protected:
  void OpenDatabase() {
    Result<std::unique_ptr<RocksDatabase>> database =
        RocksDatabase::Open(options_, &around_.clock, &around_.log, env_.get());
    ASSERT_TRUE(database.ok());
    database_ = std::move(database).value();
    writer_.emplace(database_.get(), &cache_, &around_.clock);
  }
  // To the group, in the partition of this key.
  void AddPut(const Key& key, const MutationView& put) {
    group_.push_back({.request = WriteRequest(key.view().partition_view(), {put}, 0),
                      .done = nullptr,
                      .reply = {}});
  }

  std::unique_ptr<RocksDatabase> database_;
  RecordCache cache_{1 << 20};
  std::optional<GroupWriter> writer_;
  std::vector<PendingWrite> group_;
};

const Key kBefore = UserKey(1, "before");
const Key kDuring = UserKey(1, "during");
const Key kAfter = UserKey(1, "after");

const rocksdb::IOStatus kFailed = rocksdb::IOStatus::IOError("fsync failed");

TEST_F(RocksFaultTest, FailedSyncIsOutcomeUnknownAndStopsWriting) {
  Open();
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  faults_->FailSyncs(".log", kFailed);
  EXPECT_EQ(engine().Put(kDuring, "v").status.code(), Code::kOutcomeUnknown);
  faults_->FailSyncs("", {});  // the disk seems well again, but what it forgot nobody knows
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

TEST_F(RocksFaultTest, AllWritesOfAFailedGroupAreOutcomeUnknown) {
  Open();
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  faults_->FailSyncs(".log", kFailed);
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
TEST_F(GroupFaultTest, ConditionAgainstAFailedWriteIsOutcomeUnknown) {
  OpenDatabase();
  for (const Condition& condition : {Always(), IfAbsent()}) {
    AddPut(kDuring, PutOf(kDuring.sort, "v", condition));
  }
  faults_->FailSyncs(".log", kFailed);
  writer_->Commit(group_);
  EXPECT_EQ(group_[0].reply.status.code(), Code::kOutcomeUnknown);
  EXPECT_EQ(group_[1].reply.status.code(), Code::kStorageFailed);
}

// Also while the database waits to be reopened, and if it cannot be reopened yet.
TEST_F(GroupFaultTest, PausedCompactionsStayPausedAfterReopen) {
  OpenDatabase();
  const Damage& damage = database_->damage();
  rocksdb::CompactionJobInfo failed;
  failed.cf_name = "users";
  failed.status = rocksdb::Status::Corruption("a block");
  database_->damage().MakeListener()->OnCompactionCompleted(nullptr, failed);
  while (!damage.paused(Table::kUsers)) std::this_thread::yield();
  UseGate::Use use = database_->Enter();
  database_->Break(rocksdb::Status::NoSpace());
  while (!database_->closing()) std::this_thread::yield();  // it waits for the use
  ASSERT_TRUE(damage.paused(Table::kUsers));
  use = {};
  while (!database_->Writable().ok()) std::this_thread::yield();
  while (!damage.paused(Table::kUsers)) std::this_thread::yield();
  EXPECT_EQ(database_->reopenings(), 1u);
}

TEST_F(RocksFaultTest, FullDiskIsNoSpaceUntilThereIsRoom) {
  Open();
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  faults_->SetFull(true);
  // The write that meets it may be in the log; later ones were not begun.
  EXPECT_EQ(engine().Put(kDuring, "v").status.code(), Code::kOutcomeUnknown);
  const WriteReply refused = engine().Put(kAfter, "v");
  EXPECT_EQ(refused.status.code(), Code::kNoSpace);
  EXPECT_GT(refused.status.retry_after_ms(), 0u);
  EXPECT_EQ(engine().Value(kBefore), "v");

  faults_->SetFull(false);
  const Status status = PutOnceWritable(kAfter, "v").status;
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(engine().Value(kBefore), "v");
  Reopen();
  EXPECT_EQ(engine().Value(kBefore), "v");
  EXPECT_EQ(engine().Value(kAfter), "v");
}

// The first write after a switch of logs is in log and memtable when the manifest is written: its
// sequence numbers must not be given out again.
TEST_F(RocksFaultTest, FullDiskDuringAManifestWriteLosesNothing) {
  options_.write_buffer_bytes = size_t{512} << 10;
  Open();
  faults_->SetFullFor("MANIFEST");
  const auto write_both = [&](const std::string& value) {
    const std::string filled = value + std::string(4000, ' ');
    return engine()
        .Write(kBefore.view().partition_view(),
               {PutOf(kBefore.sort, filled), PutOf(kDuring.sort, filled)})
        .status;
  };
  const auto step_of = [&](const Key& key) { return std::stoi(engine().Value(key)); };
  int step = 0;
  while (write_both(std::to_string(step + 1)).ok()) ASSERT_LT(++step, 1000);
  ASSERT_GT(step, 0);
  EXPECT_EQ(step_of(kBefore), step);
  EXPECT_EQ(step_of(kDuring), step);

  faults_->SetFullFor("");
  const Status status = PutOnceWritable(kAfter, "v").status;
  EXPECT_TRUE(status.ok()) << status.ToString();
  for (int more = 0; more < 5; ++more) {
    // The failed one may be there now: whole.
    EXPECT_GE(step_of(kBefore), step);
    EXPECT_EQ(step_of(kBefore), step_of(kDuring));
    EXPECT_TRUE(engine().Put(UserKey(7, "x"), "v").status.ok());
  }
  const int there = step_of(kBefore);
  Reopen();
  EXPECT_EQ(step_of(kBefore), there);
  EXPECT_EQ(step_of(kDuring), there);
  EXPECT_EQ(engine().Value(kAfter), "v");
}

// What the failed sync should have made safe is in the log as the system shows it, and perhaps not
// on the disk: the manifest must not count on it, wherever the power goes after that.
TEST_F(RocksFaultTest, PowerCutAfterAFullDiskLosesNothing) {
  options_.write_buffer_bytes = size_t{256} << 10;
  int acknowledged = 0, attempted = 0;
  const auto put = [&] {
    const Code code =
        engine().Put(kBefore, std::to_string(++attempted) + std::string(4000, ' ')).status.code();
    if (code == Code::kOk) acknowledged = attempted;
    return code;
  };
  for (uint64_t cut = 1; cut <= 12; ++cut) {
    SCOPED_TRACE("cut at sync " + std::to_string(cut));
    Open();
    const Result<Record> there = engine().Get(kBefore);
    const int step = there.ok() ? std::stoi(there->value) : 0;
    EXPECT_GE(step, acknowledged);
    EXPECT_LE(step, attempted);
    for (int i = 0; i < 10; ++i) ASSERT_EQ(put(), Code::kOk);
    ASSERT_TRUE(engine().Put(PostKey(1, 1), "so that logs are kept").status.ok());
    faults_->FailSyncs(".log", FullDisk(""));
    EXPECT_EQ(put(), Code::kOutcomeUnknown);
    faults_->FailSyncs("", {});
    faults_->PowerCutAtSync(cut);
    for (int i = 0; i < 100 && !faults_->power_is_cut(); ++i) {
      Code code = put();
      while (IsUntilOpened(code) && !faults_->power_is_cut()) {
        std::this_thread::yield();
        code = put();
      }
    }
    EXPECT_TRUE(faults_->power_is_cut());
    Close();
    faults_->ApplyPowerCut(/*seed=*/cut);
  }
}

// A walk that waits for its next slice holds nothing of the RocksDB that is to be closed, and goes
// on with the one that is opened.
TEST_F(GroupFaultTest, WaitingWalkContinuesAfterReopen) {
  OpenDatabase();
  const auto expires = static_cast<uint64_t>(around_.clock.WallMillis()) + 1;
  for (size_t i = 0; i < limits::kMaxReadSliceRecords + 100; ++i) {
    AddPut(kBefore, PutOf(std::to_string(i), "v", Always(), expires));
  }
  writer_->Commit(group_);
  around_.clock.AdvanceMillis(1);
  const WalkBudget budget;
  std::vector<Code> ends;
  ScanJob walk(database_.get(), &cache_, &budget, &around_.clock,
               {.table = kBefore.table,
                .partition = kBefore.partition,
                .limit = limits::kMaxScanEntries,
                .max_value_bytes = size_t{1} << 20},
               [&ends](const Result<ScanPage>& page) { ends.push_back(page.status().code()); });
  ASSERT_EQ(walk.Run(), ReaderPool::Job::Progress::kMore);

  database_->Break(rocksdb::Status::NoSpace());
  while (!database_->Writable().ok()) std::this_thread::yield();
  EXPECT_EQ(walk.Run(), ReaderPool::Job::Progress::kDone);
  EXPECT_THAT(ends, ::testing::ElementsAre(Code::kOk));
  for (PendingWrite& write : group_) write.reply = {};
  writer_->Commit(group_);
  EXPECT_TRUE(group_[0].reply.status.ok());
}

// What the cache takes in between the failure and the replay would hide what the replay brings.
TEST_F(RocksFaultTest, ReplayedWritesAreVisibleThroughTheCache) {
  Open();
  ASSERT_TRUE(engine().Put(kBefore, "old").status.ok());
  faults_->FailSyncs(".log", FullDisk(""));
  EXPECT_EQ(engine().Put(kBefore, "new").status.code(), Code::kOutcomeUnknown);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(engine().Value(kBefore), "old");
  faults_->FailSyncs("", {});
  EXPECT_TRUE(PutOnceWritable(kAfter, "v").status.ok());
  // It was whole in the log.
  EXPECT_EQ(engine().Value(kBefore), "new");
  EXPECT_EQ(Peek(kBefore), PeekResult::kFound);
  EXPECT_EQ(engine().Put(kBefore, "newer", IfVersion(engine().Get(kBefore)->version)).status.code(),
            Code::kOk);
}

TEST_F(RocksFaultTest, NearlyFullDiskAcceptsOnlyDeletes) {
  faults_->SetFreeBytes(limits::kMinFreeDiskBytes - 1);
  Open();
  EXPECT_EQ(engine().Put(kBefore, "v").status.code(), Code::kNoSpace);
  EXPECT_TRUE(engine().Delete(kBefore).status.ok());
  EXPECT_EQ(engine()
                .Write(kBefore.view().partition_view(), {DeleteOf("a"), PutOf("b", "v")})
                .status.code(),
            Code::kNoSpace);
  faults_->SetFreeBytes(~uint64_t{0});
  EXPECT_TRUE(PutOnceWritable(kBefore, "v").status.ok());
  EXPECT_EQ(engine().Value(kBefore), "v");
}

// A writer that is faster than the looks at the disk.
TEST_F(RocksFaultTest, WritesBetweenTwoChecksDoNotFillTheDisk) {
  options_.write_buffer_bytes = size_t{8} << 20;
  faults_->SetDiskBytes(uint64_t{160} << 20);
  Open();
  Random random;
  std::string value(limits::kMaxValueBytes, '\0');  // that cannot be compressed
  for (char& byte : value) byte = static_cast<char>(random());
  Status status;
  for (uint64_t i = 0; status.ok() || status.code() == Code::kOverloaded; ++i) {
    ASSERT_LT(i, 1000u);
    status = engine().Put(UserKey(i, "a"), value).status;
  }
  EXPECT_EQ(status.code(), Code::kNoSpace) << status.ToString();
  EXPECT_FALSE(faults_->was_full());
  for (uint64_t i = 0; i < 100; ++i) {
    do {
      status = engine().Delete(UserKey(i, "a")).status;
    } while (status.code() == Code::kOverloaded);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
}

// The log goes on in the room that a compaction would have taken.
TEST_F(RocksFaultTest, CompactionWithoutRoomDoesNotStopWrites) {
  Open();
  for (int round = 0; round < 2; ++round) {
    for (uint64_t i = 0; i < 100; ++i) {
      ASSERT_TRUE(engine().Put(UserKey(i, "a"), std::string(1000, 'v')).status.ok());
    }
    Flush(Table::kUsers);
  }
  faults_->SetFreeBytes(limits::kCompactionFreeDiskBytes - 1);
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  EXPECT_TRUE(db()->CompactRange(options, family(Table::kUsers), nullptr, nullptr).IsNoSpace());
  EXPECT_TRUE(engine().Delete(kBefore).status.ok());
  Flush(Table::kUsers);  // which is no compaction
  faults_->SetFreeBytes(~uint64_t{0});
  Compact(Table::kUsers);
  EXPECT_TRUE(PutOnceWritable(kAfter, "v").status.ok());
}

TEST_F(RocksFaultTest, MemtablesAreFlushedEarlyWhenSpaceIsShort) {
  options_.write_buffer_bytes = size_t{64} << 20;
  Open();
  const std::string value(limits::kMaxValueBytes, 'v');
  const auto tables = [this] { return engine().Stat("storage.users.disk_bytes"); };
  faults_->SetFreeBytes(limits::kMinFreeDiskBytes + 5 * limits::kLeastEarlyFlushBytes / 2);
  ASSERT_EQ(tables(), 0u);
  // Far from what fills a memtable.
  for (uint64_t i = 0; i <= limits::kLeastEarlyFlushBytes / limits::kMaxValueBytes; ++i) {
    ASSERT_TRUE(engine().Put(UserKey(i, "a"), value).status.ok());
  }
  while (tables() == 0) std::this_thread::yield();
}

TEST_F(RocksFaultTest, DeletesWithoutRoomUseTheReserve) {
  Open();
  const std::string reserve = options_.directory + "/RESERVE";
  ASSERT_TRUE(std::filesystem::exists(reserve));
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  faults_->SetFreeBytes(0);
  while (engine().Put(kAfter, "v").status.ok()) std::this_thread::yield();
  EXPECT_TRUE(std::filesystem::exists(reserve));
  EXPECT_TRUE(engine().Delete(kBefore).status.ok());
  EXPECT_FALSE(std::filesystem::exists(reserve));
  faults_->SetFreeBytes(~uint64_t{0});
  while (!std::filesystem::exists(reserve)) std::this_thread::yield();
  EXPECT_TRUE(PutOnceWritable(kAfter, "v").status.ok());
}

TEST_F(RocksFaultTest, StartOnAFullDiskReportsTheNeededSpace) {
  Open();
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  const uint64_t syncs = faults_->syncs_of_logs();
  ASSERT_GT(syncs, 0u);
  faults_->SetFull(true);  // so that the log is left to the next start
  Close();
  EXPECT_THAT(OpenWords(), HasSubstr("bytes are free, about"));
  faults_->SetFull(false);
  Open();
  EXPECT_EQ(engine().Value(kBefore), "v");
}

TEST_F(RocksFaultTest, SlowDiskIsOverloadedWithoutWaiting) {
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

TEST_F(RocksFaultTest, FailedWatermarkDoesNotStopWrites) {
  Open();
  faults_->FailSyncs("WATERMARK.new", kFailed);
  ASSERT_TRUE(engine().Put(kBefore, "v").status.ok());
  Reopen();
  EXPECT_EQ(engine().Value(kBefore), "v");
}

}  // namespace
}  // namespace smile::testing
