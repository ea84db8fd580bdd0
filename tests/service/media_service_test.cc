#include "service/media/media_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/service/media_fixture.h"

namespace smile::testing {
namespace {

constexpr MediaId kCat{.owner = 42, .media = 7};
constexpr MediaId kDog{.owner = 42, .media = 8};
constexpr MediaId kSameCat{.owner = 43, .media = 1};

TEST_F(MediaTest, UploadedMediaIsReadBack) {
  const Bytes bytes = Bytes(kChunk, 'a') + "end";
  const auto manifest = process_->Upload(kCat, bytes);
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_EQ(manifest->size, bytes.size());
  EXPECT_EQ(manifest->sha256, Sha256::Of(bytes));
  EXPECT_EQ(manifest->fields.content_type, "image/png");
  EXPECT_EQ(*process_->media.Stat(kCat).Wait(), *manifest);
  EXPECT_TRUE(*process_->Read(kCat) == bytes);
  const auto range = process_->media.Read(kCat, kChunk - 1, 3, 0).Wait();
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->bytes, "aen");
  ExpectNothingElse(1, 1);
}

TEST_F(MediaTest, NothingIsVisibleBeforeCommit) {
  const auto upload = process_->Begin(kCat);
  ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
  EXPECT_EQ(process_->media.Stat(kCat).Wait().status().code(), Code::kNotFound);
  EXPECT_EQ(process_->Read(kCat).status().code(), Code::kNotFound);
}

TEST_F(MediaTest, UploadContinuesAfterARestart) {
  const auto upload = process_->Begin(kCat, kChunk + 3);
  ASSERT_TRUE(process_->Append(*upload, 0, Bytes(kChunk, 'a')).ok());
  Restart();
  const auto progress = process_->media.Progress(kCat.owner, *upload).Wait();
  ASSERT_TRUE(progress.ok());
  EXPECT_EQ(progress->contiguous_bytes, kChunk);
  ASSERT_TRUE(process_->Append(*upload, kChunk, "end").ok());
  ASSERT_TRUE(process_->media.Commit(kCat.owner, *upload).Wait().ok());
  EXPECT_TRUE(*process_->Read(kCat) == Bytes(kChunk, 'a') + "end");
}

TEST_F(MediaTest, ContentIsStoredOnce) {
  ASSERT_TRUE(process_->Upload(kCat, "photo").ok());
  ASSERT_TRUE(process_->Upload(kSameCat, "photo").ok());
  EXPECT_EQ(store_.content_count(), 1u);
  ASSERT_TRUE(process_->media.Delete(kCat).Wait().ok());
  EXPECT_EQ(process_->Read(kCat).status().code(), Code::kNotFound);
  EXPECT_EQ(*process_->Read(kSameCat), "photo");
  ASSERT_TRUE(process_->media.Delete(kSameCat).Wait().ok());
  EXPECT_EQ(store_.content_count(), 0u);
  ASSERT_TRUE(process_->Upload(kDog, "photo").ok());
  EXPECT_EQ(*process_->Read(kDog), "photo");
  ExpectNothingElse(1, 1);
}

TEST_F(MediaTest, CommitMayBeRepeated) {
  const auto upload = process_->Begin(kCat);
  ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
  const auto first = process_->media.Commit(kCat.owner, *upload).Wait();
  const auto second = process_->media.Commit(kCat.owner, *upload).Wait();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(process_->media.Cancel(kCat.owner, *upload).Wait().code(), Code::kConditionFailed);
  ExpectNothingElse(1, 1);
}

TEST_F(MediaTest, DeclaredSizeAndDigestAreVerified) {
  const auto other_digest = process_->Begin(kCat, 5, Sha256::Of("other"));
  ASSERT_TRUE(process_->Append(*other_digest, 0, "photo").ok());
  const auto committed = process_->media.Commit(kCat.owner, *other_digest).Wait();
  EXPECT_EQ(committed.status().code(), Code::kConditionFailed);
  EXPECT_THAT(committed.status().message(), ::testing::HasSubstr(Sha256::Of("photo").ToHex()));
  const auto incomplete = process_->Begin(kDog, kChunk * 2);
  ASSERT_TRUE(process_->Append(*incomplete, 0, Bytes(kChunk, 'a')).ok());
  EXPECT_EQ(process_->media.Commit(kDog.owner, *incomplete).Wait().status().code(),
            Code::kConditionFailed);
  EXPECT_TRUE(process_->media.Cancel(kCat.owner, *other_digest).Wait().ok());
  EXPECT_TRUE(process_->media.Cancel(kDog.owner, *incomplete).Wait().ok());
  ExpectNothingElse(0, 0);
}

TEST_F(MediaTest, UploadsOfOthersAreNotFound) {
  const auto upload = process_->Begin(kCat);
  ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
  EXPECT_EQ(process_->media.Commit(1, *upload).Wait().status().code(), Code::kNotFound);
  EXPECT_EQ(process_->media.Progress(1, *upload).Wait().status().code(), Code::kNotFound);
  EXPECT_TRUE(process_->media.Cancel(1, *upload).Wait().ok());  // there is none of his
  EXPECT_TRUE(process_->media.Commit(kCat.owner, *upload).Wait().ok());
  EXPECT_EQ(process_->media.Commit(kCat.owner, ContentId{}).Wait().status().code(),
            Code::kNotFound);
}

TEST_F(MediaTest, MediaIdsAreTakenOnce) {
  ASSERT_TRUE(process_->Upload(kCat, "photo").ok());
  for (const char* bytes : {"other", "photo"}) {
    EXPECT_EQ(process_->Upload(kCat, bytes).status().code(), Code::kConditionFailed);
    EXPECT_EQ(*process_->Read(kCat), "photo");
  }
  ExpectNothingElse(1, 1);
  EXPECT_EQ(*process_->Read(kCat), "photo");
}

// The manifest can be written by clients, the reference cannot.
TEST_F(MediaTest, ManifestWithoutAReferenceGivesNoContent) {
  const auto manifest = process_->Upload(kCat, "secret");
  ASSERT_TRUE(manifest.ok());
  MediaManifest forged = *manifest;
  forged.upload.bytes.fill(9);
  const EngineCalls engine(engine_);
  ASSERT_TRUE(engine.Write(MediaKey(66, 1), PutChange({}, Encode(forged))).Wait().status.ok());
  EXPECT_EQ(process_->Read({.owner = 66, .media = 1}).status().code(), Code::kNotFound);
}

TEST_F(MediaTest, AbandonedUploadsExpire) {
  const auto upload = process_->Begin(kCat);
  ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
  SweepAfter(limits::kUploadExpiryMillis - 1);
  EXPECT_EQ(store_.upload_count(), 1u);
  SweepAfter(1);
  EXPECT_EQ(process_->media.Commit(kCat.owner, *upload).Wait().status().code(), Code::kNotFound);
  ExpectNothingElse(0, 0);
}

TEST_F(MediaTest, EmptyContentIsContent) {
  const auto manifest = process_->Upload(kCat, "");
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_EQ(manifest->size, 0u);
  EXPECT_EQ(*process_->Read(kCat), "");
  ASSERT_TRUE(process_->media.Delete(kCat).Wait().ok());
  ExpectNothingElse(0, 0);
}

TEST_F(MediaTest, FieldsAreBoundedAndReplaceable) {
  ASSERT_TRUE(process_->Upload(kCat, "photo").ok());
  const MediaFields fields{.content_type = "image/jpeg", .name = "x", .custom = "y"};
  ASSERT_TRUE(process_->media.SetFields(kCat, fields).Wait().ok());
  EXPECT_EQ(process_->media.Stat(kCat).Wait()->fields, fields);
  EXPECT_EQ(*process_->Read(kCat), "photo");
  const MediaFields large{.content_type = Bytes(limits::kMaxMediaFieldBytes + 1, 'x')};
  EXPECT_EQ(process_->media.SetFields(kCat, large).Wait().code(), Code::kTooLarge);
  EXPECT_EQ(process_->media.Begin({.id = kDog, .fields = large}).Wait().status().code(),
            Code::kTooLarge);
  EXPECT_EQ(process_->media.SetFields(kDog, fields).Wait().code(), Code::kNotFound);
}

TEST_F(MediaTest, ListsNewestFirst) {
  for (uint64_t media = 1; media <= 5; ++media) {
    ASSERT_TRUE(process_->Upload({.owner = 42, .media = media}, "photo").ok());
  }
  const auto first = process_->media.List(42, std::nullopt, 2).Wait();
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->entries.size(), 2u);
  EXPECT_EQ(first->entries[0].media, 5u);
  EXPECT_EQ(first->entries[1].media, 4u);
  EXPECT_TRUE(first->more);
  const auto rest = process_->media.List(42, 4, 100).Wait();
  ASSERT_EQ(rest->entries.size(), 3u);
  EXPECT_EQ(rest->entries[2].media, 1u);
  EXPECT_EQ(rest->entries[2].manifest->size, 5u);
  EXPECT_FALSE(rest->more);
}

TEST_F(MediaTest, InvalidRequestsAreRejected) {
  EXPECT_EQ(process_->media.Begin({.id = kCat, .chunk_bytes = 1}).Wait().status().code(),
            Code::kInvalid);
  EXPECT_EQ(process_->Begin(kCat, ~uint64_t{0}).status().code(), Code::kTooLarge);
  ASSERT_TRUE(process_->Upload(kCat, "photo").ok());
  EXPECT_EQ(process_->media.Read(kCat, 0, 0, 0).Wait().status().code(), Code::kInvalid);
  EXPECT_EQ(process_->media.Read(kCat, 6, 1, 0).Wait().status().code(), Code::kInvalid);
  EXPECT_EQ(process_->media.Read(kCat, 0, ~uint32_t{0}, 0).Wait().status().code(), Code::kInvalid);
  EXPECT_EQ(process_->media.Delete(kDog).Wait().code(), Code::kNotFound);
  ExpectNothingElse(1, 1);
}

}  // namespace
}  // namespace smile::testing
