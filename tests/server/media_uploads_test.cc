// Uploads through a session: every reply, and every kind of bad request. After each test nothing is
// left but what it says.
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/media_handlers_fixture.h"

namespace smile {
namespace {

using ::testing::IsEmpty;

constexpr uint32_t kId = 7;
const Bytes kUnknownUpload(kUploadIdBytes, 'u');

TEST_F(MediaHandlersTest, UploadIsVisibleFromCommitOn) {
  const Bytes content = Bytes(kChunk, 'a') + "end";
  const Bytes upload = Begin(content.size(), DigestOf(content));
  EXPECT_EQ(upload.size(), kUploadIdBytes);
  Append(upload, kChunk, "end");
  const ReceivedReply half = Do<op::MediaProgress>({.owner = kOwner, .upload = upload});
  const auto progress = half.As<op::MediaProgress>();
  EXPECT_EQ(progress.chunk_bytes, kChunk);
  EXPECT_EQ(progress.received_bytes, 3u);
  EXPECT_EQ(progress.contiguous_bytes, 0u);
  ASSERT_EQ(progress.missing.size(), 1u);
  EXPECT_EQ(progress.missing[0].offset, 0u);
  EXPECT_EQ(progress.missing[0].size, kChunk);
  EXPECT_EQ(progress.size, content.size());
  Append(upload, 0, ByteView(content).substr(0, kChunk));
  ExpectError<op::MediaStat>({.owner = kOwner, .media = kCat}, Code::kNotFound, "no such media");
  ExpectError<op::MediaRead>({.owner = kOwner, .media = kCat}, Code::kNotFound, "no such media");

  const ReceivedReply committed = Do<op::MediaCommit>({.owner = kOwner, .upload = upload});
  const op::MediaInfo info = committed.As<op::MediaCommit>().info;
  EXPECT_EQ(info.media, kCat);
  EXPECT_EQ(info.size, content.size());
  EXPECT_EQ(info.sha256, DigestOf(content));
  EXPECT_EQ(info.created_ms, static_cast<uint64_t>(clock_.WallMillis()));
  EXPECT_EQ(info.content_type, "image/jpeg");
  EXPECT_EQ(info.name, "cat.jpg");
  EXPECT_EQ(info.custom, "{}");
  EXPECT_EQ(Do<op::MediaStat>({.owner = kOwner, .media = kCat}).body, committed.body);
  EXPECT_TRUE(Read(kCat) == content);
  EXPECT_EQ(Read(kCat, kChunk - 1, 2), "ae");
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, ServerChoosesIdsThatAreNotZero) {
  const ReceivedReply begun = Do<op::MediaBegin>({.owner = kOwner});
  const auto start = begun.As<op::MediaBegin>();
  EXPECT_NE(start.media, 0u);
  EXPECT_EQ(start.expires_ms,
            static_cast<uint64_t>(clock_.WallMillis()) + limits::kUploadExpiryMillis);
  Do<op::MediaCancel>({.owner = kOwner, .upload = start.upload});
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, PieceIsTakenAgainOnlyWithTheSameBytes) {
  const Bytes upload = Begin();
  Append(upload, 0, "photo");
  Append(upload, 0, "photo");
  ExpectError<op::MediaAppend>(Piece(upload, 0, "other"), Code::kConditionFailed, "other bytes");
  Do<op::MediaCommit>({.owner = kOwner, .upload = upload});
  EXPECT_EQ(Read(kCat), "photo");
  ExpectError<op::MediaAppend>(Piece(upload, 0, "photo"), Code::kNotFound, "no such upload");
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, PiecesOutsideTheContentAreRejected) {
  const Bytes upload = Begin(kChunk + 3);
  const Bytes whole(kChunk, 'a');
  // What the messages say is tested with the durable store, tests/storage/content_files_test.cc.
  const auto expect = [&](uint64_t offset, const Bytes& bytes, Code code) {
    ExpectError<op::MediaAppend>(Piece(upload, offset, bytes), code, "");
  };
  expect(kChunk, "four", Code::kInvalid);
  expect(uint64_t{kChunk} * 2, "a", Code::kInvalid);
  expect(1, "a", Code::kInvalid);
  expect(0, "", Code::kInvalid);
  expect(0, whole + "a", Code::kInvalid);
  expect(0, "short", Code::kInvalid);
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  expect(kMax, "a", Code::kInvalid);
  expect(kMax - kChunk + 1, whole, Code::kTooLarge);
  expect(uint64_t{1} << 63, "a", Code::kTooLarge);
  const Bytes large(kMaxPieceBytes + 1, 'a');
  ExpectError<op::MediaAppend>(Piece(upload, 0, large), Code::kTooLarge, "more than 1048576");
  ExpectError<op::MediaAppend>({.upload = upload, .checksum = 1, .bytes = "abc"},
                               Code::kDamagedInTransit, "do not match their checksum");
  const ReceivedReply reply = Do<op::MediaProgress>({.owner = kOwner, .upload = upload});
  EXPECT_EQ(reply.As<op::MediaProgress>().received_bytes, 0u);
  Do<op::MediaCancel>({.owner = kOwner, .upload = upload});
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, ShortPieceEndsContentOfUnknownSize) {
  const Bytes upload = Begin();
  Append(upload, uint64_t{kChunk} * 2, Bytes(kChunk, 'c'));
  ExpectError<op::MediaAppend>(Piece(upload, kChunk, "end"), Code::kInvalid, "");
  Append(upload, uint64_t{kChunk} * 3, "end");
  ExpectError<op::MediaAppend>(Piece(upload, uint64_t{kChunk} * 4, "more"), Code::kInvalid, "");
  Do<op::MediaCancel>({.owner = kOwner, .upload = upload});
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, CommitRequiresAllPieces) {
  const Bytes upload = Begin(kChunk * 2);
  ExpectError<op::MediaCommit>({.owner = kOwner, .upload = upload}, Code::kConditionFailed,
                               "pieces are missing");
  Append(upload, kChunk, Bytes(kChunk, 'b'));
  ExpectError<op::MediaCommit>({.owner = kOwner, .upload = upload}, Code::kConditionFailed,
                               "pieces are missing");
  ExpectError<op::MediaStat>({.owner = kOwner, .media = kCat}, Code::kNotFound, "no such media");
  // The upload goes on.
  Append(upload, 0, Bytes(kChunk, 'a'));
  Do<op::MediaCommit>({.owner = kOwner, .upload = upload});
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, CommitVerifiesTheDigest) {
  const Bytes upload = Begin({}, DigestOf("dog"));
  Append(upload, 0, "cat");
  for (int i = 0; i < 2; ++i) {
    ExpectError<op::MediaCommit>({.owner = kOwner, .upload = upload}, Code::kConditionFailed,
                                 Sha256::Of("cat").ToHex());
  }
  ExpectError<op::MediaStat>({.owner = kOwner, .media = kCat}, Code::kNotFound, "no such media");
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, ContentOfZeroBytes) {
  for (const std::optional<uint64_t> size :
       {std::optional<uint64_t>(), std::optional<uint64_t>(0)}) {
    const Bytes upload = Begin(size);
    Do<op::MediaCommit>({.owner = kOwner, .upload = upload});
    EXPECT_EQ(Read(kCat), "");
    Do<op::MediaDelete>({.owner = kOwner, .media = kCat});
  }
  Put(kCat, "");
  const ReceivedReply reply = Do<op::MediaStat>({.owner = kOwner, .media = kCat});
  EXPECT_EQ(reply.As<op::MediaStat>().info.size, 0u);
  EXPECT_EQ(Bytes(reply.As<op::MediaStat>().info.sha256), DigestOf(""));
  EXPECT_EQ(Read(kCat), "");
  ExpectError<op::MediaRead>({.owner = kOwner, .media = kCat, .offset = 1}, Code::kInvalid,
                             "beyond the end");
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, CommitTwiceHasTheSameReply) {
  const Bytes upload = Begin();
  Append(upload, 0, "photo");
  const Bytes first = Do<op::MediaCommit>({.owner = kOwner, .upload = upload}).body;
  clock_.AdvanceMillis(1'000);
  EXPECT_EQ(Do<op::MediaCommit>({.owner = kOwner, .upload = upload}).body, first);
  const ReceivedReply reply = Do<op::MediaProgress>({.owner = kOwner, .upload = upload});
  EXPECT_EQ(reply.As<op::MediaProgress>().contiguous_bytes, 5u);
  EXPECT_THAT(reply.As<op::MediaProgress>().missing, IsEmpty());
  ExpectError<op::MediaCancel>({.owner = kOwner, .upload = upload}, Code::kConditionFailed,
                               "delete the media record");
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, TwoCommitsAtOnceHaveTheSameReply) {
  const Bytes upload = Begin();
  Append(upload, 0, "photo");
  engine_.hold = true;
  Send(FrameOf<op::MediaCommit>(8, {.owner = kOwner, .upload = upload}));
  Send(FrameOf<op::MediaCommit>(9, {.owner = kOwner, .upload = upload}));
  ReleaseAll();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].code, Code::kOk);
  EXPECT_EQ(replies[1].code, Code::kOk);
  EXPECT_EQ(replies[0].body, replies[1].body);
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, CancelDuringCommitComesAfterIt) {
  const Bytes upload = Begin();
  Append(upload, 0, "photo");
  engine_.hold = true;
  Send(FrameOf<op::MediaCommit>(8, {.owner = kOwner, .upload = upload}));
  Send(FrameOf<op::MediaCancel>(9, {.owner = kOwner, .upload = upload}));
  ReleaseAll();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].code, Code::kOk);
  EXPECT_EQ(replies[1].code, Code::kConditionFailed);
  EXPECT_EQ(Read(kCat), "photo");
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, CommitDuringCancelFindsNoUpload) {
  const Bytes upload = Begin();
  Append(upload, 0, "photo");
  engine_.hold = true;
  Send(FrameOf<op::MediaCancel>(8, {.owner = kOwner, .upload = upload}));
  Send(FrameOf<op::MediaCommit>(9, {.owner = kOwner, .upload = upload}));
  ReleaseAll();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].code, Code::kOk);
  EXPECT_EQ(replies[1].code, Code::kNotFound);
  ExpectNoUploads();
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, UploadGoesOnAfterADisconnect) {
  const Bytes upload = Begin(kChunk + 3);
  Append(upload, 0, Bytes(kChunk, 'a'));
  Reconnect();
  Greet();
  const ReceivedReply reply = Do<op::MediaProgress>({.owner = kOwner, .upload = upload});
  EXPECT_EQ(reply.As<op::MediaProgress>().contiguous_bytes, kChunk);
  Append(upload, kChunk, "end");
  Do<op::MediaCommit>({.owner = kOwner, .upload = upload});
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, CommitOfAClientThatIsGoneIsDone) {
  const Bytes upload = Begin();
  Append(upload, 0, "photo");
  engine_.hold = true;
  Send(FrameOf<op::MediaCommit>(8, {.owner = kOwner, .upload = upload}));
  Reconnect();
  ReleaseAll();
  Greet();
  EXPECT_EQ(Read(kCat), "photo");
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, UploadOfAnotherOwnerIsNotFound) {
  const Bytes upload = Begin();
  Append(upload, 0, "photo");
  for (const auto& [owner, id] :
       {std::pair(kOwner + 1, upload), std::pair(kOwner, kUnknownUpload)}) {
    ExpectError<op::MediaProgress>({.owner = owner, .upload = id}, Code::kNotFound,
                                   "no such upload of this owner");
    ExpectError<op::MediaCommit>({.owner = owner, .upload = id}, Code::kNotFound,
                                 "no such upload of this owner");
    Do<op::MediaCancel>({.owner = owner, .upload = id});  // there is none to drop
  }
  ExpectError<op::MediaAppend>(Piece(kUnknownUpload, 0, "x"), Code::kNotFound, "no such upload");
  Do<op::MediaCommit>({.owner = kOwner, .upload = upload});
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, ExpiredUploadIsNotFound) {
  const Bytes upload = Begin();
  Append(upload, 0, "photo");
  ExpectLeft(0, 0);
  ExpectError<op::MediaProgress>({.owner = kOwner, .upload = upload}, Code::kNotFound, "expired");
  ExpectError<op::MediaCommit>({.owner = kOwner, .upload = upload}, Code::kNotFound, "expired");
}

