#include "server/server.h"

#include <algorithm>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/raw_client.h"
#include "tests/support/memory_services.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

const Key kAdasProfile = UserKey(42, "profile");

size_t ResidentKib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

class ServerTest : public ::testing::Test {
 protected:
  ~ServerTest() override {
    engine_.Close();
    server_.reset();
  }

  void Listen(ServerOptions options = {}) {
    options.listen = {"127.0.0.1", 0};
    Result<std::unique_ptr<Server>> listening = Server::Listen(options, clock_, log_);
    ASSERT_TRUE(listening.ok()) << listening.status().ToString();
    server_ = std::move(*listening);
  }
  void Start(const ServerOptions& options = {}) {
    Listen(options);
    server_->Serve(engine_, services_.services());
  }
  uint16_t port() const { return server_->listening_on().port; }

  template <class Row>
  static Bytes FrameOf(uint32_t id, const typename Row::Request& request) {
    Bytes bytes;
    EncodeRequest<Row>(id, 0, request, &bytes);
    return bytes;
  }
  static Bytes Hello() { return FrameOf<op::Hello>(1, {}); }
  static Bytes Put(uint32_t id, const Key& key, ByteView value) {
    return FrameOf<op::Put>(id, {.key = key.view(), .checksum = Hash64(value), .value = value});
  }
  static Bytes Get(uint32_t id, const Key& key) {
    return FrameOf<op::Get>(id, {.key = key.view()});
  }

  void WaitUntilDrained() {
    while (!server_->drained()) std::this_thread::yield();
  }

  const SystemClock clock_;
  const Logger log_{LogLevel::kOff};
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kOnThread};
  MemoryServices services_{engine_, clock_};
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, EveryWorkerServesConnections) {
  Start({.workers = 3});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (uint32_t i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    EXPECT_EQ(clients.back()->Ask(Hello()).code, Code::kOk);
    EXPECT_EQ(clients.back()->Ask(Put(2, UserKey(i, "profile"), std::to_string(i))).code,
              Code::kOk);
  }
  for (uint32_t i = 0; i < 30; ++i) {
    const ReceivedReply reply = clients[29 - i]->Ask(Get(3, UserKey(i, "profile")));
    EXPECT_EQ(reply.As<op::Get>().record.value, std::to_string(i));
  }
}

TEST_F(ServerTest, PortInUseIsReported) {
  Start();
  ServerOptions same{.listen = {"127.0.0.1", port()}};
  const Result<std::unique_ptr<Server>> second = Server::Listen(same, clock_, log_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.status().message(), HasSubstr(std::to_string(port()) + ": in use"));
}

TEST_F(ServerTest, ClientsDuringTheStartGetUnavailable) {
  Listen({.workers = 2});
  for (int i = 0; i < 10; ++i) {
    RawClient early(port());
    const ReceivedReply reply = early.Receive();
    EXPECT_EQ(reply.code, Code::kUnavailable);
    EXPECT_GT(reply.Error().retry_after_ms, 0u);
    EXPECT_TRUE(early.ReceivesEnd());
  }
  server_->Serve(engine_, services_.services());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(RawClient(port()).Ask(Hello()).code, Code::kOk);
}

TEST_F(ServerTest, CountsHellos) {
  Start({.workers = 2});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    EXPECT_EQ(clients.back()->Ask(Hello()).code, Code::kOk);
  }
  const ReceivedReply reply = clients[0]->Ask(FrameOf<op::Stats>(2, {}));
  const op::Stats::Response stats = reply.As<op::Stats>();
  const auto hellos = std::find_if(stats.stats.begin(), stats.stats.end(), [](const auto& stat) {
    return stat.name == "server.requests.hello_count";
  });
  ASSERT_NE(hellos, stats.stats.end());
  EXPECT_EQ(hellos->value, 5u);
}

TEST_F(ServerTest, ConnectionOverTheLimitIsRejected) {
  Start({.workers = 1, .max_connections = 2});
  RawClient first(port());
  auto second = std::make_unique<RawClient>(port());
  EXPECT_EQ(first.Ask(Hello()).code, Code::kOk);
  EXPECT_EQ(second->Ask(Hello()).code, Code::kOk);
  RawClient third(port());
  const ReceivedReply rejected = third.Receive();
  EXPECT_EQ(rejected.code, Code::kOverloaded);
  EXPECT_GT(rejected.Error().retry_after_ms, 0u);
  EXPECT_TRUE(third.ReceivesEnd());
  second.reset();
  while (server_->open_connections() != 1) std::this_thread::yield();
  RawClient fourth(port());
  EXPECT_EQ(fourth.Ask(Hello()).code, Code::kOk);
}

TEST_F(ServerTest, GarbageIsAnsweredAndClosed) {
  Start();
  RawClient client(port());
  const ReceivedReply reply = client.Ask("GET / HTTP/1.1\r\nHost: smile\r\n\r\n");
  EXPECT_NE(reply.code, Code::kOk);
  EXPECT_TRUE(client.ReceivesEnd());
}

TEST_F(ServerTest, HalfClosedClientIsAnswered) {
  Start();
  RawClient client(port());
  client.Send(Hello() + Put(2, kAdasProfile, "x") + Get(3, kAdasProfile));
  client.EndSending();
  EXPECT_EQ(client.Receive().code, Code::kOk);
  EXPECT_EQ(client.Receive().code, Code::kOk);
  EXPECT_EQ(client.Receive().As<op::Get>().record.value, "x");
  EXPECT_TRUE(client.ReceivesEnd());
}

