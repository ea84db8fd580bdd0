#include "server/session.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- HELLO ---------------------------------------------------------------------------------------

TEST_F(SessionTest, HelloReturnsTheAgreedValues) {
  const ReceivedReply reply = Ask(FrameOf<op::Hello>(9, {.max_frame_bytes = 32'768}));
  EXPECT_EQ(reply.id, 9u);
  const auto hello = reply.As<op::Hello>();
  EXPECT_EQ(hello.version, kProtocolVersion);
  EXPECT_EQ(hello.max_frame_bytes, 32'768u);
  EXPECT_EQ(hello.max_in_flight, limits::kMaxInFlightRequests);
  EXPECT_EQ(hello.max_value_bytes, limits::kMaxValueBytes);
}

TEST_F(SessionTest, NewerClientIsServedWithThisVersion) {
  EXPECT_EQ(Ask(FrameOf<op::Hello>(1, {.first_version = 1, .last_version = 9})).code, Code::kOk);
}

TEST_F(SessionTest, InvalidHelloIsAnsweredAndClosed) {
  const struct {
    Bytes frame;
    Code code;
    const char* words;
  } cases[] = {
      {FrameOf<op::Ping>(1, {}), Code::kProtocolError, "first frame is not HELLO"},
      {FrameOf<op::Hello>(1, {.magic = 7}), Code::kProtocolError, "SMIL"},
      {FrameOf<op::Hello>(1, {.first_version = 2, .last_version = 3}), Code::kUnsupported,
       "this server supports 1"},
      {FrameOf<op::Hello>(1, {.max_frame_bytes = 100}), Code::kInvalid, "max_frame_bytes"},
      {FrameOf<op::Hello>(1, {.client_name = std::string(65, 'x')}), Code::kTooLarge,
       "client_name"},
      {Bytes(100, '\0'), Code::kProtocolError, "shorter than its header"},
      {Bytes("GET / HTTP/1.1\r\n\r\n"), Code::kTooLarge, "exceeds the limit of 512"},
  };
  for (const auto& bad : cases) {
    Reconnect();
    const ReceivedReply reply = Ask(bad.frame);
    EXPECT_EQ(reply.code, bad.code);
    EXPECT_THAT(Bytes(reply.Error().message), HasSubstr(bad.words));
    EXPECT_TRUE(session_->finished());
    EXPECT_FALSE(session_->wants_bytes());
  }
}

TEST_F(SessionTest, FramesBeforeHelloAreSmall) {
  Send(FrameOf<op::Ping>(1, {.payload = std::string(1000, 'x')}));
  EXPECT_EQ(Replies().at(0).code, Code::kTooLarge);
  EXPECT_TRUE(session_->finished());
}

TEST_F(SessionTest, SecondHelloIsRejected) {
  Greet();
  EXPECT_EQ(Ask(HelloFrame()).code, Code::kInvalid);
  EXPECT_EQ(Ask(FrameOf<op::Ping>(2, {.payload = "x"})).code, Code::kOk);
}

TEST_F(SessionTest, ConnectionWithoutHelloTimesOut) {
  clock_.AdvanceMillis(limits::kHelloTimeoutMillis - 1);
  session_->Tick(0);
  EXPECT_THAT(Replies(), IsEmpty());
  clock_.AdvanceMillis(1);
  session_->Tick(0);
  EXPECT_THAT(Bytes(Replies().at(0).Error().message), HasSubstr("no HELLO"));
  EXPECT_TRUE(session_->finished());
}

TEST_F(SessionTest, SlowHelloGetsNoExtraTime) {
  const Bytes hello = HelloFrame();
  for (size_t i = 0; i < 10; ++i) {
    Send(hello.substr(i, 1));
    clock_.AdvanceMillis(limits::kHelloTimeoutMillis / 10);
    EXPECT_FALSE(session_->finished());
    session_->Tick(0);
  }
  EXPECT_THAT(Bytes(Replies().at(0).Error().message), HasSubstr("no HELLO"));
  EXPECT_TRUE(session_->finished());
}

TEST_F(SessionTest, IdleTimeoutIsOptional) {
  Greet();
  clock_.AdvanceMillis(60'000);
  session_->Tick(0);
  EXPECT_FALSE(session_->finished());
  session_->Tick(60'000);
  EXPECT_TRUE(session_->finished());
}

TEST_F(SessionTest, RequestInFlightIsNotIdle) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a"));
  clock_.AdvanceMillis(70'000);
  session_->Tick(60'000);
  Release();
  session_->Tick(60'000);
  EXPECT_THAT(ReplyIds(), ElementsAre(2));
  EXPECT_FALSE(session_->finished());
  clock_.AdvanceMillis(60'000);
  session_->Tick(60'000);
  EXPECT_TRUE(session_->finished());
}

// --- Frames --------------------------------------------------------------------------------------

TEST_F(SessionTest, RepliesDoNotDependOnSplitPoints) {
  const Bytes bytes = HelloFrame() + PutFrame(2, kProfile, "hello") + GetFrame(3, kProfile) +
                      FrameOf<op::Ping>(4, {.payload = "x"});
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    Reconnect();
    Send(ByteView(bytes).substr(0, cut));
    Send(ByteView(bytes).substr(cut));
    const std::vector<ReceivedReply> replies = Replies();
    ASSERT_EQ(replies.size(), 4u) << "cut at " << cut;
    for (const ReceivedReply& reply : replies) EXPECT_EQ(reply.code, Code::kOk);
  }
}

TEST_F(SessionTest, FlippedBitClosesTheConnection) {
  const Bytes good = PutFrame(2, kProfile, "hello");
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Reconnect();
    Greet();
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    Send(bad + good + good);
    if (Bytes output = session_->TakeOutput().bytes; !output.empty()) {
      const std::vector<ReceivedReply> replies = ParseReplies(output);
      ASSERT_EQ(replies.size(), 1u) << "bit " << bit;
      EXPECT_NE(replies[0].code, Code::kOk);
      EXPECT_TRUE(session_->finished());
    } else {
      EXPECT_FALSE(session_->finished()) << "waits for the rest of a frame that seems longer";
    }
  }
}

TEST_F(SessionTest, UnknownOperationIsRejected) {
  Greet();
  Bytes frame;
  FrameWriter(&frame, {.id = 5, .code = 200}).Finish();
  EXPECT_EQ(Ask(frame).code, Code::kUnsupported);
  EXPECT_EQ(Ask(FrameOf<op::Ping>(6, {})).code, Code::kOk);
}

TEST_F(SessionTest, TruncatedBodyIsRejected) {
  Greet();
  Bytes frame;
  FrameWriter writer(&frame, {.id = 5, .code = op::Get::kInfo.code});
  frame.append("\x01\x08");
  writer.Finish();
  const ReceivedReply reply = Ask(frame);
  EXPECT_EQ(reply.code, Code::kInvalid);
  EXPECT_THAT(Bytes(reply.Error().message), HasSubstr("\"key\""));
  EXPECT_EQ(Ask(FrameOf<op::Ping>(6, {})).code, Code::kOk);
}

// --- Order ---------------------------------------------------------------------------------------

TEST_F(SessionTest, ReadAfterWriteSeesIt) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "new") + GetFrame(3, kProfile));
  EXPECT_EQ(engine_.held(), 1u) << "the read must not have begun";
  Release();
  ASSERT_EQ(engine_.held(), 1u);
  Release();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].id, 2u);
  EXPECT_EQ(replies[1].id, 3u);
  EXPECT_EQ(replies[1].As<op::Get>().record.value, "new");
}

TEST_F(SessionTest, ReadBeforeWriteDoesNotSeeIt) {
  Greet();
  Ask(PutFrame(2, kProfile, "old"));
  engine_.hold = true;
  Send(GetFrame(3, kProfile) + PutFrame(4, kProfile, "new"));
  EXPECT_EQ(engine_.held(), 1u) << "the write must not have begun";
  Release();
  EXPECT_EQ(Replies().at(0).As<op::Get>().record.value, "old");
  Release();
  EXPECT_THAT(ReplyIds(), ElementsAre(4));
}

TEST_F(SessionTest, WritesOfOnePartitionRunConcurrently) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a") + PutFrame(3, kTheme, "b") + PutFrame(4, kProfile, "c"));
  EXPECT_EQ(engine_.held(), 3u);
}

TEST_F(SessionTest, RepliesAreOrderedPerPartition) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a") + PutFrame(3, kTheme, "b") + PutFrame(4, kElsewhere, "c"));
  ASSERT_EQ(engine_.held(), 3u);
  Release(1);  // the second of partition 42
  EXPECT_THAT(ReplyIds(), IsEmpty());
  Release(1);  // partition 43
  EXPECT_THAT(ReplyIds(), ElementsAre(4));
  Release(0);
  EXPECT_THAT(ReplyIds(), ElementsAre(2, 3));
}

// Else it could see what was there before a write of somebody else that the first one saw.
TEST_F(SessionTest, ReadsOfOnePartitionRunOneAfterTheOther) {
  Greet();
  engine_.hold = true;
  Send(GetFrame(2, kProfile) + GetFrame(3, kTheme) + GetFrame(4, kElsewhere));
  ASSERT_EQ(engine_.held(), 2u);
  Release(1);
  EXPECT_THAT(ReplyIds(), ElementsAre(4));
  Release();
  EXPECT_THAT(ReplyIds(), ElementsAre(2));
  Release();
  EXPECT_THAT(ReplyIds(), ElementsAre(3));
}

TEST_F(SessionTest, MGetWaitsForWritesOfAllItsPartitions) {
  Greet();
  engine_.hold = true;
  const op::MGet::Request mget{.keys = {kProfile.view(), kElsewhere.view(), kProfile.view()}};
  Send(PutFrame(2, kProfile, "a") + PutFrame(3, kElsewhere, "b") + FrameOf<op::MGet>(4, mget));
  ASSERT_EQ(engine_.held(), 2u);
  Release(1);
  EXPECT_EQ(engine_.held(), 1u);
  Release();
  ASSERT_EQ(engine_.held(), 1u);
  Release();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 3u);
  const auto response = replies[2].As<op::MGet>();
  ASSERT_EQ(response.results.size(), 3u);
  EXPECT_EQ(response.results[0].record.value, "a");
  EXPECT_EQ(response.results[1].record.value, "b");
  EXPECT_EQ(response.results[2].record.value, "a");
}