TEST_F(MediaHandlersTest, MediaIdThatIsTakenIsRejectedAtCommit) {
  Put(kCat, "cat");
  const Bytes upload = Begin();
  Append(upload, 0, "dog");
  ExpectError<op::MediaCommit>({.owner = kOwner, .upload = upload}, Code::kConditionFailed,
                               "a media record of this id");
  EXPECT_EQ(Read(kCat), "cat");
  ExpectLeft(1, 1);
}

// --- Requests that cannot be ---------------------------------------------------------------------

TEST_F(MediaHandlersTest, LengthsOfIdsAreChecked) {
  for (const Bytes& id : {Bytes(), Bytes(15, 'x'), Bytes(17, 'x'), Bytes(100'000, 'x')}) {
    const std::string message = "upload has " + std::to_string(id.size()) + " bytes, not 16";
    ExpectError<op::MediaAppend>(Piece(id, 0, "x"), Code::kInvalid, message);
    ExpectError<op::MediaProgress>({.owner = kOwner, .upload = id}, Code::kInvalid, message);
    ExpectError<op::MediaCommit>({.owner = kOwner, .upload = id}, Code::kInvalid, message);
    ExpectError<op::MediaCancel>({.owner = kOwner, .upload = id}, Code::kInvalid, message);
  }
  for (const Bytes& sha256 : {Bytes(), Bytes(31, 'x'), Bytes(33, 'x')}) {
    const std::string message = "sha256 has " + std::to_string(sha256.size()) + " bytes, not 32";
    ExpectError<op::MediaBegin>({.owner = kOwner, .sha256 = sha256}, Code::kInvalid, message);
    ExpectError<op::MediaPut>({.owner = kOwner, .checksum = Hash64(""), .sha256 = sha256},
                              Code::kInvalid, message);
  }
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, FieldsOverTheirLimitAreTooLarge) {
  const Bytes half(limits::kMaxMediaFieldBytes / 2, 'f');
  const std::string message = "4097 bytes, more than 4096";
  Put(kCat, "cat");
  ExpectError<op::MediaBegin>({.owner = kOwner, .content_type = "x", .name = half, .custom = half},
                              Code::kTooLarge, message);
  ExpectError<op::MediaPut>(
      {.owner = kOwner, .content_type = half, .name = "x", .custom = half, .checksum = Hash64("")},
      Code::kTooLarge, message);
  ExpectError<op::MediaSet>(
      {.owner = kOwner, .media = kCat, .content_type = half, .name = half, .custom = "x"},
      Code::kTooLarge, message);
  Do<op::MediaSet>({.owner = kOwner, .media = kCat, .content_type = half, .name = half});
  ExpectError<op::MediaBegin>({.owner = kOwner, .content_type = Bytes(1'000'000, 'x')},
                              Code::kTooLarge, "1000000 bytes, more than 4096");
  ExpectLeft(1, 1);
}

// Only its length is looked at, and the connection ends.
TEST_F(MediaHandlersTest, ContentTypeOf10MegabytesIsAFrameThatIsTooLarge) {
  const Bytes frame =
      FrameOf<op::MediaBegin>(kId, {.owner = kOwner, .content_type = Bytes(10'000'000, 'x')});
  const ReceivedReply reply = Ask(frame.substr(0, kFrameHeaderBytes));
  EXPECT_EQ(reply.code, Code::kTooLarge);
  EXPECT_EQ(reply.id, 0u);
  EXPECT_TRUE(session_->finished());
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, SizesOfChunksAreChecked) {
  for (const uint32_t bytes :
       {uint32_t{0}, uint32_t{1}, kChunk - 1, kMaxPieceBytes + 1, UINT32_MAX}) {
    ExpectError<op::MediaBegin>(
        {.owner = kOwner, .chunk_bytes = bytes}, Code::kInvalid,
        "chunk_bytes is " + std::to_string(bytes) + "; it must be from 65536 to 1048576");
  }
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, SizesOverTheLimitAreTooLarge) {
  constexpr uint64_t kMostIn64KiB = limits::kMaxContentChunks * kChunk;
  for (const uint64_t size :
       {kMostIn64KiB + 1, limits::kMaxContentBytes + 1, std::numeric_limits<uint64_t>::max()}) {
    ExpectError<op::MediaBegin>({.owner = kOwner, .chunk_bytes = kChunk, .size = size},
                                Code::kTooLarge, "");
  }
  ExpectNoUploads();
  EXPECT_EQ(CountRecords(&engine_, Table::kWork), 0u);
  const Bytes upload = Begin(kMostIn64KiB);
  Do<op::MediaCancel>({.owner = kOwner, .upload = upload});
  ExpectLeft(0, 0);
}

}  // namespace
}  // namespace smile
