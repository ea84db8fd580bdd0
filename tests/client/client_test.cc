#include "client/client.h"

#include <atomic>
#include <future>
#include <map>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "client/connection.h"
#include "tests/client/fake_server.h"

namespace smile {
namespace {

template <class Row>
Answer<Row> Wait(Client* client, const typename Row::Request& request,
                 const CallOptions& options = {}) {
  std::promise<Answer<Row>> promise;
  client->Call<Row>(request, options,
                    [&](Answer<Row> answer) { promise.set_value(std::move(answer)); });
  return promise.get_future().get();
}

std::unique_ptr<Client> MakeClient(const Endpoint& server) {
  return std::move(Client::Create({.servers = {server},
                                   .name = "test",
                                   .deadline_millis = 20'000,
                                   .first_backoff_millis = 1,
                                   .max_backoff_millis = 20}))
      .value();
}

op::Put::Request PutOf(const Key& key, ByteView value) {
  return {.key = key.view(),
          .condition = {},
          .checksum = Hash64(value),
          .value = value,
          .expire_seconds = {}};
}

TEST(Client, AnswersOwnTheirBytes) {
  FakeServer server;
  const auto client = MakeClient(server.endpoint());
  const Key key = UserKey(42, "profile");
  auto put = Wait<op::Put>(client.get(), PutOf(key, "Ada"));
  ASSERT_TRUE(put.ok()) << put.status().ToString();
  EXPECT_EQ(put->version, 1u);
  const auto first = Wait<op::Get>(client.get(), {key.view()});
  const auto moved = Wait<op::Get>(client.get(), {key.view()});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->record.value, "Ada");
  EXPECT_EQ(moved->record.value, "Ada");
  const auto missing = Wait<op::Get>(client.get(), {UserKey(43, "profile").view()});
  EXPECT_EQ(missing.status().code(), Code::kNotFound);
  EXPECT_EQ(missing.status().message(), "no such record");
}

TEST(Client, OneMebibyteValuesRoundTrip) {
  FakeServer server;
  const auto client = MakeClient(server.endpoint());
  const Bytes value(limits::kMaxValueBytes, 'v');
  std::vector<std::future<Answer<op::Get>>> answers;
  for (uint64_t user = 0; user < 16; ++user) {
    client->Call<op::Put>(PutOf(UserKey(user, "blob"), value), {}, [](Answer<op::Put> answer) {
      EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    });
    auto promise = std::make_shared<std::promise<Answer<op::Get>>>();
    answers.push_back(promise->get_future());
    client->Call<op::Get>({UserKey(user, "blob").view()}, {}, [promise](Answer<op::Get> answer) {
      promise->set_value(std::move(answer));
    });
  }
  for (auto& answer : answers) {
    const auto got = answer.get();
    ASSERT_TRUE(got.ok()) << got.status().ToString();
    EXPECT_TRUE(got->record.value == value);
  }
}

// What is called meanwhile is sent at the end of the turn.
TEST(Connection, ReadsLittleInOneTurn) {
  const Bytes value(size_t{64} << 10, 'v');
  FakeServer server({.host = "127.0.0.2", .script = [&](FakePeer& peer, int, const Frame& request) {
                       peer.Reply<op::Get>(request.header.id,
                                           {.record = {.checksum = Hash64(value), .value = value}});
                       return true;
                     }});
  const auto loop = std::move(EventLoop::Create()).value();
  size_t turn_bytes = 0;
  size_t most = 0;
  const SystemClock clock;
  Connection connection(
      loop.get(), &clock,
      {.servers = {server.endpoint()}, .tap = [&](TapEvent event, ByteView bytes) {
         if (event == TapEvent::kReceived) turn_bytes += bytes.size();
       }});
  size_t in_flight = 0;
  size_t answers = 0;
  loop->OnTurnEnd([&] {
    // A receiver that reads all of it is given larger and larger buffers by the kernel.
    const bool enough = most >= limits::kTurnReadBytes && answers >= 1'000;
    const bool goes_on = !enough && answers < 20'000;
    while (connection.ready() && goes_on && in_flight < 64) {
      ++in_flight;
      connection.Call<op::Get>({}, {}, [&](const Answer<op::Get>& answer) {
        EXPECT_TRUE(answer.ok()) << answer.status().ToString();
        ++answers;
        --in_flight;
      });
    }
    connection.Flush();
    most = std::max(most, std::exchange(turn_bytes, 0));
    if (!goes_on && in_flight == 0) loop->Stop();
  });
  loop->Run();
  EXPECT_LE(most, limits::kTurnReadBytes + limits::kReadBufferBytes);
  EXPECT_GE(most, limits::kTurnReadBytes) << "enough arrived to tell";
}

TEST(Client, ManyThreadsShareOneClient) {
  FakeServer server;
  const auto client = MakeClient(server.endpoint());
  constexpr int kThreads = 4;
  constexpr int kCalls = 500;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::atomic<int> open{kCalls};
      std::promise<void> all;
      for (int i = 0; i < kCalls; ++i) {
        const Bytes payload = std::to_string(t) + "/" + std::to_string(i);
        client->Call<op::Ping>({payload}, {}, [&, payload](Answer<op::Ping> answer) {
          if (answer.ok() && answer->payload == payload) ++right;
          if (--open == 0) all.set_value();
        });
      }
      all.get_future().get();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, kThreads * kCalls);
}

