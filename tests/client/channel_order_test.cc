// The order of calls of one partition, when some of them have to be sent again.

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/channel_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ChannelOrder : public ChannelTest {
 protected:
  static op::Put::Request PutTo(ByteView partition, ByteView value) {
    return {.key = {Table::kUsers, partition, "profile"},
            .condition = {},
            .checksum = Hash64(value),
            .value = value,
            .expire_seconds = {}};
  }
  auto PutOf(ByteView value) { return Call<op::Put>(PutTo("12345678", value)); }

  // What a frame asks: the value of a PUT, the name of anything else.
  static std::vector<std::string> Asked(const std::vector<Sent>& sent) {
    std::vector<std::string> asked;
    for (const Sent& one : sent) {
      op::Put::Request put;
      const bool is_put = one.header.code == op::Put::kInfo.code && Decode(one.body, &put).ok();
      asked.emplace_back(is_put                                   ? put.value
                         : one.header.code == op::Get::kInfo.code ? "GET"
                                                                  : "other");
    }
    return asked;
  }
  void Overload(const Sent& sent, uint32_t millis = 50) {
    ASSERT_TRUE(Refuse(sent.header.id, {Code::kOverloaded, "later", millis}).ok());
  }
  void Acknowledge(const Sent& sent) { ASSERT_TRUE(Reply<op::Put>(sent.header.id, {7}).ok()); }
};

TEST_F(ChannelOrder, LaterCallsOfThePartitionWaitForARetry) {
  Hello();
  PutOf("v1");
  Overload(Fill()[0]);
  PutOf("v2");
  Call<op::Get>(Get());
  Call<op::Put>(PutTo("elsewhere", "w"));
  EXPECT_THAT(Asked(Fill()), ElementsAre("w"));
  Pass(60);
  EXPECT_THAT(Asked(Fill()), ElementsAre("v1", "v2", "GET"));
}

TEST_F(ChannelOrder, NoRetryAfterALaterCallTookEffect) {
  Hello();
  const auto v1 = PutOf("v1");
  const auto v2 = PutOf("v2");
  const auto sent = Fill();
  Overload(sent[0]);
  EXPECT_FALSE(v1->has_value());
  Acknowledge(sent[1]);
  EXPECT_EQ(CodeOf(v1), Code::kOverloaded) << "it had no effect, and cannot have one any more";
  EXPECT_EQ(CodeOf(v2), Code::kOk);
  Pass(100);
  EXPECT_THAT(Fill(), IsEmpty());
}

TEST_F(ChannelOrder, ReplyAboutTheRecordCountsAsTakingEffect) {
  for (const Code code : {Code::kConditionFailed, Code::kNotFound, Code::kOutcomeUnknown}) {
    Hello();
    const auto refused = Call<op::Get>(Get());
    PutOf("v2");
    const auto sent = Fill();
    Overload(sent[0]);
    ASSERT_TRUE(Refuse(sent[1].header.id, {code, ""}).ok());
    EXPECT_EQ(CodeOf(refused), Code::kOverloaded) << InfoOf(code).name;
    Lose();
  }
}

TEST_F(ChannelOrder, RetriesKeepTheirOrder) {
  Hello();
  PutOf("v1");
  PutOf("v2");
  PutOf("v3");
  const auto sent = Fill();
  Overload(sent[1], 10);
  Overload(sent[2], 20);
  Overload(sent[0], 80);  // a refusal may overtake
  Pass(50);
  EXPECT_THAT(Fill(), IsEmpty());
  Pass(50);
  EXPECT_THAT(Asked(Fill()), ElementsAre("v1", "v2", "v3"));
}

TEST_F(ChannelOrder, NoRetryWhileALaterCallIsInFlight) {
  Hello();
  PutOf("v1");
  const auto v2 = PutOf("v2");
  const auto sent = Fill();
  Overload(sent[0]);
  Pass(100);
  EXPECT_THAT(Fill(), IsEmpty());
  ASSERT_TRUE(Refuse(sent[1].header.id, {Code::kTooLarge, "no"}).ok());
  EXPECT_EQ(CodeOf(v2), Code::kTooLarge);
  EXPECT_LE(channel.next_tick(), now + 10 * kMilli);
  Pass(10);
  EXPECT_THAT(Asked(Fill()), ElementsAre("v1"));
}

TEST_F(ChannelOrder, TimedOutWriteMayStillTakeEffect) {
  Hello();
  const auto v1 = Call<op::Put>(PutTo("12345678", "v1"), 1000);
  const auto v2 = Call<op::Put>(PutTo("12345678", "v2"), 100);
  const auto sent = Fill();
  Pass(150);
  EXPECT_EQ(CodeOf(v2), Code::kOutcomeUnknown);
  Overload(sent[0], 10);
  Pass(100);
  EXPECT_THAT(Fill(), IsEmpty());
  Acknowledge(sent[1]);
  EXPECT_EQ(CodeOf(v1), Code::kOverloaded);
}

