#include "service/media/media_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "model/time_ordered_id.h"
#include "tests/service/media_fixture.h"

namespace smile::testing {
namespace {

TEST_F(MediaTest, UploadedMediaIsReadBack) {
  const Bytes bytes = Bytes(kChunk, 'a') + "end";
  const auto manifest = process_->Upload(kCat, bytes);
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_EQ(manifest->size, bytes.size());
  EXPECT_EQ(manifest->sha256, Sha256::Of(bytes));
  EXPECT_EQ(manifest->fields.content_type, "image/png");
  EXPECT_EQ(*process_->media.Stat(kCat).Wait(), *manifest);
  EXPECT_TRUE(*process_->Read(kCat) == bytes);
  const auto range = process_->media.Read(kCat, kChunk - 1, 3, {}).Wait();
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

TEST_F(MediaTest, SmallMediaAreOneWrite) {
  const int64_t before = process_->budget.used();
  const auto manifest = process_->Put(kCat, "small photo");
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_EQ(process_->budget.used() - before, 2);  // the digest, and the write
  EXPECT_EQ(manifest->sha256, Sha256::Of("small photo"));
  EXPECT_EQ(manifest->content.place, ContentPlace::kRecord);
  EXPECT_EQ(*process_->media.Stat(kCat).Wait(), *manifest);
  EXPECT_EQ(*process_->Read(kCat), "small photo");
  EXPECT_EQ(store_.content_count(), 0u);
  EXPECT_EQ(Records(Table::kBlobs), 1u);
  ExpectNothingElse(1, 1);
}

TEST_F(MediaTest, RangesOfSmallMediaAreRead) {
  ASSERT_TRUE(process_->Put(kCat, "0123456789").ok());
  const auto read = [&](uint64_t offset, uint32_t size) -> Bytes {
    const auto piece = process_->media.Read(kCat, offset, size, {}).Wait();
    if (!piece.ok()) return "(" + std::string(InfoOf(piece.status().code()).name) + ")";
    EXPECT_EQ(piece->checksum, Hash64(piece->bytes));
    EXPECT_EQ(piece->content_size, 10u);
    return piece->bytes;
  };
  EXPECT_EQ(read(0, 10), "0123456789");
  EXPECT_EQ(read(0, 1000), "0123456789");
  EXPECT_EQ(read(0, 3), "012");
  EXPECT_EQ(read(4, 3), "456");
  EXPECT_EQ(read(8, 1000), "89");
  EXPECT_EQ(read(10, 1), "");
  EXPECT_EQ(read(11, 1), "(invalid)");
  EXPECT_EQ(read(~uint64_t{0}, 1), "(invalid)");
}

TEST_F(MediaTest, PutMayBeRepeated) {
  const auto first = process_->Put(kCat, "photo");
  clock_.AdvanceMillis(1);
  const auto second = process_->Put(kCat, "photo");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(process_->Put(kCat, "other").status().code(), Code::kConditionFailed);
  EXPECT_EQ(*process_->Read(kCat), "photo");
  ExpectNothingElse(1, 1);
}

TEST_F(MediaTest, PutVerifiesTheDeclaredDigest) {
  const auto put = [&](std::optional<Sha256Digest> sha256) {
    return process_->media
        .Put({.id = kCat, .bytes = "photo", .checksum = Hash64("photo"), .sha256 = sha256})
        .Wait()
        .status()
        .code();
  };
  EXPECT_EQ(put(Sha256::Of("other")), Code::kConditionFailed);
  ExpectNothingElse(0, 0);
  EXPECT_EQ(put(Sha256::Of("photo")), Code::kOk);
}

// Whichever way it came first.
TEST_F(MediaTest, SmallContentIsStoredOnce) {
  for (const bool put_first : {true, false}) {
    ASSERT_TRUE((put_first ? process_->Put(kCat, "photo") : process_->Upload(kCat, "photo")).ok());
    ASSERT_TRUE(process_->Put(kSameCat, "photo").ok());
    ASSERT_TRUE(process_->Upload(kDog, "photo").ok());
    EXPECT_EQ(Contents(), 1u);
    EXPECT_EQ(store_.content_count(), put_first ? 0u : 1u);
    for (const MediaId& id : {kCat, kDog, kSameCat}) {
      EXPECT_EQ(*process_->Read(id), "photo");
      ASSERT_TRUE(process_->media.Delete(id).Wait().ok());
      EXPECT_EQ(process_->Read(id).status().code(), Code::kNotFound);
    }
    ExpectNothingElse(0, 0);
  }
}

TEST_F(MediaTest, DeleteOfSmallMediaIsOneWrite) {
  ASSERT_TRUE(process_->Put(kCat, "photo").ok());
  const int64_t before = process_->budget.used();
  ASSERT_TRUE(process_->media.Delete(kCat).Wait().ok());
  EXPECT_EQ(process_->budget.used() - before, 2);  // a look for references, and the write
  ExpectNothingElse(0, 0);
}

TEST_F(MediaTest, CommitMayBeRepeated) {
  const auto upload = process_->Begin(kCat);
  ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
  const auto first = process_->media.Commit(kCat.owner, *upload).Wait();
  const auto second = process_->media.Commit(kCat.owner, *upload).Wait();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->id, kCat);
  EXPECT_EQ(second->id, kCat);
  EXPECT_EQ(first->manifest, second->manifest);
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

// As after a disk error. It is not as if there were no such record.
TEST_F(MediaTest, LostContentIsCorrupt) {
  for (const bool small : {false, true}) {
    auto manifest = small ? process_->Put(kCat, "small") : process_->Upload(kCat, "large");
    ASSERT_TRUE(manifest.ok());
    manifest->content.id.bytes.fill(9);
    const EngineCalls engine(engine_);
    const Key key = MediaKey(kCat.owner, kCat.media);
    ASSERT_TRUE(engine.Write(key, PutChange({}, Encode(*manifest))).Wait().status.ok());
    EXPECT_EQ(process_->Read(kCat).status().code(), Code::kCorrupt);
    EXPECT_TRUE(process_->media.Delete(kCat).Wait().ok());
    EXPECT_EQ(process_->Read(kCat).status().code(), Code::kNotFound);
  }
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
  const auto first = process_->media.List({.owner = 42, .limit = 2}).Wait();
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->entries.size(), 2u);
  EXPECT_EQ(first->entries[0].media, 5u);
  EXPECT_EQ(first->entries[1].media, 4u);
  EXPECT_TRUE(first->more);
  const auto rest =
      process_->media.List({.owner = 42, .after = PartitionOf(4), .limit = 100}).Wait();
  ASSERT_EQ(rest->entries.size(), 3u);
  EXPECT_EQ(rest->entries[2].media, 1u);
  EXPECT_EQ(rest->entries[2].manifest.size, 5u);
  EXPECT_FALSE(rest->more);
}

TEST_F(MediaTest, WhatCannotBeReadIsListed) {
  ASSERT_TRUE(process_->Upload({.owner = 42, .media = 1}, "photo").ok());
  const EngineCalls engine(engine_);
  ASSERT_TRUE(engine.Write(MediaKey(42, 2), PutChange({}, "junk")).Wait().status.ok());
  const auto page = process_->media.List({.owner = 42, .limit = 10}).Wait();
  ASSERT_EQ(page->entries.size(), 2u);
  EXPECT_EQ(page->entries[0].outcome, ScanPage::Outcome::kCorrupt);
  EXPECT_EQ(page->entries[0].media, 2u);
  EXPECT_EQ(page->entries[1].outcome, ScanPage::Outcome::kFound);
}

TEST_F(MediaTest, ServiceChoosesIdsInTheOrderOfTime) {
  const auto first = process_->Begin({.owner = 42});
  clock_.AdvanceMillis(1);
  ASSERT_TRUE(process_->Append(*first, 0, "photo").ok());
  const auto old = process_->media.Commit(42, *first).Wait();
  ASSERT_TRUE(old.ok());
  const auto later =
      process_->media.Put({.id = {.owner = 42}, .bytes = "b", .checksum = Hash64("b")}).Wait();
  ASSERT_TRUE(later.ok());
  EXPECT_LT(old->id.media, later->id.media);
  EXPECT_EQ(MillisOfId(later->id.media), clock_.WallMillis());
  EXPECT_EQ(*process_->Read(later->id), "b");
}

TEST_F(MediaTest, FieldsOfContentThatIsPutAtOnceAreKept) {
  const MediaFields fields{.content_type = "image/jpeg", .name = "cat.jpg", .custom = "c"};
  const auto put =
      process_->media
          .Put({.id = kCat, .fields = fields, .bytes = "photo", .checksum = Hash64("photo")})
          .Wait();
  ASSERT_TRUE(put.ok());
  EXPECT_EQ(process_->media.Stat(kCat).Wait()->fields, fields);
}

TEST_F(MediaTest, InvalidRequestsAreRejected) {
  EXPECT_EQ(process_->media.Begin({.id = kCat, .chunk_bytes = 1}).Wait().status().code(),
            Code::kInvalid);
  EXPECT_EQ(process_->Begin(kCat, ~uint64_t{0}).status().code(), Code::kTooLarge);
  ASSERT_TRUE(process_->Upload(kCat, "photo").ok());
  EXPECT_EQ(process_->media.Read(kCat, 0, 0, {}).Wait().status().code(), Code::kInvalid);
  EXPECT_EQ(process_->media.Read(kCat, 6, 1, {}).Wait().status().code(), Code::kInvalid);
  EXPECT_EQ(process_->media.Read(kCat, 0, ~uint32_t{0}, {}).Wait().status().code(), Code::kInvalid);
  EXPECT_EQ(process_->media.Delete(kDog).Wait().code(), Code::kNotFound);
  ExpectNothingElse(1, 1);
}

TEST_F(MediaTest, UploadExpiresAlsoIfTheClockWasSetBack) {
  const auto upload = process_->Begin(kCat);
  ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
  const WorkItem item{
      .due_ms = static_cast<uint64_t>(clock_.WallMillis()) + limits::kUploadExpiryMillis,
      .id = upload->bytes,
      .kind = WorkKind::kUpload,
      .payload = {}};
  // The item was found to be due, and then the clock was set back: it is done all the same, since
  // there is no other.
  EXPECT_TRUE(process_->media.Finish(item).Wait().ok());
  EXPECT_EQ(store_.upload_count(), 0u);
  EXPECT_EQ(Records(Table::kUploads), 0u);
}

}  // namespace
}  // namespace smile::testing