TEST_F(SessionTest, AlternatingReadsAndWritesKeepTheirOrder) {
  Greet();
  engine_.hold = true;
  Bytes frames = PutFrame(2, kProfile, "start");
  for (uint32_t i = 0; i < 500; ++i) {
    frames += GetFrame(10 + 2 * i, kProfile);
    frames += PutFrame(11 + 2 * i, kProfile, std::to_string(i));
  }
  Send(frames);
  engine_.hold = false;
  Release();
  EXPECT_EQ(session_->requests_in_flight(), 0u);
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 1001u);
  for (size_t i = 1; i < 500; ++i) {
    EXPECT_EQ(replies[1 + 2 * i].As<op::Get>().record.value, std::to_string(i - 1));
  }
}

// --- Deadlines -----------------------------------------------------------------------------------

TEST_F(SessionTest, RequestPastItsDeadlineDoesNotStart) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a") + GetFrame(3, kProfile, 100) + PutFrame(4, kProfile, "b", 50));
  clock_.AdvanceMillis(100);
  engine_.hold = false;
  Release();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(replies[0].code, Code::kOk);
  EXPECT_EQ(replies[1].code, Code::kDeadlineExceeded);
  EXPECT_EQ(replies[2].code, Code::kDeadlineExceeded);
  EXPECT_EQ(Ask(GetFrame(5, kProfile)).As<op::Get>().record.value, "a");
}