TEST_F(ChannelOrder, AnyOrderCallsDoNotWait) {
  Hello();
  const auto v1 = Call<op::Put>(PutTo("12345678", "v1"), 1000, /*retry=*/true, /*any_order=*/true);
  Overload(Fill()[0]);
  const auto v2 = PutOf("v2");
  const auto sent = Fill();
  ASSERT_THAT(Asked(sent), ElementsAre("v2"));
  Acknowledge(sent[0]);
  EXPECT_EQ(CodeOf(v2), Code::kOk);
  EXPECT_FALSE(v1->has_value());
  Pass(60);
  EXPECT_THAT(Asked(Fill()), ElementsAre("v1"));
}

TEST_F(ChannelOrder, CallOnSeveralPartitionsWaitsForAll) {
  Hello();
  PutOf("a1");
  Overload(Fill()[0]);
  Call<op::MGet>({{Get().key, {Table::kUsers, "another", "profile"}}});
  Call<op::Put>(PutTo("another", "b"));
  Call<op::Put>(PutTo("elsewhere", "c"));
  EXPECT_THAT(Asked(Fill()), ElementsAre("c"));
  Pass(60);
  EXPECT_THAT(Asked(Fill()), ElementsAre("a1", "other", "b"));
}

TEST_F(ChannelOrder, WaitingCallsKeepTheirDeadlines) {
  Hello();
  const auto v1 = Call<op::Put>(PutTo("12345678", "v1"), 1000);
  Overload(Fill()[0], 500);
  const auto v2 = Call<op::Put>(PutTo("12345678", "v2"), 100);
  const auto v3 = Call<op::Put>(PutTo("12345678", "v3"), 1000);
  EXPECT_THAT(Fill(), IsEmpty());
  EXPECT_LE(channel.next_tick(), now + 110 * kMilli);
  Pass(110);
  EXPECT_EQ(CodeOf(v2), Code::kDeadlineExceeded);
  Pass(400);
  EXPECT_THAT(Asked(Fill()), ElementsAre("v1", "v3"));
  EXPECT_LE(channel.next_tick(), now + 500 * kMilli) << "sent again, it still has its deadline";
  Pass(500);
  EXPECT_EQ(CodeOf(v1), Code::kOutcomeUnknown);
  EXPECT_EQ(CodeOf(v3), Code::kOutcomeUnknown);
}

TEST_F(ChannelOrder, LostReadsAreRetriedInOrder) {
  Hello();
  const auto ping = [&](ByteView payload) { Call<op::Ping>({payload}); };
  ping("a");
  ping("b");
  const auto sent = Fill();
  for (const Sent& one : sent) {  // their ids come back in the opposite order
    ASSERT_TRUE(Reply<op::Ping>(one.header.id, {one.body.substr(one.body.size() - 1)}).ok());
  }
  ping("c");
  ping("d");
  Fill();
  Lose();
  Hello();
  const auto again = Fill();
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].body.back(), 'c');
  EXPECT_EQ(again[1].body.back(), 'd');
}

TEST_F(ChannelOrder, LostReadIsNotRetriedAfterALaterWrite) {
  Hello();
  const auto before = Call<op::Get>(Get());
  const auto put = PutOf("v");
  const auto after = Call<op::Get>(Get());
  const auto elsewhere = Call<op::Get>({{Table::kUsers, "elsewhere", "profile"}});
  Fill();
  Lose();
  EXPECT_EQ(CodeOf(put), Code::kOutcomeUnknown);
  EXPECT_EQ(CodeOf(before), Code::kUnavailable) << "it might see the write";
  Hello();
  EXPECT_THAT(Asked(Fill()), ElementsAre("GET", "GET"));
}

TEST_F(ChannelOrder, NoRetryAfterALaterWriteWasLost) {
  Hello();
  const auto v1 = PutOf("v1");
  const auto v2 = PutOf("v2");
  Overload(Fill()[0]);
  Lose();
  EXPECT_EQ(CodeOf(v2), Code::kOutcomeUnknown);
  EXPECT_EQ(CodeOf(v1), Code::kOverloaded);
}

TEST_F(ChannelOrder, MalformedErrorIsOutcomeUnknownForAWrite) {
  Hello();
  const auto put = PutOf("v");
  const auto get = Call<op::Get>({{Table::kUsers, "elsewhere", "profile"}});
  for (const Sent& one : Fill()) {
    Bytes bytes;
    FrameWriter frame(&bytes, {.id = one.header.id,
                               .code = static_cast<uint8_t>(Code::kOverloaded),
                               .flags = kFlagReply});
    bytes.push_back('\xff');
    frame.Finish();
    ASSERT_TRUE(Receive(bytes).ok());
  }
  EXPECT_EQ(CodeOf(put), Code::kOutcomeUnknown);
  EXPECT_EQ(CodeOf(get), Code::kProtocolError);
  Pass(100);
  EXPECT_THAT(Fill(), IsEmpty());
}

