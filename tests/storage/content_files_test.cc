#include "storage/content/content_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "storage/content/content_format.h"
#include "tests/storage/blocking_content.h"
#include "tests/storage/random_bytes.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint32_t kChunk = limits::kMinChunkBytes;
const ContentId kId{.bytes = {0xab, 0xcd}};

class ContentFilesTest : public ::testing::Test {
 protected:
  ContentFilesTest() { Open(); }

  void Open() {
    store_.reset();
    store_ = std::move(ContentFiles::Open({.directory = directory_ / "content"}, &clock_)).value();
    content_ = std::make_unique<BlockingContent>(store_.get());
  }
  std::string UploadPath() const { return directory_ / "content/uploads/" + kId.ToHex(); }
  std::string ContentPath() const {
    return directory_ / "content/" + kId.ToHex().substr(0, 2) + "/" + kId.ToHex().substr(2);
  }
  size_t FileCount() const {
    size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(directory_ / "content")) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }
  static void Damage(const std::string& path, size_t offset) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const auto byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
    ASSERT_TRUE(file.good());
  }
  void Upload(const Bytes& bytes) {
    ASSERT_TRUE(content_->Begin({.id = kId, .chunk_bytes = kChunk, .size = bytes.size()}).ok());
    for (size_t offset = 0; offset < bytes.size(); offset += kChunk) {
      ASSERT_TRUE(content_->Append(kId, offset, bytes.substr(offset, kChunk)).ok());
    }
  }

  uint64_t Stat(const std::string& name) const {
    for (const auto& [stat, value] : store_->Stats()) {
      if (stat == name) return value;
    }
    ADD_FAILURE() << "no statistic " << name;
    return 0;
  }
  // A call is answered a moment before its upload counts as idle.
  void AwaitStat(const std::string& name, uint64_t value) const {
    while (Stat(name) != value) std::this_thread::yield();
  }
  void BeginOthers() {
    for (size_t i = 0; i < limits::kMaxOpenUploads; ++i) {
      ASSERT_TRUE(content_->Begin({.id = RandomContentId(), .chunk_bytes = kChunk}).ok());
    }
  }
  // The files of the upload that is there.
  void CloseByOthers() {
    BeginOthers();
    AwaitStat("storage.content.closed_uploads_count", 1);
  }

  TempDirectory directory_;
  ManualClock clock_;
  std::mt19937_64 random_{2};
  const Bytes bytes_ = RandomBytes(&random_, size_t{kChunk} * 4 + 9);
  std::unique_ptr<ContentFiles> store_;
  std::unique_ptr<BlockingContent> content_;
};

