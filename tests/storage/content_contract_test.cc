// The contract suite of storage/content_store.h, which every content store passes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/limits.h"
#include "storage/content_store.h"
#include "tests/storage/content_contract.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Stores, ContentContract, ::testing::ValuesIn(AllStores()),
                         [](const auto& info) { return info.param.name; });

TEST_P(ContentContract, ReadsWhatWasUploaded) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{kContractChunk}, size_t{kContractChunk} * 3 + 17}) {
    const ContentId id = ContentOf(static_cast<uint8_t>(size % 251 + 1));
    const Bytes bytes = Random(size);
    ASSERT_TRUE(Upload(id, bytes).ok());
    const auto piece = content_.Read(id, 0, limits::kMaxContentReadBytes);
    ASSERT_TRUE(piece.ok()) << piece.status().ToString();
    EXPECT_TRUE(piece->bytes == bytes);
    EXPECT_EQ(piece->checksum, Hash64(bytes));
    EXPECT_EQ(piece->content_size, size);
    const auto info = content_.Stat(id);
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(*info, (ContentInfo{.sha256 = Sha256::Of(bytes), .size = size}));
  }
}

TEST_P(ContentContract, HashesBytesOfAnyLength) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{65'536}, size_t{65'537}, size_t{500'000}}) {
    const Bytes bytes = Random(size);
    const Result<Sha256Digest> digest = content_.Hash(bytes);
    ASSERT_TRUE(digest.ok());
    EXPECT_EQ(*digest, Sha256::Of(bytes)) << size;
  }
}

TEST_P(ContentContract, ReadsAnyRange) {
  const Bytes bytes = Random(size_t{kContractChunk} * 2 + 100);
  ASSERT_TRUE(Upload(ContentOf(1), bytes).ok());
  const std::vector<ByteRange> ranges = {{0, 1},
                                         {kContractChunk - 1, 2},
                                         {kContractChunk, kContractChunk},
                                         {kContractChunk * 2, 100},
                                         {kContractChunk * 2 + 50, 1000},
                                         {1, kContractChunk * 2},
                                         {bytes.size(), 1}};
  for (const auto& [offset, size] : ranges) {
    const auto piece = content_.Read(ContentOf(1), offset, static_cast<uint32_t>(size));
    ASSERT_TRUE(piece.ok()) << offset << ": " << piece.status().ToString();
    EXPECT_TRUE(piece->bytes == bytes.substr(offset, size)) << offset;
    EXPECT_EQ(piece->checksum, Hash64(piece->bytes));
  }
  EXPECT_EQ(content_.Read(ContentOf(1), bytes.size() + 1, 1).status().code(), Code::kInvalid);
  EXPECT_EQ(content_.Read(ContentOf(2), 0, 1).status().code(), Code::kNotFound);
}

TEST_P(ContentContract, PiecesArriveInAnyOrder) {
  const Bytes bytes = Random(size_t{kContractChunk} * 9 + 5);
  ASSERT_TRUE(
      content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk, .size = bytes.size()})
          .ok());
  for (const size_t chunk : {9, 3, 0, 1, 8, 2, 7, 4, 6, 5}) {
    EXPECT_EQ(content_.Seal(ContentOf(1)).code(), Code::kConditionFailed);
    ASSERT_TRUE(content_
                    .Append(ContentOf(1), chunk * kContractChunk,
                            bytes.substr(chunk * kContractChunk, kContractChunk))
                    .ok());
  }
  const auto info = content_.Digest(ContentOf(1));
  ASSERT_TRUE(info.ok()) << info.status().ToString();
  EXPECT_EQ(*info, (ContentInfo{.sha256 = Sha256::Of(bytes), .size = bytes.size()}));
  ASSERT_TRUE(content_.Seal(ContentOf(1)).ok());
  EXPECT_TRUE(content_.Read(ContentOf(1), 0, limits::kMaxContentReadBytes)->bytes == bytes);
}

