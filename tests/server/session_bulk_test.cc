// Large replies that keep no order let small ones go first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;

class SessionBulk : public SessionTest {
 protected:
  static constexpr uint32_t kPieceBytes = 100'000;

  SessionBulk() {
    Greet();
    const Bytes content(3 * kPieceBytes, 'c');
    EXPECT_EQ(Ask(FrameOf<op::MediaPut>(
                      2, {.owner = 1, .media = 9, .checksum = Hash64(content), .bytes = content}))
                  .code,
              Code::kOk);
  }

  static Bytes ReadFrame(uint32_t id, uint64_t piece) {
    return FrameOf<op::MediaRead>(
        id, {.owner = 1, .media = 9, .offset = piece * kPieceBytes, .size = kPieceBytes});
  }
  static Bytes SmallFrame(uint32_t id) { return GetFrame(id, UserKey(7, "absent")); }

  // The ids of the replies that go to a transport that has `unsent` bytes after each piece.
  std::vector<uint32_t> IdsTaken(size_t unsent) {
    Bytes output;
    while (session_->has_output()) {
      output += session_->TakeOutput();
      session_->set_unsent(unsent, unsent);
    }
    std::vector<uint32_t> ids;
    for (const ReceivedReply& reply : ParseReplies(output)) ids.push_back(reply.id);
    return ids;
  }
};

TEST_F(SessionBulk, SmallRepliesOvertakeWaitingPieces) {
  Send(ReadFrame(3, 0) + ReadFrame(4, 1) + SmallFrame(5));
  EXPECT_THAT(IdsTaken(limits::kUnsentBulkBytes), ElementsAre(5));
  Send(SmallFrame(6) + ReadFrame(7, 2));
  EXPECT_THAT(IdsTaken(limits::kUnsentBulkBytes), ElementsAre(6)) << "small ones need not wait";
  session_->set_unsent(0, 0);
  EXPECT_THAT(IdsTaken(limits::kUnsentBulkBytes), ElementsAre(3)) << "one piece at a time";
  session_->set_unsent(0, 0);
  EXPECT_THAT(IdsTaken(0), ElementsAre(4, 7));
  EXPECT_FALSE(session_->has_output());
}

TEST_F(SessionBulk, SmallRepliesDoNotInterruptAPiece) {
  Send(ReadFrame(3, 0));
  Bytes output = session_->TakeOutput();
  EXPECT_LT(output.size(), kPieceBytes) << "the head of the frame";
  Send(SmallFrame(4));
  session_->set_unsent(limits::kUnsentBulkBytes, 0);
  while (session_->has_output()) output += session_->TakeOutput();
  const std::vector<ReceivedReply> replies = ParseReplies(output);
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].id, 3u);
  EXPECT_EQ(replies[0].As<op::MediaRead>().bytes.size(), kPieceBytes);
  EXPECT_EQ(replies[1].id, 4u);
}

TEST_F(SessionBulk, SmallPiecesKeepTheirPlace) {
  Send(FrameOf<op::MediaRead>(3, {.owner = 1, .media = 9, .size = 10}) + SmallFrame(4));
  EXPECT_THAT(IdsTaken(limits::kUnsentBulkBytes), ::testing::UnorderedElementsAre(3, 4));
}

TEST_F(SessionBulk, SmallRequestsAreReadWhilePiecesWait) {
  for (uint32_t id = 10; id < 14; ++id) Send(ReadFrame(id, 0));
  session_->set_unsent(limits::kUnsentBulkBytes, 0);
  EXPECT_TRUE(session_->wants_bytes());
  session_->set_unsent(0, 0);
  EXPECT_EQ(IdsTaken(0).size(), 4u);
}

}  // namespace
}  // namespace smile