TEST_F(ChannelOrder, WaitingCallsEndWithTheChannel) {
  Hello();
  const auto v1 = PutOf("v1");
  Overload(Fill()[0]);
  const auto v2 = PutOf("v2");
  EXPECT_THAT(Fill(), IsEmpty());
  channel.EndAll({Code::kUnavailable, "closed"});
  EXPECT_EQ(CodeOf(v1), Code::kUnavailable);
  EXPECT_EQ(CodeOf(v2), Code::kUnavailable);
  EXPECT_FALSE(channel.has_calls());
}

TEST_F(ChannelOrder, SmallRequestsOvertakeWaitingPieces) {
  Hello();
  const Bytes bytes(limits::kLeastBulkBytes, 'p');
  const auto piece = Call<op::MediaAppend>({.offset = 1, .bytes = bytes});
  const auto next = Call<op::MediaAppend>({.offset = 2, .bytes = bytes});
  const auto small = Call<op::Get>(Get());
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].header.code, op::Get::kInfo.code);
  EXPECT_EQ(sent[1].header.code, op::MediaAppend::kInfo.code) << "one is enough for the kernel";
  EXPECT_FALSE(channel.has_output(limits::kUnsentBulkBytes));
  EXPECT_TRUE(channel.has_output(limits::kUnsentBulkBytes - 1));
  const auto later = Call<op::Get>(Get());
  EXPECT_TRUE(channel.has_output(limits::kUnsentBulkBytes)) << "small ones need not wait";
  const auto then = Fill();
  ASSERT_EQ(then.size(), 2u);
  EXPECT_EQ(then[0].header.code, op::Get::kInfo.code);
  op::MediaAppend::Request last;
  ASSERT_TRUE(Decode(then[1].body, &last).ok());
  EXPECT_EQ(last.offset, 2u) << "pieces keep their order";
}

TEST_F(ChannelOrder, LargeRequestsOfAPartitionAreNotOvertaken) {
  Hello();
  const Bytes value(limits::kLeastBulkBytes, 'v');
  op::Put::Request put = Put();
  put.value = value;
  put.checksum = Hash64(value);
  const auto large = Call<op::Put>(put);
  const auto small = Call<op::Get>(Get());
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].header.code, op::Put::kInfo.code);
}

TEST_F(ChannelOrder, PiecesAreSentAgainBeforeLaterPieces) {
  Hello();
  const Bytes bytes(limits::kLeastBulkBytes, 'p');
  const auto first = CallWith<op::MediaAppend>({.offset = 1, .bytes = bytes}, {.repeatable = true});
  Fill();
  const auto second =
      CallWith<op::MediaAppend>({.offset = 2, .bytes = bytes}, {.repeatable = true});
  Lose();
  Hello();
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 1u);
  op::MediaAppend::Request again;
  ASSERT_TRUE(Decode(sent[0].body, &again).ok());
  EXPECT_EQ(again.offset, 1u);
}

TEST_F(ChannelOrder, PiecesInFlightHaveALimitThatSmallRequestsHaveNot) {
  Channel many({.name = "test",
                .max_in_flight = 100,
                .max_queued_bytes = size_t{64} << 20,
                .first_backoff_millis = 1,
                .max_backoff_millis = 1,
                .seed = 1});
  const auto fill = [&] {
    Bytes out;
    many.Fill(/*unsent=*/0, now, &out);
    FrameReader reader(limits::kMaxFrameBytes);
    reader.Feed(out);
    std::vector<uint32_t> ids;
    Frame frame;
    while (reader.Next(&frame) == FrameReader::Event::kFrame) ids.push_back(frame.header.id);
    return ids;
  };
  const auto add = [&]<class Row>(Row, const typename Row::Request& request) {
    auto call = std::make_unique<TypedCall<Row>>(request, now + 1000 * kMilli, CallOptions(),
                                                 [](const Answer<Row>&) {});
    many.Admit(call.get());
    many.Add(std::move(call));
  };
  many.Connected();
  fill();
  Bytes hello;
  EncodeReply<op::Hello>(0,
                         {.version = 1,
                          .max_frame_bytes = limits::kMaxFrameBytes,
                          .max_in_flight = 100,
                          .max_value_bytes = limits::kMaxValueBytes},
                         &hello);
  ASSERT_TRUE(many.Receive(hello, now).ok());
  const Bytes bytes(kMaxPieceBytes, 'p');
  for (int i = 0; i < 6; ++i) add(op::MediaAppend(), {.bytes = bytes});
  std::vector<uint32_t> sent;
  while (many.has_output(0)) {
    for (const uint32_t id : fill()) sent.push_back(id);
  }
  EXPECT_EQ(sent.size(), limits::kMaxBulkInFlightBytes / kMaxPieceBytes);
  add(op::Get(), Get());
  EXPECT_TRUE(many.has_output(0));
  EXPECT_EQ(fill().size(), 1u);
  Bytes reply;
  EncodeReply<op::MediaAppend>(sent[0], {}, &reply);
  ASSERT_TRUE(many.Receive(reply, now).ok());
  EXPECT_TRUE(many.has_output(0));
  EXPECT_EQ(fill().size(), 1u);
  EXPECT_FALSE(many.has_output(0));
  many.EndAll({Code::kUnavailable, "the test is over"});
}

}  // namespace
}  // namespace smile
