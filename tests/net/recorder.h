// For tests: a loop that is run until something has happened, and a recorder of transport events.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "net/event_loop.h"

namespace smile {

// Runs the loop until `done` holds; fails the test after 20 seconds.
inline void RunUntil(EventLoop* loop, const std::function<bool()>& done) {
  bool late = false;
  const auto give_up = loop->StartTimer(20'000, 0, [&] {
    late = true;
    loop->Stop();
  });
  loop->OnTurnEnd([&] {
    if (done()) loop->Stop();
  });
  if (!done()) loop->Run();
  loop->OnTurnEnd([] {});
  EXPECT_FALSE(late) << "what the test waits for did not happen within 20 seconds";
}

// Writes down what a transport says.
class Recorder : public TransportEvents {
 public:
  void OnBytes(ByteView bytes) override {
    EXPECT_FALSE(in_call) << "an event from within a call of the user's";
    EXPECT_FALSE(closed.has_value()) << "an event after OnClosed";
    EXPECT_FALSE(ended) << "bytes after OnEnd";
    received += bytes;
    ++reads;
    if (on_bytes) on_bytes(bytes);
  }
  size_t MostBytes() const override { return most_bytes; }
  void OnNoRoom() override {
    EXPECT_EQ(most_bytes, 0u);
    ++no_room_events;
    transport->PauseReading();
  }
  void OnSent() override {
    EXPECT_FALSE(in_call) << "an event from within a call of the user's";
    ++sent_events;
  }
  void OnEnd() override {
    EXPECT_FALSE(ended) << "OnEnd twice";
    EXPECT_FALSE(closed.has_value()) << "an event after OnClosed";
    ended = true;
    if (close_on_end) transport->Close();
  }
  void OnClosed(const Status& status) override {
    EXPECT_FALSE(in_call) << "an event from within a call of the user's";
    EXPECT_FALSE(closed.has_value()) << "OnClosed twice";
    closed = status;
    if (destroy_on_closed) transport.reset();
  }

  // Starts to record; keeps the transport.
  void Take(std::unique_ptr<Transport> taken) {
    transport = std::move(taken);
    transport->Start(this);
  }
  // Calls that must not cause events at once.
  void Call(const std::function<void()>& call) {
    in_call = true;
    call();
    in_call = false;
  }

  std::unique_ptr<Transport> transport;
  Bytes received;
  int reads = 0;
  int sent_events = 0;
  int no_room_events = 0;
  size_t most_bytes = limits::kReadBufferBytes;
  bool ended = false;
  std::optional<Status> closed;
  bool close_on_end = true;
  bool destroy_on_closed = false;
  bool in_call = false;
  std::function<void(ByteView)> on_bytes;
};

// Two ends of one connection over loopback.
struct TcpPair {
  explicit TcpPair(EventLoop* loop) {
    auto listened = loop->ListenTcp(
        {"127.0.0.1", 0}, [this](std::unique_ptr<Transport> t) { server.Take(std::move(t)); });
    listener = std::move(listened).value();
    loop->ConnectTcp({"127.0.0.1", listener->port()}, 10'000,
                     [this](Result<std::unique_ptr<Transport>> result) {
                       ASSERT_TRUE(result.ok()) << result.status().ToString();
                       client.Take(std::move(result).value());
                     });
    RunUntil(loop, [this] { return client.transport != nullptr && server.transport != nullptr; });
  }

  std::unique_ptr<Listener> listener;
  Recorder client;
  Recorder server;
};

}  // namespace smile