// Collects answers that come later.
template <class Row>
class Answers {
 public:
  void Call(Client* client, const typename Row::Request& request, const CallOptions& options = {}) {
    auto promise = std::make_shared<std::promise<Status>>();
    statuses_.push_back(promise->get_future());
    client->Call<Row>(request, options,
                      [promise](Answer<Row> answer) { promise->set_value(answer.status()); });
  }
  std::map<Code, int> Count() {
    std::map<Code, int> counts;
    for (auto& status : statuses_) ++counts[status.get().code()];
    return counts;
  }

 private:
  std::vector<std::future<Status>> statuses_;
};

TEST(Client, ReconnectsAndRetriesReads) {
  // Each of the first connections is cut at its third request.
  std::atomic<int> requests{0};
  FakeServer server({.script = [&](FakePeer& peer, int number, const Frame&) {
    if (number >= 5 || ++requests % 3 != 0) return false;
    peer.Cut();
    return true;
  }});
  const auto client = MakeClient(server.endpoint());
  Answers<op::Ping> answers;
  for (int i = 0; i < 30; ++i) answers.Call(client.get(), {"x"});
  EXPECT_EQ(answers.Count(), (std::map<Code, int>{{Code::kOk, 30}}));
  EXPECT_GE(requests, 15);
}

TEST(Client, WritesWithoutAReplyAreOutcomeUnknown) {
  FakeServer server({.script = [](FakePeer& peer, int number, const Frame& frame) {
    if (number > 0 || frame.header.code != op::Put::kInfo.code) return false;
    peer.Cut();
    return true;
  }});
  const auto client = MakeClient(server.endpoint());
  const Key key = UserKey(1, "profile");
  EXPECT_TRUE(Wait<op::Ping>(client.get(), {}).ok());
  EXPECT_EQ(Wait<op::Put>(client.get(), PutOf(key, "v")).status().code(), Code::kOutcomeUnknown);
  EXPECT_TRUE(Wait<op::Put>(client.get(), PutOf(key, "v")).ok());
}

TEST(Client, OrderlyServerCloseIsALostConnection) {
  std::atomic<int> connections{0};
  FakeServer server({.script = [&](FakePeer& peer, int number, const Frame&) {
    connections = number;
    if (number > 0) return false;
    peer.Close();
    return true;
  }});
  const auto client = MakeClient(server.endpoint());
  EXPECT_TRUE(Wait<op::Ping>(client.get(), {}).ok());
  EXPECT_EQ(connections, 1);
}

TEST(Client, WaitsForALateServer) {
  uint16_t port = 0;
  {
    FakeServer first;
    port = first.endpoint().port;
  }
  const auto client = MakeClient({"127.0.0.1", port});
  EXPECT_EQ(Wait<op::Ping>(client.get(), {}, {.retry = false}).status().code(), Code::kUnavailable);
  Answers<op::Ping> patient;
  patient.Call(client.get(), {"x"});
  FakeServer second({.port = port});
  EXPECT_EQ(patient.Count(), (std::map<Code, int>{{Code::kOk, 1}}));
}

