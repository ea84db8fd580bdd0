// What all sessions hold together is bounded, and those that ask for little are served whatever the
// others hold.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

const Key kLargeRecord = UserKey(43, "profile");

class SessionMemoryTest : public SessionTest {
 protected:
  SessionMemoryTest() : SessionTest(SIZE_MAX, limits::kLeastConnectionMemoryBytes) {
    Greet();
    Ask(PutFrame(2, kProfile, "small"));
    Ask(PutFrame(3, kLargeRecord, Bytes(limits::kMaxValueBytes, 'v')));
  }

  // The same for another session as for session_.
  std::shared_ptr<Session> Other() {
    auto other = std::make_shared<Session>(shared_, [] {});
    other->Receive(HelloFrame());
    EXPECT_EQ(ParseReplies(other->TakeOutput().bytes).size(), 1u);
    other->set_unsent(0, 0);
    return other;
  }
  // As a connection hands bytes over: as many as are wanted. Answers what is left.
  static ByteView Feed(Session& session, ByteView bytes) {
    while (!bytes.empty() && session.wants_bytes()) {
      const size_t piece = std::min(bytes.size(), session.wanted_bytes());
      session.Receive(bytes.substr(0, piece));
      bytes.remove_prefix(piece);
    }
    return bytes;
  }
  void ExpectServed(Session& session) {
    EXPECT_TRUE(
        Feed(session, PutFrame(7, kProfile, Bytes(200, 'n')) + GetFrame(8, kProfile)).empty());
    RunPosted();
    const std::vector<ReceivedReply> replies = ParseReplies(session.TakeOutput().bytes);
    ASSERT_EQ(replies.size(), 2u);
    EXPECT_EQ(replies[0].code, Code::kOk);
    EXPECT_EQ(replies[1].code, Code::kOk);
    session.set_unsent(0, 0);
  }

  std::vector<std::shared_ptr<Session>> hostile_;
};

TEST_F(SessionMemoryTest, IncompleteFramesStayWithinTheBudget) {
  const Bytes frame = FrameOf<op::Ping>(2, {.payload = Bytes(limits::kMaxFrameBytes - 64, 'h')});
  const ByteView half = ByteView(frame).substr(0, frame.size() - 1);
  for (int i = 0; i < 200; ++i) {
    hostile_.push_back(Other());
    Feed(*hostile_.back(), half);
  }
  EXPECT_LE(budget_.used(), budget_.limit() + hostile_.size() * limits::kGuaranteedConnectionBytes);
  EXPECT_GT(budget_.used(), budget_.limit() / 2);
  EXPECT_GT(metrics_.memory_input.value(), budget_.limit() / 2);
  EXPECT_TRUE(hostile_.back()->is_held_back());
  ExpectServed(*session_);
  hostile_.clear();
  while (!discarded_.empty()) discarded_.ReleaseSome();
  EXPECT_EQ(metrics_.memory_input.value(), 0u);
  EXPECT_LT(budget_.used(), budget_.limit() / 16);
}

