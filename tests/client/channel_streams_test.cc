// Calls with many replies: watches.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/watch_call.h"
#include "tests/client/channel_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ChannelStreams : public ChannelTest {
 protected:
  ~ChannelStreams() override { channel.EndAll({Code::kUnavailable, "the test is over"}); }

  // Watches users/1. What it is told is in `told`.
  void Watch(uint64_t stream = 1, uint64_t after = 0) {
    const auto shared = std::make_shared<smile::Watch::Shared>(WatchCallbacks{
        .event =
            [this](const Answer<op::Watch>& answer) {
              told.push_back(fmt::format("{} {}", NameOf(answer->event), answer->version));
            },
        .interrupted =
            [this](const Status& why) {
              told.push_back(fmt::format("interrupted {}", InfoOf(why.code()).name));
            },
        .ended =
            [this](const Status& why) {
              told.push_back(fmt::format("ended {}", InfoOf(why.code()).name));
            }});
    const Bytes user = PartitionOf(1);
    auto call = std::make_unique<WatchCall>(
        op::Watch::Request{.partitions = {{Table::kUsers, user}}, .after = after}, stream, shared);
    channel.Admit(call.get());
    channel.Add(std::move(call));
  }
  Status Message(uint32_t id, const op::Watch::Response& response, bool is_last = false) {
    FrameHeader header = OkHeader(id);
    if (!is_last) header.flags |= kFlagMoreFollows;
    Bytes bytes;
    FrameWriter frame(&bytes, header);
    Encode(response, &bytes);
    frame.Finish();
    return Receive(bytes);
  }
  static op::Watch::Response Started(uint64_t version) {
    return {.version = version, .checksum = Hash64({})};
  }
  Status Put(uint32_t id, uint64_t version, ByteView value = {}) {
    const Key key = UserKey(1, "theme");
    return Message(id, {.event = WatchedEvent::kPut,
                        .version = version,
                        .with_value = true,
                        .checksum = Hash64(value),
                        .value = value,
                        .key = key.view()});
  }
  // The frame of the watch that is sent now.
  uint32_t SentWatch(uint64_t after) {
    const auto sent = Fill();
    EXPECT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent.at(0).header.code, op::Watch::kInfo.code);
    EXPECT_EQ(sent.at(0).header.deadline_ms, 0u);
    EXPECT_EQ(sent.at(0).As<op::Watch>().after, after);
    return sent.at(0).header.id;
  }
  std::vector<std::string> Told() { return std::exchange(told, {}); }

  std::vector<std::string> told;
};

TEST_F(ChannelStreams, OneRequestHasManyReplies) {
  Hello();
  Watch();
  const uint32_t id = SentWatch(0);
  ASSERT_TRUE(Message(id, Started(5)).ok());
  ASSERT_TRUE(Put(id, 6, "blue").ok());
  ASSERT_TRUE(Put(id, 7, "red").ok());
  EXPECT_THAT(Told(), ElementsAre("started 5", "put 6", "put 7"));
  // Others are answered in between, with ids of their own.
  const auto answer = Call<op::Ping>({"x"});
  const auto sent = Fill();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_NE(sent[0].header.id, id);
  ASSERT_TRUE(Reply<op::Ping>(sent[0].header.id, {"x"}).ok());
  EXPECT_TRUE(answer->has_value());
}

TEST_F(ChannelStreams, GoesOnAfterTheLastVersionOnTheNextConnection) {
  Hello();
  Watch(1, 3);
  ASSERT_TRUE(Message(SentWatch(3), Started(3)).ok());
  Lose();
  Hello();
  const uint32_t id = SentWatch(3);
  ASSERT_TRUE(Message(id, Started(3)).ok());
  ASSERT_TRUE(Put(id, 8).ok());
  Lose();
  Hello();
  EXPECT_THAT(Told(), ElementsAre("started 3", "interrupted unavailable", "started 3", "put 8",
                                  "interrupted unavailable"));
  SentWatch(8);
}

// A gap may lead back, as after a restore of an older backup.
TEST_F(ChannelStreams, GoesOnAfterAGap) {
  Hello();
  Watch(1, 100);
  const uint32_t id = SentWatch(100);
  ASSERT_TRUE(Message(id, Started(100)).ok());
  ASSERT_TRUE(
      Message(id, {.event = WatchedEvent::kGap, .version = 9, .checksum = Hash64({})}).ok());
  Lose();
  Hello();
  SentWatch(9);
}