TEST_F(ContentFilesTest, ContentSurvivesARestart) {
  Upload(bytes_);
  ASSERT_TRUE(content_->Seal(kId).ok());
  Open();
  EXPECT_TRUE(content_->Read(kId, 0, limits::kMaxContentReadBytes)->bytes == bytes_);
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(ContentFilesTest, UploadContinuesAfterARestart) {
  ASSERT_TRUE(content_->Begin({.id = kId, .chunk_bytes = kChunk, .size = bytes_.size()}).ok());
  ASSERT_TRUE(content_->Append(kId, 0, bytes_.substr(0, kChunk)).ok());
  ASSERT_TRUE(content_->Append(kId, kChunk * 4, bytes_.substr(kChunk * 4)).ok());
  Open();
  const auto progress = content_->Progress(kId);
  ASSERT_TRUE(progress.ok());
  EXPECT_EQ(progress->spec.size, bytes_.size());
  EXPECT_THAT(progress->missing, ElementsAre(ByteRange{kChunk, kChunk * 3}));
  for (size_t chunk = 1; chunk < 4; ++chunk) {
    ASSERT_TRUE(content_->Append(kId, chunk * kChunk, bytes_.substr(chunk * kChunk, kChunk)).ok());
  }
  EXPECT_EQ(content_->Digest(kId)->sha256, Sha256::Of(bytes_));
  ASSERT_TRUE(content_->Seal(kId).ok());
}

TEST_F(ContentFilesTest, UnknownSizeIsFoundAgainAfterARestart) {
  ASSERT_TRUE(content_->Begin({.id = kId, .chunk_bytes = kChunk}).ok());
  ASSERT_TRUE(content_->Append(kId, kChunk, "end").ok());
  Open();
  EXPECT_EQ(content_->Progress(kId)->spec.size, kChunk + 3);
  EXPECT_EQ(content_->Append(kId, kChunk * 2, "x").code(), Code::kInvalid);
}

// A crash may lose bytes or entries of pieces, which were not synced.
TEST_F(ContentFilesTest, MessagesSayWhatIsWrongWithAPiece) {
  const Bytes whole(kChunk, 'a');
  const auto expect = [&](uint64_t offset, const Bytes& bytes, Code code, const char* message) {
    const Status status = content_->Append(kId, offset, bytes);
    EXPECT_EQ(status.code(), code) << message;
    EXPECT_THAT(status.message(), HasSubstr(message));
  };
  expect(0, whole, Code::kNotFound, "no such upload");
  ASSERT_TRUE(content_->Begin({.id = kId, .chunk_bytes = kChunk, .size = kChunk * 2 + 3}).ok());
  expect(kChunk * 2, "four", Code::kInvalid, "exceeds the size of the content, 131075");
  expect(uint64_t{kChunk} * 3, "a", Code::kInvalid, "exceeds the size");
  expect(1, "a", Code::kInvalid, "not a multiple of the upload's chunk size, 65536");
  expect(UINT64_MAX, "a", Code::kInvalid, "not a multiple");
  expect(0, "", Code::kInvalid, "a piece has 1 to 65536 bytes");
  expect(0, whole + "a", Code::kInvalid, "a piece has 1 to 65536 bytes");
  expect(0, "short", Code::kInvalid, "only the last piece may be shorter");
  expect(UINT64_MAX - kChunk + 1, whole, Code::kTooLarge, "at most 137438953472 bytes in 131072");
  expect(uint64_t{1} << 63, "a", Code::kTooLarge, "at most");
  ASSERT_TRUE(content_->Append(kId, 0, whole).ok());
  expect(0, Bytes(kChunk, 'b'), Code::kConditionFailed, "other bytes");
  EXPECT_EQ(content_->Progress(kId)->received_bytes, kChunk);
}

TEST_F(ContentFilesTest, DigestEndsTheContentAlsoAfterARestart) {
  ASSERT_TRUE(content_->Begin({.id = kId, .chunk_bytes = kChunk}).ok());
  ASSERT_TRUE(content_->Append(kId, 0, bytes_.substr(0, kChunk)).ok());
  ASSERT_TRUE(content_->Digest(kId).ok());
  Open();
  EXPECT_EQ(content_->Append(kId, kChunk, "more").code(), Code::kInvalid);
  EXPECT_EQ(content_->Progress(kId)->spec.size, kChunk);
}

TEST_F(ContentFilesTest, LostPiecesAreMissingAfterARestart) {
  Upload(bytes_);
  store_.reset();
  Damage(UploadPath(), kChunk * 2 + 100);
  std::filesystem::resize_file(UploadPath(), kChunk * 3 + 10);
  Open();
  const auto progress = content_->Progress(kId);
  ASSERT_TRUE(progress.ok());
  EXPECT_EQ(progress->contiguous_bytes, kChunk * 2);
  EXPECT_THAT(progress->missing, ElementsAre(ByteRange{kChunk * 2, kChunk * 2 + 9}));
  store_.reset();
  std::filesystem::resize_file(UploadPath() + ".chunks",
                               kUploadHeaderBytes + kUploadEntryBytes + 3);
  Open();
  EXPECT_EQ(content_->Progress(kId)->received_bytes, kChunk);
  for (size_t offset = 0; offset < bytes_.size(); offset += kChunk) {
    ASSERT_TRUE(content_->Append(kId, offset, bytes_.substr(offset, kChunk)).ok());
  }
  ASSERT_TRUE(content_->Seal(kId).ok());
  EXPECT_EQ(content_->Stat(kId)->sha256, Sha256::Of(bytes_));
}

TEST_F(ContentFilesTest, HalfOfAnUploadIsRemovedAtTheStart) {
  Upload(bytes_);
  store_.reset();
  std::filesystem::remove(UploadPath());
  Open();
  EXPECT_EQ(FileCount(), 0u);
  EXPECT_EQ(content_->Progress(kId).status().code(), Code::kNotFound);
}

TEST_F(ContentFilesTest, DamageCostsOneChunk) {
  Upload(bytes_);
  ASSERT_TRUE(content_->Seal(kId).ok());
  Damage(ContentPath(), kChunk + 5);
  EXPECT_EQ(content_->Read(kId, kChunk * 2 - 1, 1).status().code(), Code::kCorrupt);
  EXPECT_EQ(content_->Read(kId, 0, kChunk + 1).status().code(), Code::kCorrupt);
  EXPECT_TRUE(content_->Read(kId, 0, kChunk)->bytes == bytes_.substr(0, kChunk));
  EXPECT_TRUE(content_->Read(kId, kChunk * 2, kChunk)->bytes == bytes_.substr(kChunk * 2, kChunk));
}

TEST_F(ContentFilesTest, ReadThatNobodyWaitsForIsNotBegun) {
  Upload("photo");
  ASSERT_TRUE(content_->Seal(kId).ok());
  const auto caller = std::make_shared<Caller>();
  ContentRange range{
      .id = kId, .size = 10, .call = {.deadline_nanos = clock_.MonotonicNanos() + 1}};
  range.call.caller = caller;
  EXPECT_EQ(content_->Read(range)->bytes, "photo");
  clock_.AdvanceMillis(1);
  EXPECT_EQ(content_->Read(range).status().code(), Code::kDeadlineExceeded);
  range.call.deadline_nanos = 0;
  EXPECT_TRUE(content_->Read(range).ok());
  caller->Go();
  EXPECT_EQ(content_->Read(range).status().code(), Code::kUnavailable);
}

TEST_F(ContentFilesTest, DamagedFooterIsReported) {
  Upload(bytes_);
  ASSERT_TRUE(content_->Seal(kId).ok());
  Damage(ContentPath(), std::filesystem::file_size(ContentPath()) - 20);
  EXPECT_EQ(content_->Read(kId, 0, 1).status().code(), Code::kCorrupt);
  EXPECT_TRUE(content_->Delete(kId).ok());
  EXPECT_EQ(FileCount(), 0u);
}

TEST_F(ContentFilesTest, DeletedUploadAndContentLeaveNothing) {
  Upload(bytes_);
  ASSERT_TRUE(content_->Delete(kId).ok());
  EXPECT_EQ(FileCount(), 0u);
  Upload(bytes_);
  ASSERT_TRUE(content_->Seal(kId).ok());
  ASSERT_TRUE(content_->Read(kId, 0, 1).ok());
  ASSERT_TRUE(content_->Delete(kId).ok());
  EXPECT_EQ(FileCount(), 0u);
}

TEST_F(ContentFilesTest, FilesArePrivate) {
  Upload(bytes_);
  ASSERT_TRUE(content_->Seal(kId).ok());
  using std::filesystem::perms;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_ / "content")) {
    const perms others = entry.status().permissions() & (perms::group_all | perms::others_all);
    EXPECT_EQ(others, perms::none) << entry.path();
  }
}