TEST_P(ContentContract, PiecesArriveFromManyCallers) {
  const Bytes bytes = Random(size_t{kContractChunk} * 16);
  ASSERT_TRUE(
      content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk, .size = bytes.size()})
          .ok());
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (size_t chunk = caller; chunk < 16; chunk += 4) {
        EXPECT_TRUE(content_
                        .Append(ContentOf(1), chunk * kContractChunk,
                                bytes.substr(chunk * kContractChunk, kContractChunk))
                        .ok());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(content_.Digest(ContentOf(1))->sha256, Sha256::Of(bytes));
}

TEST_P(ContentContract, RepeatedPieceIsAcceptedAndAnotherRejected) {
  const Bytes piece = Random(kContractChunk);
  ASSERT_TRUE(content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk}).ok());
  ASSERT_TRUE(content_.Append(ContentOf(1), kContractChunk, piece).ok());
  EXPECT_TRUE(content_.Append(ContentOf(1), kContractChunk, piece).ok());
  EXPECT_EQ(content_.Append(ContentOf(1), kContractChunk, Random(kContractChunk)).code(),
            Code::kConditionFailed);
  EXPECT_EQ(content_.Progress(ContentOf(1))->received_bytes, kContractChunk);
}

TEST_P(ContentContract, RejectsPiecesThatDoNotFit) {
  ASSERT_TRUE(
      content_
          .Begin(
              {.id = ContentOf(1), .chunk_bytes = kContractChunk, .size = kContractChunk * 2 + 10})
          .ok());
  const auto append = [&](uint64_t offset, size_t size) {
    return content_.Append(ContentOf(1), offset, Bytes(size, 'x')).code();
  };
  EXPECT_EQ(append(1, kContractChunk), Code::kInvalid);
  EXPECT_EQ(append(0, 0), Code::kInvalid);
  EXPECT_EQ(append(0, kContractChunk + 1), Code::kInvalid);
  EXPECT_EQ(append(0, kContractChunk - 1), Code::kInvalid);
  EXPECT_EQ(append(kContractChunk * 2, 11), Code::kInvalid);
  EXPECT_EQ(append(kContractChunk * 2, 9), Code::kInvalid);
  EXPECT_EQ(append(kContractChunk * 3, 1), Code::kInvalid);
  const uint64_t last_offset = ~uint64_t{0} / kContractChunk * kContractChunk;
  EXPECT_EQ(append(last_offset, kContractChunk), Code::kTooLarge);
  EXPECT_EQ(append(limits::kMaxContentChunks * kContractChunk, kContractChunk), Code::kTooLarge);
  EXPECT_EQ(append(kContractChunk * 2, 10), Code::kOk);
  EXPECT_EQ(content_.Append(ContentOf(2), 0, "x").code(), Code::kNotFound);
}

TEST_P(ContentContract, ShortPieceEndsContentOfUnknownSize) {
  ASSERT_TRUE(content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk}).ok());
  ASSERT_TRUE(content_.Append(ContentOf(1), kContractChunk, Bytes(kContractChunk, 'b')).ok());
  EXPECT_EQ(content_.Append(ContentOf(1), 0, "short").code(), Code::kInvalid);
  ASSERT_TRUE(content_.Append(ContentOf(1), kContractChunk * 2, "end").ok());
  EXPECT_EQ(content_.Append(ContentOf(1), kContractChunk * 3, "more").code(), Code::kInvalid);
  EXPECT_EQ(content_.Progress(ContentOf(1))->spec.size, kContractChunk * 2 + 3);
  EXPECT_EQ(content_.Seal(ContentOf(1)).code(), Code::kConditionFailed);
  ASSERT_TRUE(content_.Append(ContentOf(1), 0, Bytes(kContractChunk, 'a')).ok());
  ASSERT_TRUE(content_.Seal(ContentOf(1)).ok());
  EXPECT_EQ(content_.Stat(ContentOf(1))->size, kContractChunk * 2 + 3);
}

TEST_P(ContentContract, ContentOfUnknownSizeMayEndWithAWholeChunk) {
  ASSERT_TRUE(content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk}).ok());
  ASSERT_TRUE(content_.Append(ContentOf(1), 0, Bytes(kContractChunk, 'a')).ok());
  ASSERT_TRUE(content_.Append(ContentOf(1), kContractChunk, Bytes(kContractChunk, 'b')).ok());
  ASSERT_TRUE(content_.Seal(ContentOf(1)).ok());
  EXPECT_EQ(content_.Stat(ContentOf(1))->size, kContractChunk * 2);
}

