// What compactions read of blob files: nothing, unless some value in them may have expired.
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/limits.h"
#include "storage/key_encoding.h"
#include "tests/storage/counting_file_system.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

class ExpiringBlobsTest : public RocksTest {
 protected:
  ExpiringBlobsTest() { OpenCounted(); }
  ~ExpiringBlobsTest() override { Close(); }

  void OpenCounted() {
    Close();
    auto opened = RocksSeams::Open(options_, &around_.clock, &around_.log, counted_env_.get());
    CHECK(opened.ok());
    engine_ = std::move(opened).value();
  }
  void PutBlobs(uint64_t expires_ms) {
    for (uint32_t number = 0; number < kBlobs; ++number) {
      const Key key = BlobKey(std::string(16, 'b'), BlobPart::kChunk, next_++);
      ASSERT_TRUE(
          engine().Put(key, std::string(kBlobBytes, 'x'), Always(), expires_ms).status.ok());
    }
  }
  // What a compaction of everything reads of blob files.
  uint64_t BytesReadByCompaction() {
    Flush(Table::kBlobs);
    counting_->bytes = 0;
    Compact(Table::kBlobs);
    return counting_->bytes;
  }
  uint64_t Now() { return static_cast<uint64_t>(around_.clock.WallMillis()); }
  bool IsStored(uint32_t number) {
    const EncodedKey key(BlobKey(std::string(16, 'b'), BlobPart::kChunk, number).view());
    std::string value;
    return db()->Get({}, family(Table::kBlobs), key.view(), &value).ok();
  }

  static constexpr uint32_t kBlobs = 20;
  static constexpr size_t kBlobBytes = 50'000;
  const std::shared_ptr<CountingFileSystem> counting_ =
      std::make_shared<CountingFileSystem>(".blob");
  const std::unique_ptr<rocksdb::Env> counted_env_ = rocksdb::NewCompositeEnv(counting_);
  uint32_t next_ = 0;
};

TEST_F(ExpiringBlobsTest, CompactionReadsNoBlobsIfNoneExpire) {
  PutBlobs(/*expires_ms=*/0);
  // What is small lies in the tables, and is looked at there.
  ASSERT_TRUE(engine()
                  .Put(BlobKey(std::string(16, 'b'), BlobPart::kReference, 0), "ref", Always(), 1)
                  .status.ok());
  EXPECT_EQ(BytesReadByCompaction(), 0u);
  OpenCounted();
  EXPECT_EQ(BytesReadByCompaction(), 0u);
}

TEST_F(ExpiringBlobsTest, CompactionReadsBlobsOnceOneMayBeDropped) {
  PutBlobs(/*expires_ms=*/0);
  PutBlobs(Now() + 2000);
  PutBlobs(Now() + 1000);
  EXPECT_EQ(BytesReadByCompaction(), 0u);
  around_.clock.AdvanceMillis(999 + limits::kExpiredRecordKeptMillis);
  EXPECT_EQ(BytesReadByCompaction(), 0u);
  OpenCounted();  // what expires first is known after a restart
  EXPECT_EQ(BytesReadByCompaction(), 0u);
  around_.clock.AdvanceMillis(1);
  EXPECT_GE(BytesReadByCompaction(), 3 * kBlobs * kBlobBytes);
  EXPECT_TRUE(IsStored(0));
  EXPECT_TRUE(IsStored(kBlobs)) << "it expires a second later";
  EXPECT_FALSE(IsStored(2 * kBlobs));
}

}  // namespace
}  // namespace smile::testing
