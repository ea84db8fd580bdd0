// Media records and content that is stored at once, through a session; as media_uploads_test.cc.
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/media_handlers_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// --- Content that is stored at once --------------------------------------------------------------

TEST_F(MediaHandlersTest, PutMayBeRepeatedWithTheSameContent) {
  const auto put = [](ByteView bytes) {
    return op::MediaPut::Request{.owner = kOwner,
                                 .media = kCat,
                                 .content_type = "image/png",
                                 .checksum = Hash64(bytes),
                                 .bytes = bytes};
  };
  const Bytes first = Do<op::MediaPut>(put("cat")).body;
  EXPECT_EQ(Do<op::MediaStat>({.owner = kOwner, .media = kCat}).body, first);
  ExpectError<op::MediaPut>(put("dog"), Code::kConditionFailed, "a media record of this id");
  EXPECT_EQ(Read(kCat), "cat");
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, BadPutLeavesNothing) {
  ExpectError<op::MediaPut>({.owner = kOwner, .media = kCat, .checksum = 1, .bytes = "cat"},
                            Code::kDamagedInTransit, "do not match their checksum");
  const Bytes large(kMaxPieceBytes + 1, 'x');
  ExpectError<op::MediaPut>(
      {.owner = kOwner, .media = kCat, .checksum = Hash64(large), .bytes = large}, Code::kTooLarge,
      "begin an upload instead");
  ExpectError<op::MediaPut>({.owner = kOwner,
                             .media = kCat,
                             .checksum = Hash64("cat"),
                             .bytes = "cat",
                             .sha256 = DigestOf("dog")},
                            Code::kConditionFailed, Sha256::Of("cat").ToHex());
  ExpectError<op::MediaStat>({.owner = kOwner, .media = kCat}, Code::kNotFound, "no such media");
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, ContentIsStoredOnce) {
  const Bytes largest(kMaxPieceBytes, 'x');
  Put(1, largest);
  Put(2, largest);
  Put(1, largest, kOwner + 1);
  ExpectLeft(3, 1);
  Do<op::MediaDelete>({.owner = kOwner, .media = 1});
  Do<op::MediaDelete>({.owner = kOwner + 1, .media = 1});
  EXPECT_TRUE(Read(2) == largest);
  ExpectLeft(1, 1);
  Do<op::MediaDelete>({.owner = kOwner, .media = 2});
  ExpectLeft(0, 0);
}

// --- Media records -------------------------------------------------------------------------------

TEST_F(MediaHandlersTest, UnknownMediaAreNotFound) {
  for (const uint64_t media : {uint64_t{0}, kCat, std::numeric_limits<uint64_t>::max()}) {
    ExpectError<op::MediaStat>({.owner = kOwner, .media = media}, Code::kNotFound, "no such media");
    ExpectError<op::MediaRead>({.owner = kOwner, .media = media}, Code::kNotFound, "no such media");
    ExpectError<op::MediaSet>({.owner = kOwner, .media = media}, Code::kNotFound, "no such media");
    ExpectError<op::MediaDelete>({.owner = kOwner, .media = media}, Code::kNotFound,
                                 "no such media");
  }
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, ReadChecksItsRange) {
  Put(kCat, "0123456789");
  EXPECT_EQ(Read(kCat, 3, 4), "3456");
  EXPECT_EQ(Read(kCat, 8), "89");
  EXPECT_EQ(Read(kCat, 10), "");
  for (const uint64_t offset : {uint64_t{11}, std::numeric_limits<uint64_t>::max()}) {
    ExpectError<op::MediaRead>({.owner = kOwner, .media = kCat, .offset = offset}, Code::kInvalid,
                               "beyond the end");
  }
  for (const uint32_t size : {uint32_t{0}, kMaxPieceBytes + 1, UINT32_MAX}) {
    ExpectError<op::MediaRead>(
        {.owner = kOwner, .media = kCat, .size = size}, Code::kInvalid,
        "size is " + std::to_string(size) + "; it must be from 1 to 1048576");
  }
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, FieldsAreReplaced) {
  Put(kCat, "cat");
  Do<op::MediaSet>({.owner = kOwner, .media = kCat, .name = "new", .custom = Bytes(3, '\0')});
  const ReceivedReply reply = Do<op::MediaStat>({.owner = kOwner, .media = kCat});
  const op::MediaInfo info = reply.As<op::MediaStat>().info;
  EXPECT_EQ(info.content_type, "");
  EXPECT_EQ(info.name, "new");
  EXPECT_EQ(info.custom, Bytes(3, '\0'));
  EXPECT_EQ(info.size, 3u);
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, DeletedMediaAreGoneAtOnce) {
  Put(kCat, "cat");
  Do<op::MediaDelete>({.owner = kOwner, .media = kCat});
  ExpectError<op::MediaDelete>({.owner = kOwner, .media = kCat}, Code::kNotFound, "no such media");
  EXPECT_EQ(services_.media.store.content_count() + CountRecords(&engine_, Table::kBlobs), 0u);
  ExpectLeft(0, 0);
}

