// Large replies that keep no order let small ones go first.
#include <algorithm>

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

  static constexpr uint32_t kFirstId = 100;
  // More than the initial limit of what pieces may be answered with.
  static constexpr size_t kMostBegun = limits::kMinInFlightReplyBytes / kPieceBytes + 2;

  // The media record, and so its pieces, are not read before hold_reads is false. On a new
  // connection, whose window is small.
  void StartHolding() {
    opens_window_ = false;
    Reconnect();
    Greet();
    engine_.on_disk = {MediaKey(1, 9)};
    engine_.hold_reads = true;
    engine_.read_keys.clear();
  }

  // How many of these pieces the engine was asked for.
  size_t SendReads(size_t number, uint16_t deadline_ms = 0) {
    Bytes frames;
    for (size_t i = 0; i < number; ++i) {
      frames += FrameOf<op::MediaRead>(static_cast<uint32_t>(kFirstId + i),
                                       {.owner = 1, .media = 9, .size = kPieceBytes}, deadline_ms);
    }
    Send(frames);
    return engine_.held();
  }

  void ReleaseAll() {
    engine_.hold_reads = false;
    while (engine_.held() > 0) Release();
  }

  // Replies that go to a transport that sends all at once.
  std::vector<ReceivedReply> TakeAll() {
    Bytes output;
    while (session_->has_output()) {
      output += session_->TakeOutput().bytes;
      session_->set_unsent(0, 0);
      RunPosted();
    }
    return ParseReplies(output);
  }

  // The ids of the replies that go to a transport that has `unsent` bytes after each piece.
  std::vector<uint32_t> IdsTaken(size_t unsent) {
    Bytes output;
    while (session_->has_output()) {
      output += session_->TakeOutput().bytes;
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
  Bytes output = session_->TakeOutput().bytes;
  EXPECT_LT(output.size(), kPieceBytes) << "the head of the frame";
  Send(SmallFrame(4));
  session_->set_unsent(limits::kUnsentBulkBytes, 0);
  while (session_->has_output()) output += session_->TakeOutput().bytes;
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

// A client that shows a profile while it downloads must not wait for the pieces that it asked for
// before.
TEST_F(SessionBulk, RequestsAfterManyPiecesAreRead) {
  StartHolding();
  const size_t begun = SendReads(limits::kMaxInFlightRequests / 2);
  EXPECT_LT(begun, kMostBegun) << "pieces have a limit";
  EXPECT_TRUE(session_->wants_bytes());
  Send(SmallFrame(3));
  EXPECT_THAT(ReplyIds(), ElementsAre(3));
  ReleaseAll();
  EXPECT_EQ(TakeAll().size(), limits::kMaxInFlightRequests / 2) << "all have their turn";
}

TEST_F(SessionBulk, PiecesRunInTheirOrder) {
  StartHolding();
  const size_t begun = SendReads(2 * kMostBegun);
  Release();
  ReleaseAll();
  std::vector<uint32_t> ids;
  for (const ReceivedReply& reply : TakeAll()) ids.push_back(reply.id);
  ASSERT_EQ(ids.size(), 2 * kMostBegun);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_LT(begun, ids.size());
}

TEST_F(SessionBulk, WaitingPiecesAreLate) {
  StartHolding();
  const size_t begun = SendReads(2 * kMostBegun, /*deadline_ms=*/10);
  clock_.AdvanceMillis(20);
  ReleaseAll();
  const std::vector<ReceivedReply> replies = TakeAll();
  EXPECT_EQ(replies.size(), 2 * kMostBegun);
  for (const ReceivedReply& reply : replies) EXPECT_EQ(reply.code, Code::kDeadlineExceeded);
  EXPECT_EQ(engine_.read_keys.size(), begun) << "the others were not begun";
}

TEST_F(SessionBulk, AWaitingPieceIsCancelled) {
  StartHolding();
  const auto last = static_cast<uint32_t>(kFirstId + 2 * kMostBegun - 1);
  SendReads(2 * kMostBegun);
  Send(FrameOf<op::Cancel>(3, {.id = last}));
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_TRUE(replies[0].As<op::Cancel>().cancelled);
  ReleaseAll();
  for (const ReceivedReply& reply : TakeAll()) {
    EXPECT_EQ(reply.code, reply.id == last ? Code::kCancelled : Code::kOk) << reply.id;
  }
}

TEST_F(SessionBulk, WaitingPiecesAreAnsweredAfterTheEndOfInput) {
  StartHolding();
  SendReads(2 * kMostBegun);
  session_->EndOfInput();
  ReleaseAll();
  EXPECT_EQ(TakeAll().size(), 2 * kMostBegun);
  EXPECT_TRUE(session_->finished());
}

// Those which hold memory already must be able to finish.
TEST_F(SessionBulk, OnePieceAlwaysRuns) {
  StartHolding();
  SendReads(2 * kMostBegun);
  budget_.Take(budget_.limit());  // by others
  ReleaseAll();
  EXPECT_EQ(TakeAll().size(), 2 * kMostBegun);
  budget_.Give(budget_.limit());
}

TEST_F(SessionBulk, RequestsAreReadWhileAPieceIsUnsent) {
  opens_window_ = false;
  Reconnect();
  Greet();
  Send(ReadFrame(3, 0));
  size_t unsent = 0;
  while (session_->has_output()) unsent += session_->TakeOutput().size();
  ASSERT_GT(unsent, kPieceBytes);
  session_->set_unsent(unsent, unsent);
  EXPECT_TRUE(session_->wants_bytes());
  Send(PutFrame(4, kProfile, Bytes(kPieceBytes, 'v')) + GetFrame(5, kProfile));
  while (session_->has_output()) unsent += session_->TakeOutput().size();
  session_->set_unsent(unsent, unsent);
  EXPECT_FALSE(session_->wants_bytes()) << "a large value is no piece";
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