TEST_F(SessionTest, DeadlineReachesTheEngine) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a", 100));
  clock_.AdvanceMillis(100);
  Release();
  EXPECT_EQ(Replies().at(0).code, Code::kDeadlineExceeded);
}

// --- The end -------------------------------------------------------------------------------------

TEST_F(SessionTest, AcceptedRequestsAreAnsweredAfterEndOfInput) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a"));
  session_->EndOfInput();
  EXPECT_FALSE(session_->finished());
  Release();
  EXPECT_FALSE(session_->finished());
  EXPECT_THAT(ReplyIds(), ElementsAre(2));
  EXPECT_TRUE(session_->finished());
}

TEST_F(SessionTest, DrainAnswersAcceptedRequestsOnly) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a"));
  session_->Drain();
  EXPECT_EQ(Ask(PutFrame(3, kProfile, "b")).code, Code::kShuttingDown);
  EXPECT_EQ(engine_.held(), 1u);
  Release();
  EXPECT_THAT(ReplyIds(), ElementsAre(2));
  EXPECT_TRUE(session_->finished());
}

// Between slices of its work, the engine looks at this.
TEST_F(SessionTest, CallerReportsWhetherTheAnswerIsWanted) {
  const Bytes partition = PartitionOf(42);
  for (const auto& leave : {&Session::EndOfInput, &Session::Drain}) {
    for (const Bytes& frame :
         {GetFrame(2, kProfile), FrameOf<op::MGet>(2, {.keys = {kProfile.view()}}),
          FrameOf<op::Scan>(2, {.partition = {Table::kUsers, partition}, .limit = 1}),
          FrameOf<op::List>(2, {.table = Table::kUsers, .limit = 1})}) {
      engine_.hold = false;
      Reconnect();
      Greet();
      engine_.hold = true;
      Send(frame);
      ASSERT_NE(engine_.caller, nullptr);
      EXPECT_EQ(engine_.caller->state(), Caller::State::kWaiting);
      (session_.get()->*leave)();
      EXPECT_EQ(engine_.caller->state(), Caller::State::kLeaving);
      session_.reset();
      EXPECT_EQ(engine_.caller->state(), Caller::State::kGone);
    }
  }
}

TEST_F(SessionTest, RequestsOfAClosedSessionAreNotInFlight) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a") + PutFrame(3, kProfile, "b"));
  EXPECT_EQ(metrics_.requests_in_flight.value(), 2u);
  session_.reset();
  EXPECT_EQ(metrics_.requests_in_flight.value(), 0u);
  Release();
  EXPECT_EQ(metrics_.requests_in_flight.value(), 0u);
}

TEST_F(SessionTest, CompletionForAClosedSessionDoesNothing) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a"));
  session_.reset();
  Release();
  EXPECT_TRUE(posted_.empty());
}

}  // namespace
}  // namespace smile