// Sizes that were declared count, although nothing has arrived.
TEST_F(ContentFilesTest, ContentThatDoesNotFitIsRejectedAtBegin) {
  const uint64_t free = std::filesystem::space(directory_ / "content").available;
  Status status;
  uint64_t accepted = 0;
  for (uint8_t number = 1; status.ok() && accepted <= free; ++number) {
    ContentId id;
    id.bytes.fill(number);
    const UploadSpec spec{
        .id = id, .chunk_bytes = limits::kMaxChunkBytes, .size = uint64_t{1} << 37};
    status = content_->Begin(spec);
    if (status.ok()) accepted += *spec.size;
  }
  EXPECT_EQ(status.code(), Code::kNoSpace);
  EXPECT_LE(accepted, free);
}

TEST_F(ContentFilesTest, WaitingBytesOfAnUploadAreBounded) {
  ASSERT_TRUE(content_->Begin({.id = kId, .chunk_bytes = limits::kMaxChunkBytes}).ok());
  const Bytes piece(limits::kMaxChunkBytes, 'x');
  constexpr size_t kPieces = 64;
  std::mutex mutex;
  std::condition_variable changed;
  size_t ok = 0;
  size_t overloaded = 0;
  for (size_t i = 0; i < kPieces; ++i) {
    store_->Append(
        {.id = kId, .offset = i * piece.size(), .bytes = piece, .checksum = Hash64(piece)},
        [&](const Status& status) {
          const std::lock_guard lock(mutex);
          ok += status.ok() ? 1 : 0;
          overloaded += status.code() == Code::kOverloaded ? 1 : 0;
          EXPECT_TRUE(status.ok() || status.retry_after_ms() > 0);
          changed.notify_all();
        });
    EXPECT_LE(Stat("storage.content.waiting_bytes"), limits::kMaxUploadWaitingBytes);
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ok + overloaded == kPieces; });
  EXPECT_GE(ok, 2u);
  lock.unlock();
  EXPECT_EQ(Stat("storage.content.appended_bytes"), ok * piece.size());
  EXPECT_EQ(Stat("storage.content.rejected_count"), overloaded);
  for (size_t i = 0; i < kPieces; ++i) {
    ASSERT_TRUE(content_->Append(kId, i * piece.size(), piece).ok());
  }
}