TEST_F(ServerTest, StalledReceiverDoesNotDelayOthers) {
  Start({.workers = 1});
  RawClient other(port());
  other.Ask(Hello());
  const Bytes value(limits::kMaxValueBytes, 'v');
  ASSERT_EQ(other.Ask(Put(2, kAdasProfile, value)).code, Code::kOk);

  RawClient greedy(port(), 4096);
  greedy.Ask(Hello());
  Bytes gets;
  for (uint32_t i = 0; i < 20'000; ++i) gets += Get(10 + i, kAdasProfile);
  // 20 GB of answers were asked for: the server stops reading long before.
  greedy.SendWithoutWaiting(gets);
  for (uint32_t i = 0; i < 200; ++i) {
    ASSERT_EQ(other.Ask(FrameOf<op::Ping>(100 + i, {.payload = "x"})).code, Code::kOk);
  }
  EXPECT_LT(ResidentKib(), size_t{768} << 10);
  // And when it takes its answers after all, it gets every one it has asked for so far.
  for (uint32_t i = 0; i < 50; ++i) ASSERT_EQ(greedy.Receive().id, 10 + i);
}

// Half frames of 4 MiB and replies of 1 MiB that are not taken, on far more connections than there
// is memory for.
TEST_F(ServerTest, MemoryOfManyConnectionsIsBounded) {
  Start({.workers = 2, .connection_memory_bytes = limits::kLeastConnectionMemoryBytes});
  RawClient other(port());
  other.Ask(Hello());
  ASSERT_EQ(other.Ask(Put(2, UserKey(1, "large"), Bytes(limits::kMaxValueBytes, 'v'))).code,
            Code::kOk);
  const Bytes frame = FrameOf<op::Ping>(2, {.payload = Bytes(limits::kMaxFrameBytes - 64, 'h')});
  Bytes gets;
  for (uint32_t i = 0; i < 10; ++i) gets += Get(10 + i, UserKey(1, "large"));
  std::vector<std::unique_ptr<RawClient>> hostile;
  std::vector<size_t> sent(24, 0);
  for (size_t i = 0; i < sent.size(); ++i) {
    hostile.push_back(std::make_unique<RawClient>(port(), 4096));
    hostile.back()->Ask(Hello());
  }
  for (int round = 0; round < 5; ++round) {
    for (size_t i = 0; i < sent.size(); ++i) {
      const ByteView bytes = i % 2 == 0 ? ByteView(frame).substr(0, frame.size() - 1) : gets;
      sent[i] += hostile[i]->SendWithoutWaiting(bytes.substr(sent[i]));
    }
    const Key key = UserKey(round, "profile");
    ASSERT_EQ(other.Ask(Put(3, key, "small")).code, Code::kOk);
    ASSERT_EQ(other.Ask(Get(4, key)).code, Code::kOk);
  }
  // The largest are closed, with a message where one can be sent, until there is memory again.
  uint64_t closed = 0;
  while (closed == 0) {
    const ReceivedReply stats = other.Ask(FrameOf<op::Stats>(5, {}));
    for (const auto& stat : stats.As<op::Stats>().stats) {
      if (stat.name == "server.connections.closed_memory_pressure_count") closed = stat.value;
      if (stat.name == "server.memory.used_bytes") {
        EXPECT_LE(stat.value, limits::kLeastConnectionMemoryBytes * 11 / 10);
      }
    }
    std::this_thread::yield();
  }
}

TEST_F(ServerTest, DrainAnswersAndCloses) {
  Start({.workers = 2});
  RawClient idle(port());
  idle.Ask(Hello());
  RawClient busy(port());
  Bytes frames = Hello();
  for (uint32_t i = 0; i < 500; ++i) frames += Put(10 + i, kAdasProfile, std::to_string(i));
  busy.Send(frames);
  ASSERT_EQ(busy.Receive().code, Code::kOk);
  ASSERT_EQ(busy.Receive().id, 10u);
  server_->BeginDrain();
  uint32_t written = 1;
  for (ReceivedReply reply = busy.Receive(); reply.code != Code::kUnavailable;
       reply = busy.Receive()) {
    if (reply.code == Code::kShuttingDown) continue;
    EXPECT_EQ(reply.code, Code::kOk);
    EXPECT_EQ(reply.id, 10 + written) << "the accepted ones are the first ones, without a gap";
    ++written;
  }
  EXPECT_TRUE(idle.ReceivesEnd());
  WaitUntilDrained();
  Bytes stored;
  engine_.Peek(kAdasProfile.view(), [&](const RecordView& record) { stored = record.value; });
  EXPECT_EQ(stored, std::to_string(written - 1)) << "what is there is what was answered";
}

TEST_F(ServerTest, NotDrainedWhileConnectionsMayArrive) {
  Start({.workers = 2});
  EXPECT_EQ(server_->open_connections(), 0u);
  EXPECT_FALSE(server_->drained());
  server_->BeginDrain();
  WaitUntilDrained();
}

TEST_F(ServerTest, ConnectionsAreDroppedAfterTheDrainTimeout) {
  Start({.workers = 1});
  RawClient other(port());
  other.Ask(Hello());
  other.Ask(Put(2, kAdasProfile, Bytes(limits::kMaxValueBytes, 'v')));
  RawClient stuck(port(), 4096);
  stuck.Ask(Hello());
  Bytes gets;
  for (uint32_t i = 0; i < 30; ++i) gets += Get(10 + i, kAdasProfile);
  stuck.Send(gets);
  ASSERT_EQ(stuck.Receive().id, 10u);
  server_->BeginDrain();
  EXPECT_TRUE(other.ReceivesEnd());
  EXPECT_FALSE(server_->drained());
  server_->AbortConnections();
  WaitUntilDrained();
}

}  // namespace
}  // namespace smile
