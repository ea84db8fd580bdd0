// What is particular to RocksEngine: what Peek may say, damage on disk, versions past restarts,
// expiry by compaction, statistics.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "tests/storage/rocks_fixture.h"
#include "tests/support/niceness.h"

namespace smile::testing {
namespace {

using ::testing::HasSubstr;

using RocksEngineTest = RocksTest;

rocksdb::Slice SliceOf(const Bytes& bytes) {
  return rocksdb::Slice(bytes);
}

Bytes Encoded(const Key& key) {
  return Bytes(EncodedKey(key.view()).view());
}

TEST_F(RocksEngineTest, PeekReportsAbsentOnlyIfCertain) {
  options_.record_cache_bytes = 0;  // what RocksDB says
  options_.block_cache_bytes = size_t{1} << 20;
  Open();
  const Key small = UserKey(1, "profile");
  const Key blob = BlobKey(std::string(16, 'b'), BlobPart::kChunk, 1);
  ASSERT_TRUE(engine().Put(small, "v").status.ok());
  ASSERT_TRUE(engine().Put(blob, std::string(50'000, 'x')).status.ok());
  EXPECT_EQ(Peek(small), PeekResult::kFound);
  EXPECT_EQ(Peek(blob), PeekResult::kFound);
  for (const Key& key : {small, blob}) {
    Flush(key.table);
    Compact(key.table);
  }
  Reopen();  // nothing of the records is in memory now
  for (const Key& key : {small, blob}) {
    EXPECT_EQ(Peek(key), PeekResult::kUnknown) << InfoOf(key.table).name;
    ASSERT_TRUE(engine().Get(key).ok());
    // Values in blob files are not cached.
    EXPECT_EQ(Peek(key), key == blob ? PeekResult::kUnknown : PeekResult::kFound)
        << InfoOf(key.table).name;
    ASSERT_TRUE(engine().Delete(key).status.ok());
    EXPECT_EQ(Peek(key), PeekResult::kAbsent) << InfoOf(key.table).name;
  }
}

// Thousands of records in files, a cache that holds few of them: whatever Peek says is true.
TEST_F(RocksEngineTest, PeekIsCorrectUnderCacheChurn) {
  options_.record_cache_bytes = 0;
  options_.block_cache_bytes = size_t{256} << 10;
  Open();
  constexpr uint64_t kRecords = 3000;
  const std::string filler(200, 'f');
  for (uint64_t i = 0; i < kRecords; i += 2) {
    engine_->Write(WriteRequest({Table::kUsers, PartitionOf(i)},
                                {PutOf("profile", filler + std::to_string(i))}, 0),
                   [](WriteReply reply) { EXPECT_TRUE(reply.status.ok()); });
  }
  ASSERT_TRUE(engine().Put(UserKey(kRecords, "last"), "v").status.ok());
  Reopen();
  int found = 0, absent = 0, unknown = 0;
  for (uint64_t i = 0; i < 2 * kRecords; ++i) {
    const uint64_t user = i * 7919 % kRecords;
    const Key key = UserKey(user, "profile");
    std::string value;
    switch (engine_->Peek(key.view(), [&](const RecordView& record) { value = record.value; })) {
      case PeekResult::kFound:
        ++found;
        EXPECT_EQ(value, filler + std::to_string(user));
        break;
      case PeekResult::kAbsent:
        ++absent;
        EXPECT_EQ(user % 2, 1u);
        break;
      case PeekResult::kUnknown:
        ++unknown;
        EXPECT_EQ(engine().Get(key).ok(), user % 2 == 0);
    }
  }
  EXPECT_GT(found, 0);
  EXPECT_GT(absent, 0);
  EXPECT_GT(unknown, 0);
}

TEST_F(RocksEngineTest, ChecksumMismatchIsCorruptAndNeverReturned) {
  Open();
  const Key key = UserKey(1, "b");
  ASSERT_TRUE(engine().Put(UserKey(1, "a"), "fine").status.ok());
  const Bytes stored = Bytes(RecordHeader(7, Hash64("true"), 0).view()) + "lies";
  ASSERT_TRUE(db()->Put({}, family(Table::kUsers), SliceOf(Encoded(key)), SliceOf(stored)).ok());
  EXPECT_EQ(Peek(key), PeekResult::kUnknown);
  EXPECT_EQ(engine().Get(key).status().code(), Code::kCorrupt);
  const Result<ScanPage> page = engine().Scan(
      {.table = Table::kUsers, .partition = PartitionOf(1), .limit = 10, .max_value_bytes = 1000});
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].outcome, ScanPage::Outcome::kFound);
  EXPECT_EQ((*page)[1].outcome, ScanPage::Outcome::kCorrupt);
  EXPECT_EQ((*page)[1].record.value, "");
  const Result<ReadReply> both = engine().Read({.keys = {key, UserKey(1, "a")}});
  EXPECT_EQ((*both)[1]->value, "fine");
  ASSERT_TRUE(engine().Put(key, "repaired").status.ok());
  EXPECT_EQ(engine().Value(key), "repaired");
}

TEST_F(RocksEngineTest, RecordOfANewerFormatIsReported) {
  Open();
  const Key key = UserKey(1, "a");
  ASSERT_TRUE(
      db()->Put({}, family(Table::kUsers), SliceOf(Encoded(key)), SliceOf("\x02 future")).ok());
  EXPECT_EQ(Peek(key), PeekResult::kUnknown);
  EXPECT_EQ(engine().Get(key).status().code(), Code::kStorageFailed);
  const WriteReply conditional = engine().Put(key, "v", IfAbsent());
  EXPECT_EQ(conditional.status.code(), Code::kStorageFailed);
  EXPECT_THAT(conditional.status.message(), HasSubstr("use a newer smiled"));
  EXPECT_TRUE(engine().Put(UserKey(1, "b"), "v", IfAbsent()).status.ok());
  // What is put over it is known again, within one batch too.
  const WriteReply repaired =
      engine().Write(key.view().partition_view(), {DeleteOf("a"), PutOf("a", "v", IfAbsent())});
  EXPECT_TRUE(repaired.status.ok()) << repaired.status.ToString();
}

TEST_F(RocksEngineTest, DamagedFileGivesCorrupt) {
  Open();
  const Key key = UserKey(1, "a");
  ASSERT_TRUE(engine().Put(key, std::string(2000, 'v')).status.ok());
  Close();
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory + "/rocksdb")) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20);
    file.put('\x5a');
  }
  Open();
  EXPECT_EQ(Peek(key), PeekResult::kUnknown);
  EXPECT_EQ(engine().Get(key).status().code(), Code::kCorrupt);
  EXPECT_EQ(Peek(key), PeekResult::kUnknown);
}

