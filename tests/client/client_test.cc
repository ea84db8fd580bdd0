#include "client/client.h"

#include <atomic>
#include <future>
#include <map>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

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
  return std::move(Client::Create({.server = server,
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

TEST(Client, CallsAreAnsweredAndTheAnswerOwnsItsBytes) {
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
  EXPECT_EQ(missing.status().words(), "there is no such record");
}

TEST(Client, ValuesOfAMebibyteGoBothWays) {
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

}  // namespace
}  // namespace smile