TEST_P(ContentContract, ProgressTellsWhatIsMissing) {
  ASSERT_TRUE(
      content_
          .Begin(
              {.id = ContentOf(1), .chunk_bytes = kContractChunk, .size = kContractChunk * 6 + 1})
          .ok());
  EXPECT_THAT(content_.Progress(ContentOf(1))->missing,
              ElementsAre(ByteRange{0, kContractChunk * 6 + 1}));
  for (const uint64_t chunk : {0, 1, 4}) {
    ASSERT_TRUE(
        content_.Append(ContentOf(1), chunk * kContractChunk, Bytes(kContractChunk, 'x')).ok());
  }
  const auto progress = content_.Progress(ContentOf(1));
  ASSERT_TRUE(progress.ok());
  EXPECT_EQ(progress->received_bytes, kContractChunk * 3);
  EXPECT_EQ(progress->contiguous_bytes, kContractChunk * 2);
  EXPECT_THAT(progress->missing, ElementsAre(ByteRange{kContractChunk * 2, kContractChunk * 2},
                                             ByteRange{kContractChunk * 5, kContractChunk + 1}));
  EXPECT_EQ(content_.Progress(ContentOf(2)).status().code(), Code::kNotFound);
}

TEST_P(ContentContract, BeginMayBeRepeated) {
  const UploadSpec spec{
      .id = ContentOf(1), .chunk_bytes = kContractChunk, .size = kContractChunk * 2};
  ASSERT_TRUE(content_.Begin(spec).ok());
  ASSERT_TRUE(content_.Append(ContentOf(1), 0, Bytes(kContractChunk, 'x')).ok());
  EXPECT_TRUE(content_.Begin(spec).ok());
  EXPECT_EQ(content_.Progress(ContentOf(1))->received_bytes, kContractChunk);
  EXPECT_EQ(content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk, .size = 1}).code(),
            Code::kConditionFailed);
  EXPECT_EQ(content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk * 2}).code(),
            Code::kConditionFailed);
}

TEST_P(ContentContract, RejectsContentThatIsTooLarge) {
  for (const uint64_t size : {limits::kMaxContentBytes + 1,
                              kContractChunk * limits::kMaxContentChunks + 1, ~uint64_t{0}}) {
    EXPECT_EQ(
        content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk, .size = size}).code(),
        Code::kTooLarge);
  }
  EXPECT_EQ(content_.Progress(ContentOf(1)).status().code(), Code::kNotFound);
}

TEST_P(ContentContract, SealAndDeleteMayBeRepeated) {
  ASSERT_TRUE(Upload(ContentOf(1), "photo").ok());
  EXPECT_TRUE(content_.Seal(ContentOf(1)).ok());
  EXPECT_EQ(content_.Append(ContentOf(1), 0, "photo").code(), Code::kNotFound);
  EXPECT_TRUE(content_.Delete(ContentOf(1)).ok());
  EXPECT_TRUE(content_.Delete(ContentOf(1)).ok());
  EXPECT_EQ(content_.Read(ContentOf(1), 0, 1).status().code(), Code::kNotFound);
  EXPECT_EQ(content_.Stat(ContentOf(1)).status().code(), Code::kNotFound);
  EXPECT_EQ(content_.Seal(ContentOf(1)).code(), Code::kNotFound);
}

TEST_P(ContentContract, CancelDropsOnlyAnUpload) {
  ASSERT_TRUE(Upload(ContentOf(1), "photo").ok());
  ASSERT_TRUE(content_.Begin({.id = ContentOf(2), .chunk_bytes = kContractChunk}).ok());
  for (const uint8_t id : {1, 2, 3}) EXPECT_TRUE(content_.Cancel(ContentOf(id)).ok());
  EXPECT_EQ(content_.Read(ContentOf(1), 0, 10)->bytes, "photo");
  EXPECT_EQ(content_.Progress(ContentOf(2)).status().code(), Code::kNotFound);
}

