// A client with several connections and several addresses.

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/blocking.h"
#include "tests/client/fake_server.h"

namespace smile {
namespace {

TEST(Pool, CallsOfAPartitionUseOneConnectionAndPartitionsUseAll) {
  std::map<Bytes, std::set<int>> connections;  // of the fake server's thread
  FakeServer server({.script = [&](FakePeer&, int number, const Frame& frame) {
    op::Put::Request request;
    if (frame.header.code == op::Put::kInfo.code && Decode(frame.body, &request).ok()) {
      connections[Bytes(request.key.partition)].insert(number);
    }
    return false;
  }});
  {
    const auto client = Client::Create({.servers = {server.endpoint()}, .connections = 4}).value();
    BlockingClient blocking(client.get());
    for (int round = 0; round < 3; ++round) {
      for (uint64_t user = 0; user < 64; ++user) {
        ASSERT_TRUE(blocking.Put(UserKey(user, "r" + std::to_string(round)), "v").ok());
      }
    }
  }
  std::set<int> all;
  for (const auto& [partition, numbers] : connections) {
    EXPECT_EQ(numbers.size(), 1u);
    all.insert(numbers.begin(), numbers.end());
  }
  EXPECT_EQ(connections.size(), 64u);
  EXPECT_EQ(all.size(), 4u);
}

Endpoint NobodyListens() {
  FakeServer gone;
  return gone.endpoint();
}

TEST(Pool, AFailedAttemptGoesOnWithTheNextAddressAlsoForACallWithoutRetry) {
  const Endpoint closed = NobodyListens();
  FakeServer server;
  const auto client = Client::Create({.servers = {closed, server.endpoint()},
                                      .connections = 2,
                                      .first_backoff_millis = 1'000'000,
                                      .max_backoff_millis = 1'000'000})
                          .value();
  BlockingClient blocking(client.get());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(blocking.Ping({.retry = false}).ok());
}

TEST(Pool, AServerThatAnswersOnlyHelloIsLeftForTheNextAddress) {
  FakeServer bad({.script = [](FakePeer& peer, int, const Frame&) {
    peer.Cut();
    return true;
  }});
  FakeServer good;
  const auto client = Client::Create({.servers = {bad.endpoint(), good.endpoint()},
                                      .first_backoff_millis = 1,
                                      .max_backoff_millis = 1})
                          .value();
  EXPECT_EQ(BlockingClient(client.get()).Get(UserKey(1, "x")).status().code(), Code::kNotFound);
}

TEST(Pool, ACallWithoutRetryEndsWhenAllAddressesFailed) {
  const auto client = Client::Create({.servers = {NobodyListens(), NobodyListens()}}).value();
  EXPECT_EQ(BlockingClient(client.get()).Ping({.retry = false}).code(), Code::kUnavailable);
}

TEST(Pool, RejectsOptionsOutOfTheirRange) {
  EXPECT_THAT(Client::Create({.max_backoff_millis = 0}).status().message(),
              ::testing::HasSubstr("max_backoff_millis of a client is 0"));
  EXPECT_EQ(Client::Create({.servers = {}}).status().code(), Code::kInvalid);
  EXPECT_EQ(Client::Create({.connections = 0}).status().code(), Code::kInvalid);
  EXPECT_EQ(Client::Create({.connections = 1025}).status().code(), Code::kInvalid);
  EXPECT_EQ(Client::Create({.connections = 2, .tap = [](TapEvent, ByteView) {}}).status().code(),
            Code::kInvalid);
}

}  // namespace
}  // namespace smile
