// What a session holds is bounded.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SessionBoundsTest : public SessionTest {};

TEST_F(SessionBoundsTest, DuplicateIdInFlightIsRejected) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(2, kProfile, "a"));
  const ReceivedReply rejected = Ask(PutFrame(2, kElsewhere, "b"));
  EXPECT_EQ(rejected.code, Code::kInvalid);
  EXPECT_EQ(engine_.held(), 1u);
}

TEST_F(SessionBoundsTest, RequestThatWaitsForRoomPastItsDeadlineDoesNotStart) {
  Greet();
  engine_.hold = true;
  Bytes frames;
  for (uint32_t i = 0; i < limits::kMaxInFlightRequests; ++i) {
    frames += PutFrame(10 + i, kProfile, "x");
  }
  Send(frames + GetFrame(5, kElsewhere, 100) + GetFrame(6, kElsewhere));
  clock_.AdvanceMillis(100);
  engine_.hold = false;
  Release();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(replies[1].id, 5u);
  EXPECT_EQ(replies[1].code, Code::kDeadlineExceeded);
  EXPECT_EQ(replies[2].code, Code::kNotFound);
}

TEST_F(SessionBoundsTest, ReadingPausesAtTheLimitOfRequestsInFlight) {
  Greet();
  engine_.hold = true;
  Bytes frames;
  for (uint32_t i = 0; i < limits::kMaxInFlightRequests + 1; ++i) {
    frames += PutFrame(10 + i, kProfile, "x");
  }
  Send(frames);
  EXPECT_EQ(engine_.held(), limits::kMaxInFlightRequests);
  EXPECT_FALSE(session_->wants_bytes());
  Release();
  EXPECT_EQ(engine_.held(), limits::kMaxInFlightRequests);
  Release();
  EXPECT_TRUE(session_->wants_bytes());
}

TEST_F(SessionBoundsTest, ReadingPausesAtTheLimitOfRequestBytes) {
  Greet();
  engine_.hold = true;
  const Bytes value(limits::kMaxValueBytes, 'v');
  for (uint32_t i = 0; i < 8; ++i) Send(PutFrame(10 + i, kProfile, value));
  EXPECT_FALSE(session_->wants_bytes());
  Release();
  EXPECT_TRUE(session_->wants_bytes());
}

TEST_F(SessionBoundsTest, ReadingPausesAtTheLimitOfReplyBytes) {
  constexpr size_t kGets = limits::kMaxInFlightReplyBytes / limits::kMaxReplyValueBytes;
  Greet();
  Ask(PutFrame(2, kProfile, "x"));
  engine_.hold = true;
  // One is slow; the others could be answered at once and have to wait for their turn.
  Send(FrameOf<op::MGet>(3, {.keys = {kProfile.view()}}));
  engine_.hold = false;
  for (uint32_t i = 0; i < kGets; ++i) Send(GetFrame(10 + i, kProfile));
  EXPECT_EQ(session_->requests_in_flight(), kGets);
  EXPECT_FALSE(session_->wants_bytes());
  Release();
  EXPECT_TRUE(session_->wants_bytes());
  EXPECT_EQ(Replies().size(), 1 + kGets);
}

TEST_F(SessionBoundsTest, ConsecutiveGetsObeyTheLimits) {
  constexpr size_t kGets = limits::kMaxInFlightReplyBytes / limits::kMaxReplyValueBytes;
  Greet();
  engine_.hold_reads = true;
  Bytes frames;
  for (uint32_t i = 0; i < 2 * kGets; ++i) {
    const Key key = UserKey(i, "profile");
    engine_.on_disk.push_back(key);
    // One of another kind first, so that no run of GETs ends just where there is no more room.
    frames += i == 0 ? FrameOf<op::MGet>(10, {.keys = {key.view()}}) : GetFrame(10 + i, key);
  }
  Send(frames);
  EXPECT_EQ(session_->requests_in_flight(), kGets);
  EXPECT_FALSE(session_->wants_bytes());
}

TEST_F(SessionBoundsTest, ScanCountsMoreReplyBytesThanGet) {
  Greet();
  engine_.hold = true;
  constexpr size_t kScans = limits::kMaxInFlightReplyBytes / limits::kMaxFrameBytes;
  for (uint32_t i = 0; i < 2 * kScans; ++i) {
    const Key key = UserKey(i, "profile");
    Send(FrameOf<op::Scan>(10 + i, {.partition = key.view().partition_view(), .limit = 1}));
  }
  EXPECT_EQ(engine_.held(), kScans);
  EXPECT_FALSE(session_->wants_bytes());
}

TEST_F(SessionBoundsTest, ExecutionPausesAtTheHighWaterMark) {
  Greet();
  Ask(PutFrame(2, kProfile, Bytes(limits::kMaxValueBytes / 2, 'v')));
  Bytes frames;
  for (uint32_t i = 0; i < 5; ++i) frames += FrameOf<op::MGet>(10 + i, {.keys = {kProfile.view()}});
  Send(frames);
  EXPECT_FALSE(session_->wants_bytes());
  const Bytes output = session_->TakeOutput().bytes;
  EXPECT_EQ(ParseReplies(output).size(), 2u);
  session_->set_unsent(output.size(), output.size());
  EXPECT_FALSE(session_->has_output());
  session_->set_unsent(0, 0);
  EXPECT_THAT(ReplyIds(), ElementsAre(12, 13));
}

TEST_F(SessionBoundsTest, AtTheHighWaterMarkAtMostOneRunOfGetsIsAnswered) {
  Greet();
  Ask(PutFrame(2, kProfile, Bytes(limits::kMaxValueBytes, 'v')));
  Bytes frames;
  for (uint32_t i = 0; i < 3 * LookupRun::kMost; ++i) frames += GetFrame(10 + i, kProfile);
  Send(frames);
  EXPECT_FALSE(session_->wants_bytes());
  EXPECT_EQ(Replies().size(), LookupRun::kMost);
}

TEST_F(SessionBoundsTest, ReplyOverTheClientsLimitIsTooLarge) {
  Send(FrameOf<op::Hello>(1, {.max_frame_bytes = 32'768}));
  Replies();
  Ask(PutFrame(2, kProfile, Bytes(33'000, 'v')));
  const ReceivedReply reply = Ask(GetFrame(3, kProfile));
  EXPECT_EQ(reply.code, Code::kTooLarge);
  EXPECT_THAT(Bytes(reply.Error().message), HasSubstr("32768"));
}

}  // namespace
}  // namespace smile
