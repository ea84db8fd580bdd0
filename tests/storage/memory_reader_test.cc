// Many keys looked at together: some records in the record cache, some in RocksDB's memory, some on
// disk only.
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/check.h"
#include "base/limits.h"
#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "tests/storage/counting_file_system.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;

class MemoryReaderTest : public RocksTest {
 protected:
  std::vector<std::string> PeekMany(const std::vector<Key>& keys) {
    std::vector<std::string> seen;
    const auto show = [&](size_t, PeekResult result, const RecordView& record) {
      seen.emplace_back(result == PeekResult::kFound    ? record.value
                        : result == PeekResult::kAbsent ? "(absent)"
                                                        : "(unknown)");
      return true;
    };
    engine_->PeekMany(ViewsOf(keys), show);
    return seen;
  }
};

TEST_F(MemoryReaderTest, KeysAreShownInOrder) {
  Open();
  const Key blob = BlobKey(std::string(16, 'b'), BlobPart::kChunk, 1);
  for (uint64_t user = 1; user <= 4; ++user) {
    ASSERT_TRUE(engine().Put(UserKey(user, "a"), std::to_string(user)).status.ok());
  }
  ASSERT_TRUE(engine().Put(blob, std::string(50'000, 'x')).status.ok());
  for (const Table table : {Table::kUsers, Table::kBlobs}) {
    Flush(table);
    Compact(table);
  }
  Reopen();  // nothing of the records is in memory now
  const Key gone = UserKey(99, "a");
  EXPECT_THAT(PeekMany({UserKey(1, "a"), blob}), ElementsAre("(unknown)", "(unknown)"));
  // These come into the record cache, and the block in which all users are into RocksDB's.
  for (const Key& key : {UserKey(1, "a"), gone, UserKey(3, "a")}) (void)engine().Get(key);
  EXPECT_THAT(PeekMany({UserKey(1, "a"), gone, UserKey(2, "a"), blob, UserKey(3, "a"), gone,
                        UserKey(4, "a"), UserKey(1, "a")}),
              ElementsAre("1", "(absent)", "2", "(unknown)", "3", "(absent)", "4", "1"));
  EXPECT_EQ(engine().Stat("storage.record_cache.records_count"), 5u) << "what was read is kept";
}

class DiskReadsTest : public MemoryReaderTest {
 protected:
  ~DiskReadsTest() override { Close(); }

  void OpenCounting() {
    Close();
    auto opened = RocksSeams::Open(options_, &around_.clock, &around_.log, counting_env_.get());
    CHECK(opened.ok());
    engine_ = std::move(opened).value();
  }
  void PutUsers(uint64_t users) {
    std::mt19937_64 random(/*seed=*/1);
    for (uint64_t user = 1; user <= users; ++user) {
      std::string bytes(2000, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      engine_->Write(WriteRequest({Table::kUsers, PartitionOf(user)}, {PutOf("a", bytes)}, 0),
                     [](WriteReply reply) { ASSERT_TRUE(reply.status.ok()); });
    }
    ASSERT_TRUE(engine().Put(UserKey(users + 1, "last"), "v").status.ok());
  }

  const std::shared_ptr<CountingFileSystem> counting_ =
      std::make_shared<CountingFileSystem>(".sst");
  const std::unique_ptr<rocksdb::Env> counting_env_ = rocksdb::NewCompositeEnv(counting_);
};

// Also once a table's index and filter are in memory, and only its data blocks are not.
TEST_F(DiskReadsTest, PeekReadsNothingFromTheDisk) {
  OpenCounting();
  PutUsers(100);
  OpenCounting();
  EXPECT_TRUE(engine().Get(UserKey(50, "a")).ok());
  counting_->bytes = 0;
  EXPECT_THAT(PeekMany({UserKey(1, "a"), UserKey(99, "a")}), ElementsAre("(unknown)", "(unknown)"));
  EXPECT_EQ(Peek(UserKey(2, "a")), PeekResult::kUnknown);
  EXPECT_EQ(counting_->bytes, 0u);
}

TEST_F(DiskReadsTest, PeekReadsNoPartitionOfAnIndex) {
  options_.record_cache_bytes = 0;
  options_.block_cache_bytes = 32 << 10;
  OpenCounting();
  PutUsers(2'000);
  OpenCounting();  // the data is large now (storage/rocks/index_format.h)
  Compact(Table::kUsers);
  for (const auto& [path, file] : PropertiesOf(Table::kUsers)) {
    EXPECT_GT(file.index_partitions, 1u) << path;
  }
  uint64_t unknown = 0;
  for (uint64_t user = 1; user <= 1'000; ++user) {
    ASSERT_TRUE(engine().Get(UserKey(2'001 - user, "a")).ok());  // replaces what is in the cache
    counting_->bytes = 0;
    const PeekResult result = Peek(UserKey(user, "a"));
    ASSERT_EQ(counting_->bytes, 0u) << user;
    ASSERT_NE(result, PeekResult::kAbsent) << user;
    unknown += result == PeekResult::kUnknown ? 1 : 0;
  }
  EXPECT_GT(unknown, 0u);
}

TEST_F(MemoryReaderTest, ExpiredRecordIsAbsent) {
  for (const size_t cache_bytes : {size_t{0}, size_t{1} << 20}) {
    options_.record_cache_bytes = cache_bytes;
    Open();
    const uint64_t expires = static_cast<uint64_t>(around_.clock.WallMillis()) + 1000;
    ASSERT_TRUE(engine().Put(UserKey(1, "a"), "v", Always(), expires).status.ok());
    EXPECT_THAT(PeekMany({UserKey(1, "a"), UserKey(2, "a")}), ElementsAre("v", "(absent)"));
    around_.clock.AdvanceMillis(1000);
    EXPECT_THAT(PeekMany({UserKey(2, "a"), UserKey(1, "a")}), ElementsAre("(absent)", "(absent)"));
    Close();
  }
}

TEST_F(MemoryReaderTest, ChecksumMismatchIsLeftToARead) {
  options_.record_cache_bytes = 0;
  Open();
  ASSERT_TRUE(engine().Put(UserKey(1, "a"), "fine").status.ok());
  const Bytes encoded(EncodedKey(UserKey(2, "a").view()).view());
  const Bytes stored = Bytes(RecordHeader(7, Hash64("true"), 0).view()) + "lies";
  ASSERT_TRUE(db()->Put({}, family(Table::kUsers), encoded, stored).ok());
  EXPECT_THAT(PeekMany({UserKey(2, "a"), UserKey(1, "a")}), ElementsAre("(unknown)", "fine"));
}

TEST_F(MemoryReaderTest, LargeValueCopiesAreLimitedPerPeriod) {
  Open();
  const std::string large(limits::kLargeLookBytes / 2, 'x');
  std::vector<Key> keys;
  for (uint64_t user = 1; user <= 3; ++user) {
    keys.push_back(UserKey(user, "large"));
    ASSERT_TRUE(engine().Put(keys.back(), large).status.ok());
  }
  const Key small = UserKey(4, "small");
  ASSERT_TRUE(engine().Put(small, "small").status.ok());
  ASSERT_EQ(engine().Get(small)->value, "small");  // in the record cache from here on
  keys.push_back(small);
  EXPECT_THAT(PeekMany(keys), ElementsAre(large, large, "(unknown)", "small"));
  around_.clock.AdvanceMillis(limits::kLargeLookPeriodMillis - 1);
  EXPECT_THAT(PeekMany(keys), ElementsAre("(unknown)", "(unknown)", "(unknown)", "small"));
  around_.clock.AdvanceMillis(1);
  EXPECT_THAT(PeekMany(keys), ElementsAre(large, large, "(unknown)", "small"));
}

TEST_F(MemoryReaderTest, ClosedEngineKnowsNothing) {
  Open();
  ASSERT_TRUE(engine().Put(UserKey(1, "a"), "v").status.ok());
  engine_->Close();
  EXPECT_THAT(PeekMany({UserKey(1, "a"), UserKey(1, "b")}), ElementsAre("(unknown)", "(unknown)"));
}

}  // namespace
}  // namespace smile::testing