// Hundreds may end in one turn of the event loop.
TEST_F(SessionMemoryTest, IncompleteFramesOfEndedSessionsAreReleasedInTurns) {
  const Bytes frame = FrameOf<op::Ping>(2, {.payload = Bytes(limits::kMaxFrameBytes - 64, 'h')});
  for (int i = 0; i < 3; ++i) {
    hostile_.push_back(Other());
    Feed(*hostile_.back(), ByteView(frame).substr(0, 3'000'000));
  }
  const uint64_t held = metrics_.memory_input.value();
  const size_t used = budget_.used();
  ASSERT_GE(held, 9'000'000u);
  hostile_[0]->EndOfInput();
  hostile_[1]->CloseForMemory();
  hostile_.clear();  // the third is dropped
  EXPECT_EQ(metrics_.memory_input.value(), held) << "nothing was released yet";
  EXPECT_NEAR(static_cast<double>(budget_.used()), static_cast<double>(used), 200'000);
  uint64_t before = held;
  for (int turn = 0; turn < 9; ++turn) {  // 3,000,000 are three parts
    ASSERT_FALSE(discarded_.empty());
    discarded_.ReleaseSome();
    EXPECT_LT(metrics_.memory_input.value(), before);
    EXPECT_LE(before - metrics_.memory_input.value(), limits::kTurnReleaseBytes);
    before = metrics_.memory_input.value();
  }
  EXPECT_TRUE(discarded_.empty());
  EXPECT_EQ(before, 0u);
  EXPECT_LE(budget_.used(), used - held + 200'000);
}

TEST_F(SessionMemoryTest, UnsentRepliesStayWithinTheBudget) {
  const Bytes get =
      GetFrame(2, kLargeRecord) + FrameOf<op::MGet>(3, {.keys = {kLargeRecord.view()}}) +
      FrameOf<op::Scan>(4, {.partition = kLargeRecord.view().partition_view(), .limit = 1});
  for (int i = 0; i < 50; ++i) {
    hostile_.push_back(Other());
    Feed(*hostile_.back(), get);
    RunPosted();
  }
  EXPECT_LE(budget_.used(), budget_.limit());
  EXPECT_GT(metrics_.memory_replies.value(), budget_.limit() / 2);
  EXPECT_GT(budget_.rejections(), 0u);
  const std::vector<ReceivedReply> replies = ParseReplies(hostile_.back()->TakeOutput().bytes);
  ASSERT_FALSE(replies.empty());
  EXPECT_EQ(replies[0].code, Code::kOverloaded);
  EXPECT_GT(replies[0].Error().retry_after_ms, 0u);
  ExpectServed(*session_);
}

TEST_F(SessionMemoryTest, ResultsOfReadsStayWithinTheBudget) {
  engine_.on_disk.push_back(kLargeRecord);
  const Bytes get =
      GetFrame(2, kLargeRecord) +
      FrameOf<op::Scan>(4, {.partition = kLargeRecord.view().partition_view(), .limit = 1});
  for (int i = 0; i < 50; ++i) {
    hostile_.push_back(Other());
    engine_.hold = true;  // nothing is in memory
    Feed(*hostile_.back(), get);
    engine_.hold = false;
    while (engine_.held() > 0) engine_.Release();  // and nothing is posted yet
  }
  EXPECT_LE(budget_.used(), budget_.limit());
  EXPECT_GT(budget_.read_bytes(), budget_.limit() / 4);
  RunPosted();
  EXPECT_EQ(budget_.read_bytes(), 0u);
  EXPECT_LE(budget_.used(), budget_.limit() + limits::kMaxFrameBytes);
  ExpectServed(*session_);
}

// A reader has several reads at a time, and lets their requests go together.
TEST_F(SessionMemoryTest, ResultsAreReleasedWithTheirRepliesThoughReadersStillHaveTheRequests) {
  engine_.on_disk.push_back(kLargeRecord);
  engine_.keeps_memory = true;
  Send(GetFrame(2, kLargeRecord) + FrameOf<op::MGet>(3, {.keys = {kLargeRecord.view()}}));
  ASSERT_EQ(engine_.kept.size(), 2u);
  EXPECT_EQ(budget_.read_bytes(), 0u);
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].code, Code::kOk);
  EXPECT_EQ(replies[1].code, Code::kOk);
}

// Requests that waited for a partition are answered together, from memory.
TEST_F(SessionMemoryTest, RepliesOfOneEventStayWithinTheBudget) {
  engine_.hold = true;
  Send(PutFrame(5, UserKey(43, "theme"), "blue"));
  engine_.hold = false;
  for (uint32_t id = 100; id < 130; ++id) Send(GetFrame(id, kLargeRecord));
  Release();
  // Before the last one, what the session held and that one were within its share.
  const size_t one = MemoryOf(Bytes(limits::kMaxValueBytes, 'v'));
  EXPECT_LE((limits::kConnectionShareDivisor + 1) * metrics_.memory_replies.value(),
            budget_.limit() + one);
  EXPECT_GT(budget_.rejections(), 0u);
  std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 31u);
  EXPECT_EQ(replies[1].code, Code::kOk);
  EXPECT_EQ(replies.back().code, Code::kOverloaded);
}