TEST_F(ContentFilesTest, StatisticsCountBytesAndContents) {
  Upload(bytes_);
  EXPECT_EQ(Stat("storage.content.open_uploads_count"), 1u);
  ASSERT_TRUE(content_->Seal(kId).ok());
  ASSERT_TRUE(content_->Read(kId, 1, 10).ok());
  EXPECT_EQ(content_->Read(kId, bytes_.size() + 1, 1).status().code(), Code::kInvalid);
  EXPECT_EQ(content_->Hash("12345")->ToHex(), Sha256::Of("12345").ToHex());
  ASSERT_TRUE(content_->Delete(kId).ok());
  EXPECT_EQ(Stat("storage.content.appended_bytes"), bytes_.size());
  EXPECT_EQ(Stat("storage.content.read_bytes"), 10u);
  EXPECT_EQ(Stat("storage.content.hashed_bytes"), 5u);
  EXPECT_EQ(Stat("storage.content.sealed_count"), 1u);
  EXPECT_EQ(Stat("storage.content.deleted_count"), 1u);
  EXPECT_EQ(Stat("storage.content.failed_count"), 0u);
  EXPECT_EQ(Stat("storage.content.waiting_bytes"), 0u);
}

// Also while the upload is not in memory, and after a restart.
TEST_F(ContentFilesTest, SpaceOfDeclaredUploadsIsReserved) {
  const uint64_t size = uint64_t{3} << 20;
  ASSERT_TRUE(content_->Begin({.id = kId, .chunk_bytes = kChunk, .size = size}).ok());
  EXPECT_EQ(Stat("storage.content.reserved_bytes"), size);
  for (uint64_t i = 0; i < limits::kMaxOpenUploads + 10; ++i) {
    ASSERT_TRUE(content_->Begin({.id = RandomContentId(), .chunk_bytes = kChunk}).ok());
  }
  EXPECT_EQ(Stat("storage.content.reserved_bytes"), size);
  ASSERT_TRUE(content_->Append(kId, 0, Bytes(kChunk, 'x')).ok());
  EXPECT_EQ(Stat("storage.content.reserved_bytes"), size - kChunk);
  Open();
  EXPECT_GE(Stat("storage.content.reserved_bytes"), size - kChunk);
  EXPECT_LE(Stat("storage.content.reserved_bytes"), size);
  ASSERT_TRUE(content_->Cancel(kId).ok());
  EXPECT_EQ(Stat("storage.content.reserved_bytes"), 0u);
}

