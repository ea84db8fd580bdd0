#include "client/channel.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/channel_fixture.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

using Channel_ = ChannelTest;

TEST_F(Channel_, CallsWaitForHello) {
  const auto answer = Call<op::Ping>({"x"});
  EXPECT_TRUE(Fill().empty()) << "there is no connection";
  channel.Connected();
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header.code, op::Hello::kInfo.code);
  op::Hello::Request hello;
  ASSERT_TRUE(Decode(sent[0].body, &hello).ok());
  EXPECT_EQ(hello.magic, kHelloMagic);
  EXPECT_EQ(hello.client_name, "test");
  EXPECT_TRUE(Fill().empty()) << "HELLO is not answered";
  ASSERT_TRUE(
      Reply<op::Hello>(0, {.version = 1, .max_frame_bytes = 1000, .max_in_flight = 1}).ok());
  const auto call = Fill();
  ASSERT_EQ(call.size(), 1u);
  EXPECT_EQ(call[0].header.code, op::Ping::kInfo.code);
  ASSERT_TRUE(Reply<op::Ping>(call[0].header.id, {"x"}).ok());
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((**answer)->payload, "x");
  EXPECT_FALSE(channel.has_calls());
}

TEST_F(Channel_, RepliesParseAtAnySplitPoint) {
  Hello();
  for (size_t split = 0;; ++split) {
    const auto a = Call<op::Get>(Get());
    const auto b = Call<op::Ping>({"payload"});
    const auto sent = Fill();
    ASSERT_EQ(sent.size(), 2u);
    const Bytes bytes = Encoded<op::Get>(sent[0].header.id, {RecordOf("value")}) +
                        Encoded<op::Ping>(sent[1].header.id, {"payload"});
    if (split > bytes.size()) {  // and byte by byte
      for (const char& byte : bytes) ASSERT_TRUE(Receive({&byte, 1}).ok());
    } else {
      for (Bytes piece : {bytes.substr(0, split), bytes.substr(split)}) {
        ASSERT_TRUE(Receive(piece).ok());
        piece.assign(piece.size(), '?');  // borrowed for the call only
      }
    }
    ASSERT_TRUE(a->has_value() && b->has_value()) << "split at " << split;
    EXPECT_EQ((**a)->record.value, "value");
    EXPECT_EQ((**b)->payload, "payload");
    if (split > bytes.size()) break;
  }
}

TEST_F(Channel_, RepliesMayOvertakeEachOther) {
  Hello();
  std::vector<std::shared_ptr<std::optional<Answer<op::Ping>>>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(Call<op::Ping>({std::to_string(i)}));
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 10u);
  for (size_t i = sent.size(); i-- > 0;) {
    ASSERT_TRUE(Reply<op::Ping>(sent[i].header.id, {std::to_string(i)}).ok());
    EXPECT_EQ((**answers[i])->payload, std::to_string(i));
  }
}

TEST_F(Channel_, InFlightLimitIsTheSmallerOne) {
  Hello(/*max_in_flight=*/3);
  for (int i = 0; i < 5; ++i) Call<op::Ping>({"x"});
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_FALSE(channel.has_output(/*unsent=*/0));
  ASSERT_TRUE(Reply<op::Ping>(sent[1].header.id, {"x"}).ok());
  EXPECT_TRUE(channel.has_output(/*unsent=*/0));
  const auto next = Fill();
  ASSERT_EQ(next.size(), 1u);
  EXPECT_NE(next[0].header.id, sent[0].header.id);
  EXPECT_NE(next[0].header.id, sent[1].header.id) << "ids of one slot differ";
  EXPECT_NE(next[0].header.id, sent[2].header.id);
}

TEST_F(Channel_, LateReplyIsDropped) {
  Hello(/*max_in_flight=*/1);
  const auto late = Call<op::Ping>({"late"}, 100);
  const auto sent = Fill();
  Pass(101);
  EXPECT_EQ(CodeOf(late), Code::kDeadlineExceeded);
  const auto next = Call<op::Ping>({"next"});
  EXPECT_TRUE(Fill().empty());
  ASSERT_TRUE(Reply<op::Ping>(sent[0].header.id, {"late"}).ok());
  const auto resent = Fill();
  ASSERT_EQ(resent.size(), 1u);
  ASSERT_TRUE(Reply<op::Ping>(resent[0].header.id, {"next"}).ok());
  EXPECT_EQ((**next)->payload, "next");
}

