// How far a session goes ahead of what its client takes.
#include "server/reply_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

class ReplyWindowTest : public SessionTest {
 protected:
  static constexpr uint32_t kReads = 100;

  ReplyWindowTest() { opens_window_ = false; }

  // So many reads of values that are not in memory, in one piece.
  void SendReads() {
    Bytes frames;
    for (uint32_t i = 0; i < kReads; ++i) {
      const Key key = UserKey(i, "profile");
      engine_.on_disk.push_back(key);
      frames += GetFrame(10 + i, key);
    }
    Send(frames);
  }
  // The client takes all replies.
  void TakeAll() {
    Replies();
    session_->set_unsent(0, 0);
  }
};

TEST_F(ReplyWindowTest, AClientThatTakesNothingCausesOneRead) {
  Greet();
  Ask(PutFrame(2, UserKey(0, "profile"), Bytes(limits::kMaxValueBytes, 'v')));
  SendReads();
  EXPECT_EQ(engine_.read_keys.size(), 1u);
  EXPECT_FALSE(session_->wants_bytes());
}

TEST_F(ReplyWindowTest, ReadsInFlightDoubleWheneverTheClientHasTakenAllReplies) {
  Greet();
  engine_.hold_reads = true;
  SendReads();
  size_t before = 0;
  for (const size_t in_flight : {1, 2, 4, 8, 16, 32}) {
    EXPECT_EQ(session_->requests_in_flight(), in_flight);
    for (size_t i = 0; i < in_flight; ++i) Release();
    EXPECT_GT(engine_.read_keys.size(), before);
    before = engine_.read_keys.size();
    TakeAll();
  }
}

TEST(ReplyWindow, HalvesWhileTooManyRepliesWait) {
  ReplyWindow window;
  for (int i = 0; i < 10; ++i) {
    window.OnReply(/*untaken_bytes=*/0);
    window.OnAllTaken();
  }
  EXPECT_EQ(window.in_flight_bytes(), limits::kMaxInFlightReplyBytes);
  EXPECT_EQ(window.untaken_bytes(), limits::kOutputHighWaterBytes);
  window.OnReply(limits::kOutputHighWaterBytes);
  EXPECT_EQ(window.in_flight_bytes(), limits::kMaxInFlightReplyBytes);
  for (int i = 0; i < 10; ++i) window.OnReply(5 * limits::kOutputHighWaterBytes);
  EXPECT_EQ(window.in_flight_bytes(), limits::kMinInFlightReplyBytes);
}

}  // namespace
}  // namespace smile