// More of them than may be open, which all go on in turn.
TEST_F(ContentFilesTest, UploadsThatWereClosedAreNotReadAgain) {
  constexpr size_t kUploads = limits::kMaxOpenUploads + 10;
  std::vector<ContentId> ids(kUploads);
  for (ContentId& id : ids) {
    id = RandomContentId();
    ASSERT_TRUE(content_->Begin({.id = id, .chunk_bytes = kChunk, .size = bytes_.size()}).ok());
  }
  for (size_t offset = 0; offset < bytes_.size(); offset += kChunk) {
    for (const ContentId& id : ids) {
      ASSERT_TRUE(content_->Append(id, offset, bytes_.substr(offset, kChunk)).ok());
    }
  }
  EXPECT_EQ(Stat("storage.content.reread_bytes"), 0u);
  AwaitStat("storage.content.open_uploads_count", limits::kMaxOpenUploads);
  EXPECT_EQ(Stat("storage.content.closed_uploads_count"), 10u);
  for (const ContentId& id : ids) {
    EXPECT_EQ(content_->Digest(id)->sha256, Sha256::Of(bytes_));
    ASSERT_TRUE(content_->Seal(id).ok());
  }
  EXPECT_LE(Stat("storage.content.reread_bytes"), kUploads * bytes_.size());
  EXPECT_TRUE(content_->Read(ids.front(), 0, limits::kMaxContentReadBytes)->bytes == bytes_);
  AwaitStat("storage.content.closed_uploads_count", 0);
}

// What is remembered of closed uploads has a limit.
TEST_F(ContentFilesTest, UploadsThatWereForgottenAreReadAgain) {
  content_.reset();
  store_.reset();
  store_ = std::move(ContentFiles::Open(
                         {.directory = directory_ / "content", .closed_upload_bytes = 0}, &clock_))
               .value();
  content_ = std::make_unique<BlockingContent>(store_.get());
  Upload(bytes_);
  BeginOthers();
  AwaitStat("storage.content.open_uploads_count", limits::kMaxOpenUploads);
  EXPECT_EQ(Stat("storage.content.closed_uploads_count"), 0u);
  EXPECT_EQ(content_->Digest(kId)->sha256, Sha256::Of(bytes_));
  EXPECT_GE(Stat("storage.content.reread_bytes"), bytes_.size());
}

// The checksums of chunks are not in memory; readers of the content would find it damaged.
TEST_F(ContentFilesTest, DamagedChecksumOfAChunkIsFoundBeforeTheContentIsSealed) {
  Upload(bytes_);
  ASSERT_TRUE(content_->Digest(kId).ok());
  Damage(UploadPath() + ".chunks", kUploadHeaderBytes + kUploadEntryBytes);
  EXPECT_EQ(content_->Seal(kId).code(), Code::kCorrupt);
}

// As if the disk had lost what it had taken.
TEST_F(ContentFilesTest, BytesThatWereLostWhileAnUploadWasClosedAreFound) {
  Upload(bytes_);
  CloseByOthers();
  Damage(UploadPath(), kChunk + 1);
  EXPECT_EQ(content_->Progress(kId)->received_bytes, bytes_.size());
  EXPECT_EQ(content_->Seal(kId).code(), Code::kCorrupt);
}

// An operator has removed them.
TEST_F(ContentFilesTest, ClosedUploadWhoseFilesAreGoneIsNotFound) {
  Upload(bytes_);
  CloseByOthers();
  std::filesystem::remove(UploadPath());
  EXPECT_EQ(content_->Digest(kId).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace smile::testing