TEST_P(ContentContract, DeleteDropsAnUpload) {
  ASSERT_TRUE(content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk}).ok());
  ASSERT_TRUE(content_.Append(ContentOf(1), 0, Bytes(kContractChunk, 'x')).ok());
  ASSERT_TRUE(content_.Delete(ContentOf(1)).ok());
  EXPECT_EQ(content_.Progress(ContentOf(1)).status().code(), Code::kNotFound);
  EXPECT_EQ(content_.Digest(ContentOf(1)).status().code(), Code::kNotFound);
}

TEST_P(ContentContract, ManyUploadsAreOpenAtTheSameTime) {
  constexpr size_t kUploads = limits::kMaxOpenUploads + 20;
  std::vector<ContentId> ids(kUploads);
  for (ContentId& id : ids) {
    const Bytes bytes = Random(id.bytes.size());
    std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
    ASSERT_TRUE(content_.Begin({.id = id, .chunk_bytes = kContractChunk}).ok());
    ASSERT_TRUE(content_.Append(id, kContractChunk, id.ToHex()).ok());
  }
  for (const ContentId& id : ids) {
    ASSERT_TRUE(content_.Append(id, 0, Bytes(kContractChunk, 'x')).ok());
    ASSERT_TRUE(content_.Seal(id).ok());
  }
  for (const ContentId& id : ids)
    EXPECT_EQ(content_.Read(id, kContractChunk, 100)->bytes, id.ToHex());
}

TEST_P(ContentContract, AnswersShuttingDownAfterClose) {
  ASSERT_TRUE(Upload(ContentOf(1), "photo").ok());
  store_->Close();
  EXPECT_EQ(content_.Begin({.id = ContentOf(2)}).code(), Code::kShuttingDown);
  EXPECT_EQ(content_.Put("x").status().code(), Code::kShuttingDown);
  EXPECT_EQ(content_.FindDoubtful().status().code(), Code::kShuttingDown);
  EXPECT_EQ(content_.Append(ContentOf(2), 0, "x").code(), Code::kShuttingDown);
  EXPECT_EQ(content_.Read(ContentOf(1), 0, 1).status().code(), Code::kShuttingDown);
  EXPECT_EQ(content_.Delete(ContentOf(1)).code(), Code::kShuttingDown);
}

// Else a piece that comes between Digest and Seal would make content of another digest.
TEST_P(ContentContract, DigestEndsTheContent) {
  const Bytes chunk = Random(kContractChunk);
  ASSERT_TRUE(content_.Begin({.id = ContentOf(1), .chunk_bytes = kContractChunk}).ok());
  ASSERT_TRUE(content_.Append(ContentOf(1), 0, chunk).ok());
  const auto info = content_.Digest(ContentOf(1));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(content_.Append(ContentOf(1), kContractChunk, "more").code(), Code::kInvalid);
  EXPECT_TRUE(content_.Append(ContentOf(1), 0, chunk).ok());
  EXPECT_EQ(content_.Progress(ContentOf(1))->spec.size, kContractChunk);
  ASSERT_TRUE(content_.Seal(ContentOf(1)).ok());
  EXPECT_EQ(content_.Stat(ContentOf(1))->size, info->size);
}

TEST_P(ContentContract, ListsSealedContentInOrder) {
  EXPECT_THAT(*content_.List({}, 10), IsEmpty());
  for (const uint8_t number : {uint8_t{3}, uint8_t{1}, uint8_t{254}}) {
    ASSERT_TRUE(Upload(ContentOf(number), "bytes").ok());
  }
  ASSERT_TRUE(
      content_.Begin({.id = ContentOf(2), .chunk_bytes = kContractChunk}).ok());  // not sealed
  EXPECT_THAT(*content_.List({}, 10), ElementsAre(ContentOf(1), ContentOf(3), ContentOf(254)));
  EXPECT_THAT(*content_.List({}, 2), ElementsAre(ContentOf(1), ContentOf(3)));
  EXPECT_THAT(*content_.List(ContentOf(1), 10), ElementsAre(ContentOf(3), ContentOf(254)));
  EXPECT_THAT(*content_.List(ContentOf(254), 10), IsEmpty());
  ASSERT_TRUE(content_.Delete(ContentOf(3)).ok());
  EXPECT_THAT(*content_.List({}, 10), ElementsAre(ContentOf(1), ContentOf(254)));
}

}  // namespace
}  // namespace smile::testing
