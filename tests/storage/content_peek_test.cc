// Contents that can be sent without being read: they are in memory, and this process has verified
// them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "storage/content/content_files.h"
#include "tests/storage/blocking_content.h"
#include "tests/storage/random_bytes.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

constexpr uint32_t kPeekChunk = limits::kMinChunkBytes;
constexpr uint32_t kAll = limits::kMaxContentReadBytes;

class ContentPeekTest : public ::testing::Test {
 protected:
  ContentPeekTest() { Open(); }

  void Open() {
    store_.reset();
    store_ = std::move(ContentFiles::Open({.directory = directory_ / "content"}, &clock_)).value();
    content_ = std::make_unique<BlockingContent>(store_.get());
  }
  Bytes Random(size_t size) { return RandomBytes(&random_, size); }
  ContentId Put(const Bytes& bytes) {
    const ContentId id = *content_->Put(bytes);
    store_->Settle(id, /*kept=*/true);
    return id;
  }
  ContentId Upload(const Bytes& bytes) {
    const ContentId id = RandomContentId();
    EXPECT_TRUE(content_->Begin({.id = id, .chunk_bytes = kPeekChunk}).ok());
    for (size_t offset = 0; offset < bytes.size(); offset += kPeekChunk) {
      EXPECT_TRUE(content_->Append(id, offset, bytes.substr(offset, kPeekChunk)).ok());
    }
    EXPECT_TRUE(content_->Seal(id).ok());
    return id;
  }
  std::optional<ContentPiece> Peek(const ContentId& id, uint64_t offset, uint32_t size) {
    return store_->Peek({.id = id, .offset = offset, .size = size});
  }
  void ExpectFound(const ContentId& id, uint64_t offset, uint32_t size, const Bytes& bytes) {
    const auto found = Peek(id, offset, size);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->checksum, Hash64(bytes));
    ASSERT_EQ(found->file.size, bytes.size());
    Bytes read(bytes.size(), '\0');
    ASSERT_EQ(pread(found->file.descriptor, read.data(), read.size(),
                    static_cast<off_t>(found->file.offset)),
              static_cast<ssize_t>(read.size()));
    EXPECT_TRUE(read == bytes);
  }
  // Removes all files from the system's memory.
  void DropFromMemory() {
    sync();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
      if (!entry.is_regular_file()) continue;
      const int file = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
      ASSERT_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
      close(file);
    }
  }

  TempDirectory directory_;
  ManualClock clock_;
  std::mt19937_64 random_{11};
  std::unique_ptr<ContentFiles> store_;
  std::unique_ptr<BlockingContent> content_;
};

TEST_F(ContentPeekTest, WhatWasPutIsFoundWhole) {
  const Bytes bytes = Random(100'000);
  const ContentId id = Put(bytes);
  ExpectFound(id, 0, kAll, bytes);
  ExpectFound(id, 0, 100'000, bytes);
  EXPECT_EQ(Peek(id, 0, kAll)->content_size, bytes.size());
  EXPECT_FALSE(Peek(id, 0, 99'999)) << "there is no checksum of a part";
  EXPECT_FALSE(Peek(id, 1, kAll));
}

TEST_F(ContentPeekTest, LargestContentIsFound) {
  const Bytes bytes = Random(limits::kMaxChunkBytes);
  ExpectFound(Put(bytes), 0, kAll, bytes);
}

TEST_F(ContentPeekTest, DeletedContentIsNotFound) {
  const ContentId id = Put(Random(50'000));
  ASSERT_TRUE(content_->Delete(id).ok());
  EXPECT_FALSE(Peek(id, 0, kAll));
}

TEST_F(ContentPeekTest, AProcessVerifiesBeforeItFinds) {
  const Bytes bytes = Random(50'000);
  const ContentId id = Put(bytes);
  Open();
  EXPECT_FALSE(Peek(id, 0, kAll)) << "the segment is not open";
  ASSERT_TRUE(content_->Stat(id).ok());
  EXPECT_FALSE(Peek(id, 0, kAll)) << "it was not verified";
  ASSERT_TRUE(content_->Read(id, 0, kAll).ok());
  ExpectFound(id, 0, kAll, bytes);
}

TEST_F(ContentPeekTest, DamagedContentIsNeverFound) {
  const Bytes bytes = Random(50'000);
  const ContentId id = Put(bytes);
  store_->Close();
  {
    std::fstream file(directory_ / "content/segments/00000000",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20'000);
    file.put(static_cast<char>(~bytes[20'000 - 4096 - 80]));
    ASSERT_TRUE(file.good());
  }
  Open();
  EXPECT_EQ(content_->Read(id, 0, kAll).status().code(), Code::kCorrupt);
  EXPECT_FALSE(Peek(id, 0, kAll));
}

TEST_F(ContentPeekTest, WhatIsNotInMemoryIsNotFound) {
  const Bytes bytes = Random(300'000);
  const ContentId put = Put(bytes);
  const ContentId uploaded = Upload(bytes);
  ASSERT_TRUE(content_->Read(uploaded, 0, kPeekChunk).ok());
  EXPECT_TRUE(Peek(put, 0, kAll));
  EXPECT_TRUE(Peek(uploaded, 0, kPeekChunk));
  DropFromMemory();
  EXPECT_FALSE(Peek(put, 0, kAll));
  EXPECT_FALSE(Peek(uploaded, 0, kPeekChunk));
  ASSERT_TRUE(content_->Read(put, 0, kAll).ok());
  ExpectFound(put, 0, kAll, bytes);
}

TEST_F(ContentPeekTest, ChunksThatWereReadAreFound) {
  const Bytes bytes = Random(2 * kPeekChunk + 1'000);
  const ContentId id = Upload(bytes);
  EXPECT_FALSE(Peek(id, 0, kPeekChunk)) << "nobody has read it";
  ASSERT_TRUE(content_->Read(id, kPeekChunk, kPeekChunk).ok());
  EXPECT_FALSE(Peek(id, 0, kPeekChunk)) << "another chunk was read";
  ExpectFound(id, kPeekChunk, kPeekChunk, bytes.substr(kPeekChunk, kPeekChunk));
  EXPECT_FALSE(Peek(id, kPeekChunk, kPeekChunk - 1));
  EXPECT_FALSE(Peek(id, kPeekChunk + 1, kPeekChunk));
  EXPECT_FALSE(Peek(id, kPeekChunk, 2 * kPeekChunk)) << "two chunks have two checksums";
  ASSERT_TRUE(content_->Read(id, 2 * kPeekChunk, kPeekChunk).ok());
  ExpectFound(id, 2 * kPeekChunk, kPeekChunk, bytes.substr(2 * kPeekChunk));
  EXPECT_FALSE(Peek(id, bytes.size(), kPeekChunk));
}

TEST_F(ContentPeekTest, RangeThatWasFoundOutlivesItsContent) {
  const Bytes bytes = Random(kPeekChunk);
  const ContentId id = Upload(bytes);
  ASSERT_TRUE(content_->Read(id, 0, kPeekChunk).ok());
  const auto found = Peek(id, 0, kPeekChunk);
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(content_->Delete(id).ok());
  EXPECT_FALSE(Peek(id, 0, kPeekChunk));
  store_.reset();
  Bytes read(bytes.size(), '\0');
  ASSERT_EQ(pread(found->file.descriptor, read.data(), read.size(), 0),
            static_cast<ssize_t>(read.size()));
  EXPECT_TRUE(read == bytes);
}

}  // namespace
}  // namespace smile::testing
