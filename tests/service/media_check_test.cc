// What a check of media finds, and what it does not touch.
#include "service/media/media_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/service/media_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MediaCheckTest : public MediaTest {
 protected:
  // A whole check.
  MediaCheckPage Check(bool repair = false) {
    MediaCheckPage whole;
    Bytes continuation;
    do {
      MediaCheckRequest request{.continuation = continuation, .read_bytes = true, .repair = repair};
      const Result<MediaCheckPage> page = process_->media.Check(std::move(request)).Wait();
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      if (!page.ok()) return whole;
      whole.media_records += page->media_records;
      whole.references += page->references;
      whole.contents += page->contents;
      whole.files += page->files;
      whole.read_bytes += page->read_bytes;
      whole.findings.insert(whole.findings.end(), page->findings.begin(), page->findings.end());
      continuation = page->continuation;
    } while (!continuation.empty());
    return whole;
  }
  std::vector<MediaFault> Faults(bool repair = false) {
    std::vector<MediaFault> faults;
    for (const MediaFinding& finding : Check(repair).findings) {
      EXPECT_EQ(finding.repaired, repair && finding.fault >= MediaFault::kNoMediaRecord);
      faults.push_back(finding.fault);
    }
    return faults;
  }
  MediaManifest Put(MediaId id, const Bytes& bytes) {
    PutMedia put{.id = id, .bytes = bytes, .checksum = Hash64(bytes)};
    const auto stored = process_->media.Put(std::move(put)).Wait();
    EXPECT_TRUE(stored.ok()) << stored.status().ToString();
    return stored->manifest;
  }
  MediaManifest Upload(MediaId id, const Bytes& bytes) {
    const auto manifest = process_->Upload(id, bytes);
    EXPECT_TRUE(manifest.ok()) << manifest.status().ToString();
    return *manifest;
  }
  void Delete(const Key& key) {
    ASSERT_TRUE(records_.Write(key, DeleteChange({})).Wait().status.ok());
  }
  void Overwrite(const Key& key, Bytes value) {
    ASSERT_TRUE(records_.Write(key, PutChange({}, std::move(value))).Wait().status.ok());
  }

  const EngineCalls records_{engine_};
};

TEST_F(MediaCheckTest, NothingIsFoundWhereNothingIsWrong) {
  const Bytes large(kChunk * 3 + 1, 'x');
  Upload(kCat, large);
  Upload(kSameCat, large);
  Put(kDog, "small");
  ASSERT_TRUE(process_->Begin({.owner = 1, .media = 1}).ok());
  const MediaCheckPage page = Check();
  EXPECT_THAT(page.findings, IsEmpty());
  EXPECT_EQ(page.media_records, 3u);
  EXPECT_EQ(page.references, 3u);
  EXPECT_EQ(page.contents, 2u);
  EXPECT_EQ(page.files, 1u);
  EXPECT_EQ(page.read_bytes, large.size() + 5);
}

TEST_F(MediaCheckTest, ManyRecordsOfManyOwnersAreVerified) {
  constexpr uint64_t kOwners = 5;
  constexpr uint64_t kEach = limits::kCheckedMediaRecords + 3;
  for (uint64_t owner = 0; owner < kOwners; ++owner) {
    for (uint64_t media = 1; media <= kEach; ++media) Put({owner, media}, "same");
  }
  const MediaCheckPage page = Check();
  EXPECT_THAT(page.findings, IsEmpty());
  EXPECT_EQ(page.media_records, kOwners * kEach);
  EXPECT_EQ(page.references, kOwners * kEach);
  EXPECT_EQ(page.contents, 1u);
}

TEST_F(MediaCheckTest, ContentLongerThanOneRequestIsReadToItsEnd) {
  const Bytes large(limits::kCheckedContentBytes + limits::kMaxContentReadBytes + 1, 'x');
  Upload(kCat, large);
  const MediaCheckPage page = Check();
  EXPECT_THAT(page.findings, IsEmpty());
  EXPECT_EQ(page.read_bytes, large.size());
  EXPECT_EQ(page.contents, 1u);
}