TEST_F(ChannelStreams, StartsAgainWhenTheServerSaysSo) {
  Hello();
  Watch();
  const uint32_t id = SentWatch(0);
  ASSERT_TRUE(Message(id, Started(5)).ok());
  ASSERT_TRUE(Refuse(id, {Code::kOverloaded, "too slow", 1000}).ok());
  EXPECT_THAT(Fill(), IsEmpty());
  now += 1100 * kMilli;
  ASSERT_TRUE(channel.Tick(now).ok());
  SentWatch(5);
  EXPECT_THAT(Told(), ElementsAre("started 5", "interrupted overloaded"));
}

TEST_F(ChannelStreams, EndsWhenItIsRejectedForGood) {
  Hello();
  Watch();
  ASSERT_TRUE(Refuse(SentWatch(0), {Code::kInvalid, "logins cannot be watched"}).ok());
  EXPECT_THAT(Told(), ElementsAre("ended invalid"));
  EXPECT_FALSE(channel.has_calls());
}

TEST_F(ChannelStreams, CancelIsSentAndWhatStillComesIsIgnored) {
  Hello();
  Watch();
  const uint32_t id = SentWatch(0);
  ASSERT_TRUE(Message(id, Started(5)).ok());
  channel.CancelStream(2);  // there is none
  EXPECT_THAT(Fill(), IsEmpty());
  channel.CancelStream(1);
  EXPECT_THAT(Told(), ElementsAre("started 5", "ended cancelled"));
  EXPECT_TRUE(channel.has_output(0));
  const auto sent = Fill();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].header.code, op::Cancel::kInfo.code);
  EXPECT_EQ(sent[0].As<op::Cancel>().id, id);
  ASSERT_TRUE(Put(id, 6).ok());
  ASSERT_TRUE(
      Message(id, {.event = WatchedEvent::kEnded, .version = 6, .checksum = Hash64({})}, true)
          .ok());
  ASSERT_TRUE(Reply<op::Cancel>(sent[0].header.id, {.cancelled = true}).ok());
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_FALSE(channel.has_calls());
}

// On the next connection its id may be that of another request.
TEST_F(ChannelStreams, CancelIsForItsConnection) {
  Hello();
  Watch();
  SentWatch(0);
  channel.CancelStream(1);
  Lose();
  Hello();
  EXPECT_THAT(Fill(), IsEmpty());
  Watch(2);
  Lose();
  channel.CancelStream(2);
  Hello();
  EXPECT_THAT(Fill(), IsEmpty()) << "it was not sent";
  EXPECT_EQ(told.back(), "ended cancelled");
}

TEST_F(ChannelStreams, WatchesLeaveRoomForRequests) {
  Hello();
  for (uint64_t stream = 1; stream <= 150; ++stream) Watch(stream);
  EXPECT_THAT(Fill(), SizeIs(150)) << "more than max_in_flight";
  const auto answer = Call<op::Ping>({"x"});
  EXPECT_THAT(Fill(), SizeIs(1));
}

TEST_F(ChannelStreams, ServerThatSaysNothingHasStalled) {
  Hello();
  Watch();
  ASSERT_TRUE(Message(SentWatch(0), Started(5)).ok());
  now += (limits::kStalledServerMillis - 1) * kMilli;
  EXPECT_TRUE(channel.Tick(now).ok());
  now += 10 * kMilli;
  EXPECT_FALSE(channel.Tick(now).ok());
}

TEST_F(ChannelStreams, MalformedMessagesEndTheConnection) {
  Hello();
  Watch();
  const uint32_t id = SentWatch(0);
  const Status damaged =
      Message(id, {.event = WatchedEvent::kGap, .version = 6, .checksum = 1, .value = "x"});
  EXPECT_THAT(damaged.message(), HasSubstr("checksum"));
  const Status without_key =
      Message(id, {.event = WatchedEvent::kPut, .version = 6, .checksum = Hash64({})});
  EXPECT_EQ(without_key.code(), Code::kProtocolError);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(ChannelStreams, OnlyWatchesHaveManyReplies) {
  Hello();
  const auto answer = Call<op::Ping>({"x"});
  const auto sent = Fill();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(Message(sent[0].header.id, Started(1)).code(), Code::kProtocolError);
}

}  // namespace
}  // namespace smile
