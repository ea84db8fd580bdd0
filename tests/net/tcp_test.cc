#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/net/recorder.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

class Tcp : public ::testing::Test {
 protected:
  Tcp() : loop_(std::move(EventLoop::Create()).value()) {}

  const std::unique_ptr<EventLoop> loop_;
};

TEST_F(Tcp, SendingToAClosedPeerDoesNotRaiseSigpipe) {
  TcpPair pair(loop_.get());
  pair.client.transport->PauseReading();
  pair.server.transport->Abort();
  RunUntil(loop_.get(), [&] { return pair.server.closed.has_value(); });
  const auto timer = loop_->StartTimer(1, 1, [&] {
    if (!pair.client.closed) pair.client.Call([&] { pair.client.transport->Send("anyone?"); });
  });
  RunUntil(loop_.get(), [&] { return pair.client.closed.has_value(); });
  EXPECT_EQ(pair.client.closed->code(), Code::kUnavailable);
}

// A loop that drops everything at once would be done in a few turns.
TEST_F(Tcp, ManyClosedSocketsDropLittlePerTurn) {
  constexpr size_t kPairs = 8;
  std::vector<std::unique_ptr<TcpPair>> pairs;
  for (size_t i = 0; i < kPairs; ++i) {
    pairs.push_back(std::make_unique<TcpPair>(loop_.get()));
    pairs.back()->server.transport->PauseReading();
    pairs.back()->client.transport->Send(Bytes(size_t{4} << 20, 'x'));
  }
  size_t in_kernel = 0;
  for (const auto& pair : pairs) {
    in_kernel += (size_t{4} << 20) - pair->client.transport->unsent_bytes();
    pair->client.Call([&] { pair->server.transport->Close(); });
  }
  size_t turns = 0;
  RunUntil(loop_.get(), [&] {
    ++turns;
    return std::all_of(pairs.begin(), pairs.end(), [](const auto& pair) {
      return pair->client.closed.has_value() && pair->server.closed.has_value();
    });
  });
  EXPECT_GE(turns, in_kernel / limits::kDropBufferBytes / limits::kDropsPerTurn);
}

// Without a limit, the kernel gives a receiver on the same machine megabytes.
TEST_F(Tcp, FewBytesAreInTheKernelOfASlowReceiver) {
  constexpr size_t kBytes = size_t{64} << 20;
  TcpPair pair(loop_.get());
  Transport* const from = pair.client.transport.get();
  Transport* const to = pair.server.transport.get();
  size_t received = 0;
  size_t most = 0;
  pair.server.on_bytes = [&](ByteView bytes) {
    received += bytes.size();
    pair.server.received.clear();
    to->PauseReading();  // until the next turn
  };
  from->Send(Bytes(kBytes, 'x'));
  RunUntil(loop_.get(), [&] {
    most = std::max(most, kBytes - from->unsent_bytes() - received);
    to->ResumeReading();
    return received == kBytes;
  });
  EXPECT_LE(most, 2 * (limits::kUnreadKernelBytes + limits::kUnsentKernelBytes));
}

TEST_F(Tcp, ConnectionRefusedIsReported) {
  uint16_t port = 0;
  {
    auto listener = std::move(loop_->ListenTcp({"127.0.0.1", 0}, [](auto) {})).value();
    port = listener->port();
  }
  for (const char* host : {"127.0.0.1", "localhost"}) {
    std::optional<Status> status;
    loop_->ConnectTcp({host, port}, 10'000, [&](auto result) { status = result.status(); });
    EXPECT_FALSE(status.has_value());
    RunUntil(loop_.get(), [&] { return status.has_value(); });
    EXPECT_EQ(status->code(), Code::kUnavailable);
    EXPECT_THAT(status->message(), HasSubstr(Endpoint{host, port}.ToString()));
    EXPECT_THAT(status->message(), HasSubstr("refused"));
  }
}

TEST_F(Tcp, AllAddressesOfAHostAreTried) {
  Recorder client;
  Recorder server;
  auto listener = std::move(loop_->ListenTcp({"localhost", 0}, [&](auto transport) {
                    server.Take(std::move(transport));
                  })).value();
  loop_->ConnectTcp({"localhost", listener->port()}, 10'000, [&](auto result) {
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    client.Take(std::move(result).value());
  });
  RunUntil(loop_.get(), [&] { return client.transport && server.transport; });
}

TEST_F(Tcp, LoopCanEndDuringConnect) {
  loop_->ConnectTcp({"127.0.0.1", 9}, 10'000, [](auto) { FAIL() << "the loop never ran"; });
  loop_->ConnectTcp({"localhost", 9}, 10'000, [&](auto) { loop_->Stop(); });
}

TEST_F(Tcp, ListeningNeedsAnAddress) {
  const auto refused = loop_->ListenTcp({"example.org", 0}, [](auto) {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kInvalid);
  EXPECT_THAT(refused.status().message(), HasSubstr("example.org"));
}

TEST_F(Tcp, AcceptPausesWhenOutOfDescriptors) {
  std::vector<std::unique_ptr<Transport>> accepted;
  int failures = 0;
  auto sockets = std::move(ListenOn({"127.0.0.1", 0}, 1)).value();
  const auto listener = loop_->Accept(
      std::move(sockets.front()), [&](auto transport) { accepted.push_back(std::move(transport)); },
      [&](const Status& why) {
        EXPECT_THAT(why.message(), HasSubstr("EMFILE"));
        ++failures;
      });
  const sockaddr_in address{.sin_family = AF_INET,
                            .sin_port = htons(listener->port()),
                            .sin_addr = {htonl(INADDR_LOOPBACK)},
                            .sin_zero = {}};
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit tight{.rlim_cur = static_cast<rlim_t>(client) + 20, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  std::vector<int> taken;
  for (int descriptor = dup(client); descriptor >= 0; descriptor = dup(client)) {
    taken.push_back(descriptor);
  }
  bool waited = false;
  const auto timer = loop_->StartTimer(3 * limits::kAcceptPauseMillis, 0, [&] { waited = true; });
  int turns = 0;
  RunUntil(loop_.get(), [&] {
    ++turns;
    return waited;
  });
  EXPECT_TRUE(accepted.empty());
  EXPECT_GT(failures, 0);
  EXPECT_LT(turns, 50) << "the loop spins";
  for (const int descriptor : taken) close(descriptor);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  RunUntil(loop_.get(), [&] { return accepted.size() == 1; });
  char byte = 0;
  EXPECT_EQ(recv(client, &byte, 1, MSG_DONTWAIT), -1) << "who waited was refused";
  EXPECT_EQ(errno, EAGAIN);
  close(client);
}

}  // namespace
}  // namespace smile
