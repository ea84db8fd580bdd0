// For tests: a Channel, and the server's side of it by hand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/limits.h"
#include "client/channel.h"

namespace smile {

inline constexpr int64_t kMilli = kNanosPerMilli;

class ChannelTest : public ::testing::Test {
 protected:
  // What the channel has sent.
  struct Sent {
    FrameHeader header;
    Bytes body;

    // Borrows from it.
    template <class Row>
    typename Row::Request As() const {
      typename Row::Request request;
      CHECK(Decode(body, &request).ok(), "the channel sends valid requests");
      return request;
    }
  };

  ChannelTest()
      : ChannelTest({.name = "test",
                     .max_in_flight = 100,
                     .max_queued_bytes = 1'000'000,
                     .first_backoff_millis = 1,
                     .max_backoff_millis = 1,
                     .seed = 1}) {}
  explicit ChannelTest(ChannelOptions options) : channel(std::move(options)) {}
  ~ChannelTest() override { channel.EndAll({Code::kUnavailable, "the test is over"}); }

  // Makes a call; the answer will be in the optional.
  template <class Row>
  std::shared_ptr<std::optional<Answer<Row>>> Call(const typename Row::Request& request,
                                                   int64_t millis = 1000, bool retry = true,
                                                   bool any_order = false) {
    return CallWith<Row>(request, {.retry = retry, .any_order = any_order}, millis);
  }
  template <class Row>
  std::shared_ptr<std::optional<Answer<Row>>> CallWith(const typename Row::Request& request,
                                                       const CallOptions& options,
                                                       int64_t millis = 1000) {
    auto answer = std::make_shared<std::optional<Answer<Row>>>();
    auto call = std::make_unique<TypedCall<Row>>(
        request, now + millis * kMilli, options, [answer](Answer<Row> got) {
          EXPECT_FALSE(answer->has_value()) << "answered twice";
          answer->emplace(std::move(got));
        });
    channel.Admit(call.get());
    channel.Add(std::move(call));
    return answer;
  }

  std::vector<Sent> Fill(size_t room = limits::kOutputHighWaterBytes) {
    Bytes out;
    channel.Fill(limits::kOutputHighWaterBytes - room, now, &out);
    FrameReader reader(limits::kMaxFrameBytes);
    reader.Feed(out);
    std::vector<Sent> sent;
    Frame frame;
    while (reader.Next(&frame) == FrameReader::Event::kFrame) {
      sent.push_back({frame.header, Bytes(frame.body)});
    }
    EXPECT_EQ(reader.buffered_bytes(), 0u);
    return sent;
  }

  Status Receive(ByteView bytes) { return channel.Receive(bytes, now); }
  template <class Row>
  Status Reply(uint32_t id, const typename Row::Response& response) {
    return Receive(Encoded<Row>(id, response));
  }
  template <class Row>
  static Bytes Encoded(uint32_t id, const typename Row::Response& response) {
    Bytes out;
    EncodeReply<Row>(id, response, &out);
    return out;
  }
  Status Refuse(uint32_t id, const Status& status, const ErrorDetail& detail = {}) {
    Bytes out;
    EncodeError(id, status, detail, &out);
    return Receive(out);
  }

  // Connects and agrees.
  void Hello(uint32_t max_in_flight = 100, uint32_t max_frame_bytes = limits::kMaxFrameBytes) {
    channel.Connected();
    const std::vector<Sent> sent = Fill();
    ASSERT_EQ(sent.size(), 1u);
    const Status status =
        Reply<op::Hello>(sent[0].header.id, {.version = 1,
                                             .features = 0,
                                             .max_frame_bytes = max_frame_bytes,
                                             .max_in_flight = max_in_flight,
                                             .max_value_bytes = limits::kMaxValueBytes,
                                             .server_name = {}});
    ASSERT_TRUE(status.ok()) << status.ToString();
    ASSERT_TRUE(channel.ready());
  }
  void Lose() { channel.Disconnected({Code::kUnavailable, "cut"}); }
  void Pass(int64_t millis) {
    now += millis * kMilli;
    EXPECT_TRUE(channel.Tick(now).ok());
  }

  static op::Put::Request Put() {
    return {.key = {Table::kUsers, "12345678", "profile"},
            .condition = {},
            .checksum = Hash64("v"),
            .value = "v",
            .expire_seconds = {}};
  }
  static op::Get::Request Get() { return {{Table::kUsers, "12345678", "profile"}}; }
  static RecordView RecordOf(ByteView value) { return {1, Hash64(value), 0, value}; }

  int64_t now = 1'000'000'000;
  Channel channel;
};

template <class Row>
Code CodeOf(const std::shared_ptr<std::optional<Answer<Row>>>& answer) {
  EXPECT_TRUE(answer->has_value()) << "there is no answer yet";
  return answer->has_value() ? (*answer)->status().code() : Code::kOk;
}

}  // namespace smile
