// Work of the content store that reads a whole upload is done in slices.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "storage/content/content_files.h"
#include "tests/storage/blocking_content.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

constexpr uint32_t kLargestChunk = limits::kMaxChunkBytes;
constexpr size_t kChunks = 24;
static_assert(kChunks * kLargestChunk >= 4 * kUploadSliceBytes);
const ContentId kUploadId{.bytes = {0xab, 0xcd}};
const ContentId kOther{.bytes = {0x12, 0x34}};

Bytes DifferentChunks() {
  Bytes bytes;
  for (size_t chunk = 0; chunk < kChunks; ++chunk) {
    bytes.append(kLargestChunk, static_cast<char>('a' + chunk));
  }
  return bytes;
}

// One thread, so that what runs between two slices can be told.
class UploadSlicesTest : public ::testing::Test {
 protected:
  UploadSlicesTest() {
    Open();
    EXPECT_TRUE(
        content_->Begin({.id = kUploadId, .chunk_bytes = kLargestChunk, .size = bytes_.size()})
            .ok());
    // In this order little is hashed on the way.
    for (size_t chunk = kChunks; chunk-- > 0;) {
      const Status appended = content_->Append(kUploadId, chunk * kLargestChunk,
                                               bytes_.substr(chunk * kLargestChunk, kLargestChunk));
      EXPECT_TRUE(appended.ok()) << appended.ToString();
    }
  }

  void Open() {
    store_.reset();
    store_ =
        std::move(ContentFiles::Open({.directory = directory_ / "content", .threads = 1}, &clock_))
            .value();
    content_ = std::make_unique<BlockingContent>(store_.get());
  }
  uint64_t RereadBytes() const {
    for (const auto& [stat, value] : store_->Stats()) {
      if (stat == "storage.content.reread_bytes") return value;
    }
    ADD_FAILURE();
    return 0;
  }
  // Holds the thread until the result is set. Its source has no other calls, so those that follow
  // have their turns in the order of their first calls.
  std::promise<void> HoldThread() {
    std::promise<void> go;
    std::promise<void> held;
    constexpr uint64_t kSource = 99;
    store_->Hash("", kSource, [&held, wait = go.get_future().share()](const auto&) {
      held.set_value();
      wait.wait();
    });
    held.get_future().wait();
    return go;
  }
  // Whether `call`, which begins first, has been answered before a short call of another source.
  bool IsAnsweredBeforeAnother(const std::function<void(std::function<void()>)>& call) {
    bool answered = false;
    std::promise<void> both;
    std::promise<bool> first;
    std::promise<void> go = HoldThread();
    call([&] {
      answered = true;
      both.set_value();
    });
    store_->Stat(kOther, [&](const auto&) { first.set_value(answered); });
    go.set_value();
    both.get_future().wait();
    return first.get_future().get();
  }

  TempDirectory directory_;
  ManualClock clock_;
  const Bytes bytes_ = DifferentChunks();
  std::unique_ptr<ContentFiles> store_;
  std::unique_ptr<BlockingContent> content_;
  std::atomic<bool> closing_{false};
};

TEST_F(UploadSlicesTest, OthersHaveTheirTurnsDuringADigest) {
  EXPECT_FALSE(IsAnsweredBeforeAnother([&](const std::function<void()>& answered) {
    store_->Digest(kUploadId, [&, answered](const Result<ContentInfo>& info) {
      EXPECT_EQ(info->sha256, Sha256::Of(bytes_));
      answered();
    });
  }));
}

TEST_F(UploadSlicesTest, OthersHaveTheirTurnsDuringASeal) {
  EXPECT_FALSE(IsAnsweredBeforeAnother([&](const std::function<void()>& answered) {
    store_->Seal(kUploadId, [answered](const Status& sealed) {
      EXPECT_TRUE(sealed.ok());
      answered();
    });
  }));
  EXPECT_EQ(content_->Stat(kUploadId)->sha256, Sha256::Of(bytes_));
}