TEST_F(MediaCheckTest, MissingReferencesAreFound) {
  const MediaManifest manifest = Put(kCat, "photo");
  Put(kSameCat, "photo");
  Delete(ReferenceKey(manifest.sha256, manifest.upload));
  EXPECT_THAT(Faults(), ElementsAre(MediaFault::kNoReference));
  EXPECT_THAT(Faults(/*repair=*/true), ElementsAre(MediaFault::kNoReference));
}

TEST_F(MediaCheckTest, MissingBytesAreFound) {
  const MediaManifest small = Put(kCat, "photo");
  const MediaManifest large = Upload(kDog, Bytes(kChunk + 1, 'x'));
  Delete(SmallContentKey(small.content.id));
  store_.Delete(large.content.id, [](const Status& status) { ASSERT_TRUE(status.ok()); });
  EXPECT_THAT(Faults(), ElementsAre(MediaFault::kNoBytes, MediaFault::kNoBytes));
}

TEST_F(MediaCheckTest, OtherBytesAreFound) {
  const MediaManifest manifest = Put(kCat, "photo");
  Overwrite(SmallContentKey(manifest.content.id), "other");
  EXPECT_THAT(Faults(), ElementsAre(MediaFault::kDamagedBytes));
}

TEST_F(MediaCheckTest, DamagedRecordsAreFound) {
  const MediaManifest manifest = Put(kCat, "photo");
  Put(kSameCat, "photo");
  Overwrite(MediaKey(kCat.owner, kCat.media), "junk");
  Overwrite(HeadKey(manifest.sha256), "junk");
  EXPECT_THAT(Faults(), ElementsAre(MediaFault::kDamagedRecord, MediaFault::kDamagedRecord,
                                    MediaFault::kDamagedRecord));
}

TEST_F(MediaCheckTest, ReferencesWithoutAMediaRecordAreReleased) {
  Put(kCat, "photo");
  Put(kSameCat, "photo");
  Delete(MediaKey(kCat.owner, kCat.media));
  EXPECT_THAT(Faults(), ElementsAre(MediaFault::kNoMediaRecord));
  EXPECT_THAT(Faults(/*repair=*/true), ElementsAre(MediaFault::kNoMediaRecord));
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_EQ(*process_->Read(kSameCat), "photo");
  ExpectNothingElse(1, 1);
}

TEST_F(MediaCheckTest, ContentWithoutReferencesIsDeleted) {
  const MediaManifest small = Put(kCat, "photo");
  const MediaManifest large = Upload(kDog, Bytes(kChunk + 1, 'x'));
  for (const MediaManifest& manifest : {small, large}) {
    Delete(ReferenceKey(manifest.sha256, manifest.upload));
  }
  Delete(MediaKey(kCat.owner, kCat.media));
  Delete(MediaKey(kDog.owner, kDog.media));
  EXPECT_THAT(Faults(/*repair=*/true),
              ElementsAre(MediaFault::kUnusedContent, MediaFault::kUnusedContent));
  EXPECT_THAT(Faults(), IsEmpty());
  ExpectNothingElse(0, 0);
}

TEST_F(MediaCheckTest, FilesThatAreNoContentAreDeleted) {
  const MediaManifest manifest = Upload(kCat, Bytes(kChunk + 1, 'x'));
  Delete(ReferenceKey(manifest.sha256, manifest.upload));
  Delete(HeadKey(manifest.sha256));
  Delete(MediaKey(kCat.owner, kCat.media));
  EXPECT_THAT(Faults(), IsEmpty()) << "its upload is remembered: it may be in progress";
  SweepAfter(limits::kUploadExpiryMillis + 1);
  EXPECT_THAT(Faults(/*repair=*/true), ElementsAre(MediaFault::kUnknownFile));
  EXPECT_EQ(store_.content_count(), 0u);
}

TEST_F(MediaCheckTest, ForeignContinuationsAreRejected) {
  for (const Bytes& token : {Bytes("x"), Bytes("\1"), Bytes(30, '\2'), Bytes(12, '\0')}) {
    MediaCheckRequest request{.continuation = token};
    EXPECT_EQ(process_->media.Check(std::move(request)).Wait().status().code(), Code::kInvalid);
  }
}

}  // namespace
}  // namespace smile::testing
