// A reply whose last field is a part of a file.
#include "server/reply.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/limits.h"
#include "protocol/media_operations.h"

namespace smile {
namespace {

constexpr op::MediaRead::Response kHead{.content_bytes = 100'000, .checksum = 17};

TEST(ReplyTest, FileFollowsTheHeadOfItsFrame) {
  const Bytes content(100'000, 'c');
  ReplyBuffer buffer;
  Reply(1, limits::kMaxFrameBytes, nullptr, &buffer).Ok<op::Ping>({});
  const size_t before = buffer.size();
  Reply(2, limits::kMaxFrameBytes, nullptr, &buffer)
      .OkFile<op::MediaRead>(kHead, {.descriptor = 9, .offset = 5, .size = content.size()});
  EXPECT_GT(buffer.size(), before + content.size());
  EXPECT_LT(buffer.memory(), 1'000u) << "the file is not in memory of ours";
  const OutputPiece piece = buffer.TakeFront();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.memory(), 0u);
  EXPECT_EQ(piece.file.descriptor, 9);
  EXPECT_EQ(piece.file.offset, 5u);
  EXPECT_EQ(piece.file.size, content.size());
  FrameReader reader(limits::kMaxFrameBytes);
  const Bytes sent = piece.bytes + content;
  reader.Feed(sent);
  Frame frame;
  ASSERT_EQ(reader.Next(&frame), FrameReader::Event::kFrame);
  ASSERT_EQ(reader.Next(&frame), FrameReader::Event::kFrame);
  EXPECT_EQ(frame.header.flags, kFlagReply | kFlagCoversStart);
  op::MediaRead::Response response;
  ASSERT_TRUE(Decode(frame.body, &response).ok());
  EXPECT_EQ(response.content_bytes, 100'000u);
  EXPECT_EQ(response.checksum, 17u);
  EXPECT_EQ(response.bytes, content);
}

TEST(ReplyTest, FileThatDoesNotFitIsTooLarge) {
  ReplyBuffer buffer;
  Reply reply(2, limits::kLeastReplyFrameBytes, nullptr, &buffer);
  reply.OkFile<op::MediaRead>(kHead, {.descriptor = 9, .size = limits::kLeastReplyFrameBytes});
  EXPECT_EQ(reply.code(), Code::kTooLarge);
  EXPECT_EQ(buffer.TakeFront().file.size, 0u);
}

}  // namespace
}  // namespace smile
