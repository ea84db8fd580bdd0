// Content that is written and deleted again and again: the space that it takes, and what is written
// to the disk for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <random>
#include <vector>

#include "storage/rocks/blob_collector.h"
#include "tests/storage/random_bytes.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

constexpr uint64_t kRounds = 3;
constexpr size_t kBytesOfARound = size_t{28} << 20;
constexpr size_t kLeastPhoto = 20'000;
constexpr size_t kMostPhoto = 400'000;

class BlobCollectorTest : public RocksTest {
 protected:
  struct Photo {
    Key key;
    size_t bytes;
  };

  BlobCollectorTest() { options_.write_buffer_bytes = size_t{8} << 20; }

  void PutPhotos(size_t total) {
    const Bytes noise = RandomBytes(&random_, kMostPhoto);
    for (size_t bytes = 0; bytes < total;) {
      const size_t size = kLeastPhoto + random_() % (kMostPhoto - kLeastPhoto);
      const Key key = BlobKey(RandomBytes(&random_, 16), BlobPart::kChunk, 0);
      Status status;
      do {
        status = engine().Put(key, ByteView(noise).substr(0, size)).status;
      } while (status.code() == Code::kOverloaded);
      ASSERT_TRUE(status.ok()) << status.ToString();
      photos_.push_back({key, size});
      bytes += size;
      stored_ += size;
    }
  }
  void DeleteHalf() {
    std::shuffle(photos_.begin(), photos_.end(), random_);
    for (size_t left = photos_.size() / 2; photos_.size() > left; photos_.pop_back()) {
      ASSERT_TRUE(engine().Delete(photos_.back().key).status.ok());
    }
  }
  uint64_t Live() const {
    uint64_t bytes = 0;
    for (const Photo& photo : photos_) bytes += photo.bytes;
    return bytes;
  }
  uint64_t BlobFileBytes() const {
    uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory + "/rocksdb")) {
      if (entry.path().extension() == ".blob") bytes += entry.file_size();
    }
    return bytes;
  }
  // As after some periods of its thread.
  void Collect() {
    for (int i = 0; i < 4; ++i) RocksSeams::Collector(engine_.get())->Look();
  }

  std::mt19937_64 random_{5};
  std::vector<Photo> photos_;
  uint64_t stored_ = 0;
};

TEST_F(BlobCollectorTest, SpaceIsBoundedByWhatIsThere) {
  Open();
  for (uint64_t round = 0; round < kRounds; ++round) {
    PutPhotos(kBytesOfARound);
    DeleteHalf();
    Collect();
    std::cout << "live " << Live() << ", blob files " << BlobFileBytes() << "\n";
    EXPECT_LE(BlobFileBytes(), Live() + Live() / 2);
  }
  for (const Photo& photo : photos_) {
    const auto record = engine().Get(photo.key);
    ASSERT_TRUE(record.ok()) << record.status().ToString();
    EXPECT_EQ(record->value.size(), photo.bytes);
  }
}

// Whatever the order of keys, a value is written to one blob file, and then stays there.
TEST_F(BlobCollectorTest, ContentThatIsNotDeletedIsNotMoved) {
  Open();
  PutPhotos(2 * kBytesOfARound);
  Flush(Table::kBlobs);
  Compact(Table::kBlobs);
  Collect();
  EXPECT_EQ(RocksSeams::Collector(engine_.get())->moved_bytes(), 0u);
  EXPECT_EQ(engine().Stat("storage.blob_moved_bytes"), 0u);
  EXPECT_LE(BlobFileBytes(), stored_ + stored_ / 20);
  EXPECT_LE(engine().Stat("storage.wal.written_bytes"), stored_ + stored_ / 20);
}

}  // namespace
}  // namespace smile::testing