TEST_F(SessionMemoryTest, LargeRepliesFromTheCacheTakeNoMoreThanTheirLength) {
  const Key key = UserKey(44, "profile");
  const Bytes value(300'000, 'v');
  Ask(PutFrame(5, key, value));
  Send(GetFrame(6, key) + GetFrame(7, key) + GetFrame(8, key));
  EXPECT_LE(metrics_.memory_replies.value(), 3 * MemoryOf(value) + 1000);
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 3u);
  for (const ReceivedReply& reply : replies) {
    EXPECT_EQ(reply.As<op::Get>().record.value, ByteView(value));
  }
}

TEST_F(SessionMemoryTest, CompleteFrameIsExecutedWhenMemoryIsShort) {
  const Bytes put = PutFrame(2, kLargeRecord, Bytes(limits::kMaxValueBytes / 2, 'w'));
  EXPECT_EQ(Feed(*session_, ByteView(put).substr(0, put.size() - 1)).size(), 0u);
  const size_t others = budget_.limit() - budget_.used();
  budget_.Take(others);
  session_->Receive(ByteView(put).substr(put.size() - 1));
  RunPosted();
  EXPECT_EQ(Replies().size(), 1u);
  budget_.Give(others);
}

TEST_F(SessionMemoryTest, ResultsForAClosedSessionStayCountedUntilTheyComplete) {
  engine_.hold = true;
  Feed(*session_, PutFrame(5, kProfile, Bytes(500'000, 'v')));
  Feed(*session_, GetFrame(6, kLargeRecord));
  session_.reset();
  EXPECT_GT(budget_.used(), 500'000u);
  engine_.hold = false;
  while (engine_.held() > 0) Release();
  EXPECT_LT(budget_.used(), 200'000u);
  EXPECT_EQ(metrics_.memory_requests.value(), 0u);
}

TEST_F(SessionMemoryTest, SlowDripDoesNotExtendTheFrameTimeout) {
  const Bytes frame = PutFrame(5, kProfile, Bytes(5'000, 'v'));
  size_t sent = 0;
  for (int64_t millis = 0; millis < limits::kFrameTimeoutMillis; millis += 250) {
    ASSERT_FALSE(session_->finished());
    session_->Receive(ByteView(frame).substr(sent++, 1));
    clock_.AdvanceMillis(250);
    if (millis % 1000 == 750) session_->Tick(0);
  }
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].id, 0u);
  EXPECT_EQ(replies[0].code, Code::kProtocolError);
  EXPECT_TRUE(session_->finished());
  EXPECT_EQ(metrics_.closed_frame_timeout.value(), 1u);
}

TEST_F(SessionMemoryTest, PausedReadingDoesNotCountTowardsTheFrameTimeout) {
  engine_.hold = true;
  const Bytes value(limits::kMaxValueBytes, 'v');
  Bytes frames;
  while (frames.size() < limits::kMaxInFlightBytes)
    frames += PutFrame(10 + static_cast<uint32_t>(frames.size()), kLargeRecord, value);
  const Bytes last = PutFrame(5, kProfile, "x");
  Send(frames + last.substr(0, last.size() - 1));
  EXPECT_FALSE(session_->wants_bytes());
  for (int64_t i = 0; i < 2 * limits::kFrameTimeoutMillis / 1000; ++i) {
    clock_.AdvanceMillis(1000);
    session_->Tick(0);
  }
  engine_.hold = false;
  while (engine_.held() > 0) Release();
  session_->Tick(0);
  Send(ByteView(last).substr(last.size() - 1));
  EXPECT_EQ(Replies().back().code, Code::kOk);
}

}  // namespace
}  // namespace smile