TEST_F(MediaHandlersTest, ListShowsNewestFirstInPages) {
  for (uint64_t media = 1; media <= 5; ++media) Put(media, "cat");
  Put(9, "cat", kOwner + 1);
  std::vector<uint64_t> listed;
  Bytes continuation;
  for (int page = 0; page < 3; ++page) {
    const ReceivedReply reply =
        Do<op::MediaList>({.owner = kOwner, .limit = 2, .continuation = ByteView(continuation)});
    const auto list = reply.As<op::MediaList>();
    for (const op::MediaEntry& entry : list.entries) {
      EXPECT_EQ(entry.outcome, EntryOutcome::kFound);
      EXPECT_EQ(entry.info.sha256, DigestOf("cat"));
      listed.push_back(entry.info.media);
    }
    EXPECT_EQ(list.continuation.empty(), page == 2);
    continuation = Bytes(list.continuation);
  }
  EXPECT_THAT(listed, ElementsAre(5, 4, 3, 2, 1));
  const ReceivedReply nobody = Do<op::MediaList>({.owner = kOwner + 2});
  EXPECT_THAT(nobody.As<op::MediaList>().entries, IsEmpty());
  ExpectLeft(6, 1);
}

TEST_F(MediaHandlersTest, ListRejectsTokensThatAreNotItsOwn) {
  Put(kCat, "cat");
  for (const Bytes& token :
       {Bytes("x"), Bytes("\1"), Bytes("\1short"), Bytes("\2too long to be one"),
        Bytes(1, '\0') + Bytes(8, 'x'), Bytes(3, '\xff'), Bytes(100'000, '\1')}) {
    const ReceivedReply reply =
        Call<op::MediaList>({.owner = kOwner, .continuation = ByteView(token)});
    EXPECT_EQ(reply.code, Code::kInvalid) << ::testing::PrintToString(token.substr(0, 20));
    EXPECT_FALSE(Bytes(reply.Error().message).empty());
  }
  // One of another owner names a place and nothing else.
  const Bytes foreign = Bytes(1, '\1') + MediaKey(kOwner + 1, kCat + 1).sort;
  const ReceivedReply reply =
      Do<op::MediaList>({.owner = kOwner, .continuation = ByteView(foreign)});
  EXPECT_EQ(reply.As<op::MediaList>().entries.size(), 1u);
  ExpectError<op::MediaList>({.owner = kOwner, .limit = 0}, Code::kInvalid, "limit is 0");
  Do<op::MediaList>({.owner = kOwner, .limit = UINT32_MAX});
  ExpectLeft(1, 1);
}

TEST_F(MediaHandlersTest, ClientWithSmallFramesListsInPagesAndReadsInRanges) {
  const Bytes content(100'000, 'c');
  const Bytes custom(limits::kMaxMediaFieldBytes, 'f');
  for (uint64_t media = 1; media <= 20; ++media) {
    Do<op::MediaPut>({.owner = kOwner,
                      .media = media,
                      .custom = custom,
                      .checksum = Hash64(content),
                      .bytes = content});
  }
  Reconnect();
  Send(FrameOf<op::Hello>(1, {.max_frame_bytes = limits::kLeastReplyFrameBytes}));
  ASSERT_EQ(Replies().size(), 1u);
  size_t listed = 0;
  size_t pages = 0;
  Bytes continuation;
  do {
    const ReceivedReply reply =
        Do<op::MediaList>({.owner = kOwner, .continuation = ByteView(continuation)});
    EXPECT_LE(kFrameHeaderBytes + reply.body.size(), limits::kLeastReplyFrameBytes);
    const auto list = reply.As<op::MediaList>();
    for (const op::MediaEntry& entry : list.entries) {
      EXPECT_EQ(entry.info.media, 20 - listed++);
      EXPECT_EQ(entry.info.custom, custom);
    }
    continuation = Bytes(list.continuation);
    ++pages;
  } while (!continuation.empty() && pages < 20);
  EXPECT_EQ(listed, 20u);
  EXPECT_EQ(pages, 3u);
  ExpectError<op::MediaRead>({.owner = kOwner, .media = 1}, Code::kTooLarge, "32768");
  constexpr uint32_t kRange = 32'000;
  Bytes whole;
  while (whole.size() < content.size()) whole += Read(1, whole.size(), kRange);
  EXPECT_TRUE(whole == content);
  ExpectLeft(20, 1);
}

}  // namespace
}  // namespace smile
