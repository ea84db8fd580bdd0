// Watches of a client of a real server: over TCP, with an engine in memory.
#include "client/watch.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/log.h"
#include "client/blocking.h"
#include "client/watch_reader.h"
#include "model/path.h"
#include "storage/memory_engine.h"
#include "tests/support/memory_server.h"

namespace smile {
namespace {

class WatchClientTest : public ::testing::Test {
 protected:
  WatchClientTest() {
    services_.watches.StartFrom(engine_.Observe(&services_.watches));
    server_ = Serve();
    client_ = NewClient({server_->listening_on()});
  }
  ~WatchClientTest() override {
    client_.reset();
    Stop(std::move(server_));
    engine_.Close();
  }

  std::unique_ptr<Server> Serve() {
    auto server = std::move(Server::Listen({.listen = {"127.0.0.1", 0}}, clock_, log_)).value();
    server->Serve(engine_, services_.services());
    return server;
  }
  static void Stop(std::unique_ptr<Server> server) {
    server->BeginDrain();
    while (!server->drained()) std::this_thread::yield();
  }
  static std::unique_ptr<Client> NewClient(std::vector<Endpoint> servers) {
    return std::move(Client::Create({.servers = std::move(servers),
                                     .first_backoff_millis = 1,
                                     .max_backoff_millis = 20}))
        .value();
  }
  uint64_t Put(const Key& key, ByteView value) {
    BlockingClient blocking(client_.get());
    const auto answer = blocking.Call<op::Put>({.key = key.view(), .value = value});
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    return answer.ok() ? answer->version : 0;
  }
  // The next event but for those that say how far the watch is.
  static std::string Next(WatchReader* reader) {
    for (;;) {
      const auto event = reader->Next(60'000);
      if (!event.ok()) return InfoOf(event.status().code()).name.data();
      if (!event->has_value()) return "nothing";
      const op::Watch::Response& message = ***event;
      if (message.event == WatchedEvent::kProgress) continue;
      std::string text(NameOf(message.event));
      if (message.key.has_value()) text += " " + FormatKey(*message.key);
      if (message.with_value) text += fmt::format("={}", message.value);
      return text;
    }
  }
  op::Watch::Request UserRequest(bool values = true) const {
    return {.partitions = {one_.view().partition_view()}, .values = values};
  }

  SystemClock clock_;
  Logger log_{LogLevel::kError};
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kOnThread};
  MemoryServices services_{engine_, clock_};
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
  const Key one_ = UserKey(1, "theme");
};

TEST_F(WatchClientTest, ReaderIsToldOfEachChange) {
  WatchReader reader(client_.get(), UserRequest());
  EXPECT_EQ(Next(&reader), "started");
  Put(one_, "blue");
  Put(UserKey(2, "theme"), "x");
  Put(one_, "red");
  EXPECT_EQ(Next(&reader), "put users/1/theme=blue");
  EXPECT_EQ(Next(&reader), "put users/1/theme=red");
  const auto none = reader.Next(0);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
}

// The other server is the same database: as if the first were there again.
TEST_F(WatchClientTest, GoesOnWhenTheServerIsBack) {
  std::unique_ptr<Server> next = Serve();
  client_ = NewClient({server_->listening_on(), next->listening_on()});
  WatchReader reader(client_.get(), UserRequest());
  EXPECT_EQ(Next(&reader), "started");
  Put(one_, "blue");
  EXPECT_EQ(Next(&reader), "put users/1/theme=blue");
  Stop(std::exchange(server_, std::move(next)));
  EXPECT_EQ(Next(&reader), "started");
  Put(one_, "red");
  EXPECT_EQ(Next(&reader), "put users/1/theme=red");
}

TEST_F(WatchClientTest, WhatCannotBeWatchedEnds) {
  const Key login = LoginKey("ada");
  WatchReader reader(client_.get(), {.partitions = {login.view().partition_view()}});
  EXPECT_EQ(Next(&reader), "invalid");
  EXPECT_EQ(Next(&reader), "invalid");
}

// More than the reader's queue holds: the rest is asked for when it was read.
TEST_F(WatchClientTest, ReaderThatFallsBehindMissesNothing) {
  WatchReader reader(client_.get(), UserRequest(false));
  EXPECT_EQ(Next(&reader), "started");
  constexpr uint64_t kCount = 10'000;
  BlockingClient blocking(client_.get());
  uint64_t first = 0, last = 0;
  for (uint64_t i = 0; i < kCount; i += 100) {
    std::vector<op::BatchItem> items(100, {.sort = one_.sort, .value = "v"});
    const auto answer = blocking.Call<op::Batch>(
        {.partition = one_.view().partition_view(), .items = std::move(items)});
    ASSERT_TRUE(answer.ok()) << answer.status().ToString();
    if (first == 0) first = answer->versions.front();
    last = answer->versions.back();
  }
  uint64_t expected = first;
  for (bool gap = false; expected <= last && !gap;) {
    const auto event = reader.Next(60'000);
    ASSERT_TRUE(event.ok() && event->has_value());
    const op::Watch::Response& message = ***event;
    // More than it may be told of the past: then it has to read, and knows it.
    gap = message.event == WatchedEvent::kGap;
    if (message.event != WatchedEvent::kPut) continue;
    ASSERT_EQ(message.version, expected);
    ++expected;
  }
  Put(one_, "end");
  for (;;) {
    const auto event = reader.Next(60'000);
    ASSERT_TRUE(event.ok() && event->has_value());
    if ((**event)->version > last) break;
  }
}

TEST_F(WatchClientTest, NothingIsToldAfterItsEnd) {
  std::mutex mutex;
  std::condition_variable changed;
  int events = 0;
  auto watch = client_->Watch(UserRequest(), {.event = [&](const auto&) {
                                const std::lock_guard lock(mutex);
                                ++events;
                                changed.notify_all();
                              }});
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return events == 1; });
  }
  watch.reset();
  Put(one_, "v");
  // The server was told: its watch is gone, too.
  while (services_.watches.Stats().watches > 0) std::this_thread::yield();
  EXPECT_EQ(events, 1);
}

TEST_F(WatchClientTest, CallbackMayEndItsWatch) {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_over = false;
  std::unique_ptr<Watch> watch;
  {
    const std::lock_guard lock(mutex);  // until `watch` is set
    watch = client_->Watch(UserRequest(), {.event = [&](const auto&) {
                             const std::lock_guard inner(mutex);
                             watch.reset();
                             is_over = true;
                             changed.notify_all();
                           }});
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return is_over; });
}

TEST_F(WatchClientTest, ClientThatEndsEndsItsWatches) {
  auto other = NewClient({server_->listening_on()});
  std::string end;
  auto watch = other->Watch(UserRequest(),
                            {.event = [](const auto&) {},
                             .ended = [&](const Status& why) { end = InfoOf(why.code()).name; }});
  other.reset();
  EXPECT_EQ(end, "unavailable");
  watch.reset();  // may outlive its client
}

}  // namespace
}  // namespace smile
