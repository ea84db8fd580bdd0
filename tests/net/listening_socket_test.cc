#include "net/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smile {
namespace {

using ::testing::HasSubstr;

int ConnectTo(uint16_t port) {
  const sockaddr_in address{.sin_family = AF_INET,
                            .sin_port = htons(port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)},
                            .sin_zero = {}};
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return client;
}

TEST(ListeningSocket, PortInUseIsReported) {
  for (const uint32_t count : {1u, 3u}) {
    const auto first = std::move(ListenOn({"127.0.0.1", 0}, count)).value();
    const Endpoint endpoint{"127.0.0.1", first[0].port()};
    const auto second = ListenOn(endpoint, count);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.status().message(),
              "cannot listen on " + endpoint.ToString() +
                  ": in use by another process; stop it or choose another address with --listen");
  }
}

// Between a probe and the sockets that are shared there must be no gap.
TEST(ListeningSocket, AtMostOneOfConcurrentStartsGetsThePort) {
  const uint16_t port = std::move(ListenOn({"127.0.0.1", 0}, 1)).value().front().port();
  std::atomic<int> holders = 0;
  std::atomic<int> most = 0;
  std::atomic<int> starts = 0;
  const auto run = [&] {
    for (int round = 0; round < 2000; ++round) {
      const auto sockets = ListenOn({"127.0.0.1", port}, 2);
      if (!sockets.ok()) continue;
      ++starts;
      most = std::max<int>(most, ++holders);
      std::this_thread::yield();
      most = std::max<int>(most, holders);
      --holders;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1) << "of " << starts << " starts";
}

TEST(ListeningSocket, ConnectionsAreSpreadOverAllListeners) {
  const auto sockets = std::move(ListenOn({"127.0.0.1", 0}, 3)).value();
  std::vector<int> clients;
  for (int i = 0; i < 90; ++i) clients.push_back(ConnectTo(sockets[0].port()));
  int accepted = 0;
  for (const ListeningSocket& socket : sockets) {
    EXPECT_EQ(socket.port(), sockets[0].port());
    int here = 0;
    for (int taken = 0; (taken = accept4(socket.descriptor(), nullptr, nullptr, 0)) >= 0; ++here) {
      close(taken);
    }
    EXPECT_GE(here, 5) << "of 90 for 3";
    accepted += here;
  }
  EXPECT_EQ(accepted, 90);
  for (const int client : clients) close(client);
}

TEST(ListeningSocket, PortIsReusableAfterConnections) {
  auto sockets = std::move(ListenOn({"127.0.0.1", 0}, 2)).value();
  const uint16_t port = sockets[0].port();
  const int client = ConnectTo(port);
  for (const ListeningSocket& socket : sockets) {
    const int taken = accept4(socket.descriptor(), nullptr, nullptr, 0);
    if (taken >= 0) close(taken);  // first: this end of the port waits in TIME_WAIT
  }
  close(client);
  sockets.clear();
  EXPECT_TRUE(ListenOn({"127.0.0.1", port}, 2).ok());
}

TEST(ListeningSocket, ForeignAddressIsReported) {
  // TEST-NET-1 (RFC 5737) is nobody's.
  const auto refused = ListenOn({"192.0.2.1", 0}, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kUnavailable);
  EXPECT_THAT(refused.status().message(),
              HasSubstr("no interface of this machine has that address"));
}

TEST(ListeningSocket, ListensOnIpv6) {
  const auto sockets = ListenOn({"::1", 0}, 2);
  if (!sockets.ok()) {  // a machine without IPv6 says that
    EXPECT_THAT(sockets.status().message(), HasSubstr("cannot listen on [::1]:0: "));
    return;
  }
  EXPECT_EQ((*sockets)[0].port(), (*sockets)[1].port());
}

}  // namespace
}  // namespace smile