TEST_F(Channel_, FillStopsWhenFull) {
  Hello();
  for (int i = 0; i < 3; ++i) Call<op::Ping>({Bytes(1000, 'x')});
  EXPECT_EQ(Fill(/*room=*/1500).size(), 2u);
  EXPECT_EQ(Fill(/*room=*/1).size(), 1u);
}

TEST_F(Channel_, RequestTooLongForTheServerIsNotSent) {
  Hello(/*max_in_flight=*/10, /*max_frame_bytes=*/100);
  const auto answer = Call<op::Ping>({Bytes(200, 'x')});
  EXPECT_TRUE(Fill().empty());
  EXPECT_EQ(CodeOf(answer), Code::kTooLarge);
}

TEST_F(Channel_, FrameCarriesTheRemainingTime) {
  Hello();
  Call<op::Ping>({"a"}, 1000);
  now += 400 * kMilli;
  Call<op::Ping>({"b"}, 1'000'000);
  const auto sent = Fill();
  EXPECT_EQ(sent[0].header.deadline_ms, 600);
  EXPECT_EQ(sent[1].header.deadline_ms, 65'535);
}

TEST_F(Channel_, TimeoutBeforeSendingIsDeadlineExceeded) {
  const auto unreachable = Call<op::Put>(Put(), 10);
  channel.Disconnected({Code::kUnavailable, "connection refused"});
  Pass(11);
  EXPECT_EQ(CodeOf(unreachable), Code::kUnavailable);
  EXPECT_EQ((*unreachable)->status().message(), "connection refused");
  Hello(/*max_in_flight=*/1);
  Call<op::Ping>({"first"});
  Fill();
  const auto waiting = Call<op::Put>(Put(), 10);
  Fill();
  Pass(20);
  EXPECT_EQ(CodeOf(waiting), Code::kDeadlineExceeded);
}

TEST_F(Channel_, TimeoutAfterSendingIsOutcomeUnknownForAWrite) {
  Hello();
  const auto get = Call<op::Get>(Get(), 10);
  const auto put = Call<op::Put>(Put(), 10);
  const auto later = Call<op::Put>(Put(), 100);
  Fill();
  EXPECT_LE(channel.next_tick(), now + 10 * kMilli);
  Pass(11);
  EXPECT_EQ(CodeOf(get), Code::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(put), Code::kOutcomeUnknown);
  EXPECT_FALSE(later->has_value());
  EXPECT_LE(channel.next_tick(), now + 100 * kMilli);
  Pass(100);
  EXPECT_EQ(CodeOf(later), Code::kOutcomeUnknown);
  EXPECT_GT(channel.next_tick(), now + 10 * kMilli);
}

TEST_F(Channel_, WaitingCallsAreBounded) {
  std::vector<std::shared_ptr<std::optional<Answer<op::Ping>>>> answers;
  const Bytes payload(300'000, 'x');
  for (int i = 0; i < 4; ++i) answers.push_back(Call<op::Ping>({payload}));
  EXPECT_TRUE(channel.has_output(/*unsent=*/0));
  Fill();
  EXPECT_FALSE(answers[2]->has_value());
  EXPECT_EQ(CodeOf(answers[3]), Code::kOverloaded);
  channel.EndAll({Code::kUnavailable, "closed"});
  EXPECT_EQ(CodeOf(answers[0]), Code::kUnavailable);
  const auto room_again = Call<op::Ping>({payload});
  EXPECT_FALSE(channel.has_output(/*unsent=*/0));
}

TEST_F(Channel_, SingleCallOfAnySizeIsAccepted) {
  Hello();
  const auto answer = Call<op::Ping>({Bytes(2'000'000, 'x')});
  EXPECT_EQ(Fill().size(), 1u);
}

TEST_F(Channel_, EndAllAnswersNestedCallsToo) {
  Hello();
  const auto put = Call<op::Put>(Put());
  const auto get = Call<op::Get>(Get());
  Fill();
  const auto unsent = Call<op::Put>(Put());
  std::shared_ptr<std::optional<Answer<op::Ping>>> from_answer;
  auto chained = std::make_unique<TypedCall<op::Ping>>(
      op::Ping::Request{}, now + kMilli, CallOptions(),
      [&](Answer<op::Ping>) { from_answer = Call<op::Ping>({"again"}); });
  channel.Admit(chained.get());
  channel.Add(std::move(chained));
  channel.EndAll({Code::kUnavailable, "closed"});
  EXPECT_EQ(CodeOf(put), Code::kOutcomeUnknown);
  EXPECT_EQ(CodeOf(get), Code::kUnavailable);
  EXPECT_EQ(CodeOf(unsent), Code::kUnavailable);
  ASSERT_NE(from_answer, nullptr);
  EXPECT_EQ(CodeOf(from_answer), Code::kUnavailable);
  EXPECT_FALSE(channel.has_calls());
}

TEST_F(Channel_, ErrorsCarryTheirDetail) {
  Hello();
  const auto put = Call<op::Put>(Put());
  const auto sent = Fill();
  ASSERT_TRUE(Refuse(sent[0].header.id, {Code::kConditionFailed, "it is there"},
                     {.index = {}, .version = 7})
                  .ok());
  EXPECT_EQ(CodeOf(put), Code::kConditionFailed);
  EXPECT_EQ((*put)->status().message(), "it is there");
  EXPECT_EQ((*put)->detail().version, 7u);
}

TEST_F(Channel_, HasRepliedIsAboutTheLastConnectionOrAttempt) {
  EXPECT_FALSE(channel.has_replied());
  Hello();
  EXPECT_FALSE(channel.has_replied()) << "HELLO does not count";
  const auto ping = Call<op::Ping>({"x"});
  ASSERT_TRUE(Reply<op::Ping>(Fill()[0].header.id, {"x"}).ok());
  EXPECT_TRUE(channel.has_replied());
  Lose();
  EXPECT_TRUE(channel.has_replied());
  Lose();  // an attempt to connect that failed
  EXPECT_FALSE(channel.has_replied()) << "otherwise pauses between attempts would not grow";
}

// --- What the server must not send -----------------------------------------------------------

TEST_F(Channel_, BytesThatAreNotTheProtocolEndTheConnection) {
  Hello();
  const auto get = Call<op::Get>(Get());
  const auto sent = Fill();
  const uint32_t id = sent[0].header.id;
  Bytes request;
  EncodeRequest<op::Ping>(id, 0, {"x"}, &request);
  Bytes damaged = Encoded<op::Get>(id, {RecordOf("value")});
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  const std::vector<std::pair<Bytes, const char*>> bad = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak Smile's protocol"},
      {Bytes(64, '\0'), "does not speak Smile's protocol"},
      {Bytes(64, '\xff'), "does not speak Smile's protocol"},
      {damaged, "checksum"},
      {request, "not a reply"},
      {Encoded<op::Ping>(id + 1, {}), "no request in flight has"},
      {Encoded<op::Ping>(id + 65'536, {}), "no request in flight has"},
      {Encoded<op::Hello>(0, {}), "a second reply to HELLO"},
  };
  for (const auto& [bytes, words] : bad) {
    const Status status = Receive(bytes);
    EXPECT_EQ(status.code(), Code::kProtocolError);
    EXPECT_THAT(status.message(), HasSubstr(words));
    EXPECT_FALSE(get->has_value());
    channel.Disconnected(status);
    Hello();
    EXPECT_EQ(Fill().size(), 1u) << "the get is sent again";
  }
}

TEST_F(Channel_, MalformedBodyFailsOnlyItsCall) {
  Hello();
  const auto get = Call<op::Get>(Get());
  const auto put = Call<op::Put>(Put());
  const auto ping = Call<op::Ping>({"x"});
  const auto sent = Fill();
  EXPECT_TRUE(Reply<op::Put>(sent[0].header.id, {1}).ok());
  EXPECT_TRUE(Reply<op::Ping>(sent[1].header.id, {"x"}).ok());
  EXPECT_TRUE(Reply<op::Ping>(sent[2].header.id, {"x"}).ok());
  EXPECT_EQ(CodeOf(get), Code::kProtocolError);
  EXPECT_EQ(CodeOf(put), Code::kOutcomeUnknown);
  EXPECT_EQ(CodeOf(ping), Code::kOk);
}

TEST_F(Channel_, ReplyWithId0EndsTheConnection) {
  Hello();
  const Status status = Refuse(0, {Code::kShuttingDown, "good night"});
  EXPECT_EQ(status.code(), Code::kShuttingDown);
  EXPECT_EQ(status.message(), "good night");
}

TEST_F(Channel_, RejectedHelloEndsWaitingCalls) {
  for (const bool by_version : {false, true}) {
    const auto answer = Call<op::Ping>({"x"});
    channel.Connected();
    Fill();
    const Status status = by_version ? Reply<op::Hello>(0, {.version = 2})
                                     : Refuse(0, {Code::kUnsupported, "version 9 at least"});
    EXPECT_EQ(status.code(), Code::kUnsupported);
    channel.Disconnected(status);
    EXPECT_EQ(CodeOf(answer), Code::kUnsupported);
  }
}

}  // namespace
}  // namespace smile
