#include "client/await.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/client/fake_server.h"

namespace smile {
namespace {

Task<int> CountPings(Client* client, int count) {
  int right = 0;
  for (int i = 0; i < count; ++i) {
    const std::string payload = std::to_string(i);
    const op::Ping::Request request{payload};
    const Answer<op::Ping> answer = co_await Await<op::Ping>(client, request);
    if (answer.ok() && answer->payload == payload) ++right;
  }
  co_return right;
}

Task<int> CountInParallel(Client* client, int tasks, int count) {
  std::vector<Task<int>> running;
  for (int i = 0; i < tasks; ++i) running.push_back(CountPings(client, count));
  int right = 0;
  for (Task<int>& task : running) right += co_await task;
  co_return right;
}

struct SetWhenGone {
  bool* gone;
  ~SetWhenGone() { *gone = true; }
};

Task<void> PingHolding(Client* client, bool* gone) {
  const SetWhenGone held{gone};
  const op::Ping::Request request;
  co_await Await<op::Ping>(client, request);
}

Task<std::string> NothingToWaitFor() {
  co_return "at once";
}

TEST(Coroutine, CallsAreAwaitedOneAfterTheOther) {
  FakeServer server;
  const auto client = std::move(Client::Create({.servers = {server.endpoint()}})).value();
  EXPECT_EQ(CountPings(client.get(), 100).Wait(), 100);
}

TEST(Coroutine, TasksRunConcurrently) {
  FakeServer server;
  const auto client = std::move(Client::Create({.servers = {server.endpoint()}})).value();
  EXPECT_EQ(CountInParallel(client.get(), 20, 20).Wait(), 400);
}

TEST(Coroutine, FrameIsDestroyedWhenItsTaskIsDone) {
  FakeServer server;
  const auto client = std::move(Client::Create({.servers = {server.endpoint()}})).value();
  for (int i = 0; i < 50; ++i) {
    bool gone = false;
    PingHolding(client.get(), &gone).Wait();
    ASSERT_TRUE(gone);
  }
}

TEST(Coroutine, TaskMayFinishBeforeItIsAwaited) {
  EXPECT_EQ(NothingToWaitFor().Wait(), "at once");
  FakeServer server;
  bool gone = false;
  {
    const auto client = std::move(Client::Create({.servers = {server.endpoint()}})).value();
    static_cast<void>(PingHolding(client.get(), &gone));
  }
  EXPECT_TRUE(gone) << "it ran on without its Task, at the latest until its client went";
}

}  // namespace
}  // namespace smile