TEST_F(RocksEngineTest, VersionsGrowAcrossDeletesCompactionsAndRestarts) {
  Open();
  const Key key = UserKey(1, "a");
  uint64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    const WriteReply put = engine().Put(key, "v", IfAbsent());
    ASSERT_TRUE(put.status.ok());
    EXPECT_GT(put.versions[0], last);
    last = put.versions[0];
    ASSERT_TRUE(engine().Delete(key).status.ok());
    Compact(Table::kUsers);
    if (i % 2 == 0) Reopen();
  }
}

TEST_F(RocksEngineTest, CompactionDropsLongExpiredRecords) {
  Open();
  const Key kept = UserKey(1, "kept"), expiring = UserKey(1, "story");
  const Key blob = BlobKey(std::string(16, 'b'), BlobPart::kChunk, 1);
  const uint64_t expires = static_cast<uint64_t>(around_.clock.WallMillis()) + 1000;
  ASSERT_TRUE(engine().Put(kept, "v").status.ok());
  ASSERT_TRUE(engine().Put(expiring, "v", Always(), expires).status.ok());
  ASSERT_TRUE(engine().Put(blob, std::string(50'000, 'x'), Always(), expires).status.ok());
  const auto is_stored = [&](const Key& key) {
    std::string value;
    return db()->Get({}, family(key.table), SliceOf(Encoded(key)), &value).ok();
  };
  around_.clock.AdvanceMillis(1000);
  EXPECT_EQ(Peek(expiring), PeekResult::kAbsent);
  for (const int64_t advance : {limits::kExpiredRecordKeptMillis - 1, int64_t{1}}) {
    around_.clock.AdvanceMillis(advance);
    Compact(Table::kUsers);
    Compact(Table::kBlobs);
    EXPECT_TRUE(is_stored(kept));
    EXPECT_EQ(is_stored(expiring), advance > 1);
    EXPECT_EQ(is_stored(blob), advance > 1);
  }
}

TEST_F(RocksEngineTest, CompactionsRunAtLowPriority) {
  Open();
  for (int file = 0; file < 2; ++file) {
    ASSERT_TRUE(engine().Put(UserKey(1, "a"), std::to_string(file)).status.ok());
    Flush(Table::kUsers);
  }
  Compact(Table::kUsers);
  // Another thread has none until it has run one.
  EXPECT_THAT(NicenessOf("rocksdb:low"), ::testing::Contains(19));
  const int own = getpriority(PRIO_PROCESS, 0);
  EXPECT_THAT(NicenessOf("rocksdb:high"), ::testing::ElementsAre(own));
}

// RocksDB then says that the record is there, with an empty value.
TEST_F(RocksEngineTest, ConditionsAreCheckedWhereATableIsNotOpen) {
  Open();
  for (const size_t bytes : {size_t{10}, limits::kMaxCachedValueBytes + 1}) {
    const Key key = UserKey(bytes, "a");
    ASSERT_TRUE(engine().Put(key, std::string(bytes, 'x')).status.ok());
    // No table stays open from now on.
    ASSERT_TRUE(db()->SetDBOptions({{"max_open_files", "10"}}).ok());
    Flush(Table::kUsers);
    EXPECT_EQ(engine().Put(key, "w", IfAbsent()).status.code(), Code::kConditionFailed) << bytes;
    EXPECT_EQ(engine().Get(key)->value.size(), bytes);
  }
  EXPECT_EQ(engine().Stat("storage.damage.corrupt_reads_count"), 0u);
}

TEST_F(RocksEngineTest, WaitingWritesShareOneSync) {
  Open();
  constexpr int kThreads = 64, kWrites = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      BlockingEngine blocking(engine_.get());
      for (int i = 0; i < kWrites; ++i) {
        const WriteReply reply = blocking.Put(UserKey(static_cast<uint64_t>(t), "a"), "v");
        EXPECT_TRUE(reply.status.ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const uint64_t writes = engine().Stat("storage.commit.writes_count");
  EXPECT_EQ(writes, uint64_t{kThreads} * kWrites);
  EXPECT_EQ(engine().Stat("storage.wal.syncs_count"), engine().Stat("storage.commit.groups_count"));
  EXPECT_EQ(faults_->syncs_of_logs(), engine().Stat("storage.wal.syncs_count"));
}

TEST_F(RocksEngineTest, EmptyGroupDoesNotSync) {
  Open();
  const Key key = UserKey(1, "a");
  ASSERT_TRUE(engine().Put(key, "v").status.ok());
  const uint64_t syncs = faults_->syncs_of_logs();
  EXPECT_EQ(engine().Put(key, "w", IfAbsent()).status.code(), Code::kConditionFailed);
  EXPECT_EQ(faults_->syncs_of_logs(), syncs);
}

TEST_F(RocksEngineTest, StatisticsCoverTheTables) {
  Open();
  for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(engine().Put(PostKey(1, i), "v").status.ok());
  Flush(Table::kPosts);
  EXPECT_EQ(engine().Stat("storage.posts.records_estimate"), 5u);
  EXPECT_GT(engine().Stat("storage.posts.disk_bytes"), 0u);
  EXPECT_EQ(engine().Stat("storage.media.disk_bytes"), 0u);
  EXPECT_GT(engine().Stat("storage.wal.written_bytes"), 0u);
  EXPECT_GT(engine().Stat("storage.free_disk_bytes"), 0u);
}

}  // namespace
}  // namespace smile::testing