TEST_F(UploadSlicesTest, OthersHaveTheirTurnsWhileAnUploadIsFoundAgain) {
  Open();
  EXPECT_FALSE(IsAnsweredBeforeAnother([&](const std::function<void()>& answered) {
    store_->Progress(kUploadId, [&, answered](const Result<UploadProgress>& progress) {
      EXPECT_EQ(progress->received_bytes, bytes_.size());
      answered();
    });
  }));
  EXPECT_GE(RereadBytes(), bytes_.size());
  EXPECT_EQ(content_->Digest(kUploadId)->sha256, Sha256::Of(bytes_));
}

// Also calls of the same upload that came later.
TEST_F(UploadSlicesTest, CallsOfAnUploadKeepTheirOrder) {
  std::promise<void> go = HoldThread();
  std::promise<Result<ContentInfo>> digest;
  std::promise<Status> cancelled;
  store_->Digest(kUploadId, [&](Result<ContentInfo> info) { digest.set_value(std::move(info)); });
  store_->Cancel(kUploadId, [&](Status status) { cancelled.set_value(std::move(status)); });
  go.set_value();
  EXPECT_EQ(digest.get_future().get()->sha256, Sha256::Of(bytes_));
  EXPECT_TRUE(cancelled.get_future().get().ok());
  EXPECT_EQ(content_->Progress(kUploadId).status().code(), Code::kNotFound);
}

TEST_F(UploadSlicesTest, NothingIsHashedTwice) {
  ASSERT_TRUE(content_->Digest(kUploadId).ok());
  const uint64_t before = RereadBytes();
  EXPECT_LT(before, bytes_.size());
  ASSERT_TRUE(content_->Digest(kUploadId).ok());
  ASSERT_TRUE(content_->Seal(kUploadId).ok());
  EXPECT_EQ(RereadBytes(), before);
}

// The thread is held after the first slice until the store closes.
TEST_F(UploadSlicesTest, CloseEndsADigestWithItsSlice) {
  std::promise<void> go = HoldThread();
  std::promise<void> begun;
  std::promise<Status> digest;
  store_->Digest(kUploadId,
                 [&](const Result<ContentInfo>& info) { digest.set_value(info.status()); });
  store_->Stat(kOther, [&](const auto&) {
    begun.set_value();
    while (!closing_) {
      store_->Stat(kOther, [this](const auto& info) {
        closing_ = closing_ || info.status().code() == Code::kShuttingDown;
      });
      std::this_thread::yield();
    }
  });
  go.set_value();
  begun.get_future().wait();
  store_->Close();
  EXPECT_EQ(digest.get_future().get().code(), Code::kShuttingDown);
  EXPECT_GE(RereadBytes(), kUploadSliceBytes);
  EXPECT_LT(RereadBytes(), kUploadSliceBytes + kLargestChunk);
  Open();
  EXPECT_EQ(content_->Progress(kUploadId)->received_bytes, bytes_.size());
  ASSERT_TRUE(content_->Seal(kUploadId).ok());
  EXPECT_EQ(content_->Stat(kUploadId)->sha256, Sha256::Of(bytes_));
}

TEST_F(UploadSlicesTest, PieceWhoseDeadlineHasPassedIsNotWritten) {
  const Bytes bytes(kLargestChunk, 'x');
  ASSERT_TRUE(
      content_->Begin({.id = kOther, .chunk_bytes = kLargestChunk, .size = kLargestChunk}).ok());
  UploadPiece piece{.id = kOther, .bytes = bytes, .checksum = Hash64(bytes)};
  piece.call.deadline_nanos = clock_.MonotonicNanos();
  std::promise<Status> appended;
  store_->Append(std::move(piece), [&](Status status) { appended.set_value(std::move(status)); });
  EXPECT_EQ(appended.get_future().get().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(content_->Progress(kOther)->received_bytes, 0u);
}

}  // namespace
}  // namespace smile::testing