TEST(Client, CallWithoutServerEndsAtItsDeadline) {
  uint16_t port = 0;
  {
    FakeServer gone;
    port = gone.endpoint().port;
  }
  const auto client = MakeClient({"127.0.0.1", port});
  const auto answer =
      Wait<op::Put>(client.get(), PutOf(UserKey(1, "x"), "v"), {.deadline_millis = 50});
  EXPECT_EQ(answer.status().code(), Code::kUnavailable);
  EXPECT_NE(answer.status().message().find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST(Client, UnresponsiveServerCostsOnlyTheDeadline) {
  std::atomic<bool> got_ping = false;
  std::atomic<bool> got_put = false;
  FakeServer server({.script = [&](FakePeer&, int, const Frame& request) {
    if (request.header.code == op::Ping::kInfo.code) got_ping = true;
    if (request.header.code == op::Put::kInfo.code) got_put = true;
    return true;
  }});
  const auto client = MakeClient(server.endpoint());
  // On a busy machine, a short deadline may be over before anything is sent: then a longer one.
  Code code = Code::kOk;
  for (int64_t millis = 30; !got_ping; millis *= 2) {
    code = Wait<op::Ping>(client.get(), {}, {.deadline_millis = millis}).status().code();
  }
  EXPECT_EQ(code, Code::kDeadlineExceeded);
  for (int64_t millis = 30; !got_put; millis *= 2) {
    code = Wait<op::Put>(client.get(), PutOf(UserKey(1, "x"), "v"), {.deadline_millis = millis})
               .status()
               .code();
  }
  EXPECT_EQ(code, Code::kOutcomeUnknown);
}

TEST(Client, UnknownProtocolIsReconnected) {
  FakeServer server({.script = [](FakePeer& peer, int number, const Frame&) {
    if (number > 2) return false;
    peer.Send(number == 1 ? Bytes(100'000, '\xff') : Bytes("HTTP/1.1 200 OK\r\n\r\nhello"));
    return true;
  }});
  const auto client = MakeClient(server.endpoint());
  EXPECT_TRUE(Wait<op::Ping>(client.get(), {}).ok());
}

TEST(Client, OverloadedIsRetried) {
  std::atomic<int> refusals{0};
  FakeServer server({.script = [&](FakePeer& peer, int, const Frame& frame) {
    if (refusals == 3) return false;
    ++refusals;
    peer.Refuse(frame.header.id, {Code::kOverloaded, "later", 5});
    return true;
  }});
  const auto client = MakeClient(server.endpoint());
  EXPECT_TRUE(Wait<op::Put>(client.get(), PutOf(UserKey(1, "x"), "v")).ok());
  EXPECT_EQ(refusals, 3);
}

TEST(Client, StalledServerBoundsQueuedCalls) {
  std::atomic<bool> first{true};
  std::promise<void> blocked;
  std::promise<void> go_on;
  FakeServer server({.script = [&](FakePeer&, int, const Frame&) {
    if (first.exchange(false)) {  // the server's only thread waits here and reads nothing
      blocked.set_value();
      go_on.get_future().get();
    }
    return false;
  }});
  const auto client = std::move(Client::Create({.servers = {server.endpoint()},
                                                .max_queued_bytes = size_t{32} << 20}))
                          .value();
  Answers<op::Put> answers;
  const Bytes value(limits::kMaxValueBytes, 'v');
  answers.Call(client.get(), PutOf(UserKey(0, "x"), value));
  blocked.get_future().get();
  for (uint64_t i = 1; i < 50; ++i) answers.Call(client.get(), PutOf(UserKey(i, "x"), value));
  go_on.set_value();
  auto counts = answers.Count();
  EXPECT_EQ(counts[Code::kOk], 31);
  EXPECT_EQ(counts[Code::kOverloaded], 19);
}

TEST(Client, DestructorAnswersCallsInFlight) {
  FakeServer server({.script = [](FakePeer&, int, const Frame&) { return true; }});
  for (int round = 0; round < 20; ++round) {
    auto client = MakeClient(server.endpoint());
    Answers<op::Ping> reads;
    Answers<op::Put> writes;
    std::atomic<int> chained{0};
    Client* const raw = client.get();  // unique_ptr forgets it before it goes
    raw->Call<op::Ping>({}, {}, [&chained, raw](Answer<op::Ping>) {
      raw->Call<op::Ping>({}, {}, [&chained](Answer<op::Ping> answer) {
        EXPECT_EQ(answer.status().code(), Code::kUnavailable);
        ++chained;
      });
    });
    for (uint64_t i = 0; i < 10; ++i) {
      reads.Call(client.get(), {"x"});
      writes.Call(client.get(), PutOf(UserKey(i, "x"), "v"));
    }
    client.reset();
    EXPECT_EQ(reads.Count(), (std::map<Code, int>{{Code::kUnavailable, 10}}));
    auto counts = writes.Count();  // sent or not yet, as it came
    EXPECT_EQ(counts[Code::kUnavailable] + counts[Code::kOutcomeUnknown], 10);
    EXPECT_EQ(chained, 1);
  }
}

TEST(Client, RejectsOptionsOutOfRange) {
  EXPECT_EQ(Client::Create({.name = std::string(65, 'x')}).status().code(), Code::kInvalid);
  EXPECT_EQ(Client::Create({.deadline_millis = 0}).status().code(), Code::kInvalid);
  EXPECT_EQ(Client::Create({.max_in_flight = 0}).status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace smile
