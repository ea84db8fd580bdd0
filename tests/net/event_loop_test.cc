#include "net/event_loop.h"

#include <algorithm>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/wake_together.h"
#include "tests/net/recorder.h"

namespace smile {
namespace {

class Loop : public ::testing::Test {
 protected:
  Loop() : loop_(std::move(EventLoop::Create()).value()) {}

  const std::unique_ptr<EventLoop> loop_;
};

TEST_F(Loop, RunsPostedTasksInOrder) {
  std::vector<int> ran;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3; ++i) loop_->Post([&ran, i] { ran.push_back(i); });
    loop_->Post([&] { loop_->Stop(); });
    loop_->Run();
  }
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 0, 1, 2}));
}

TEST_F(Loop, StopBeforeRunStillRunsPostedTasks) {
  bool ran = false;
  loop_->Post([&] { ran = true; });
  loop_->Stop();
  loop_->Run();
  EXPECT_TRUE(ran);
}

TEST_F(Loop, TasksPostedWithinAWakeTogetherRunInOrderAfterIt) {
  std::vector<int> ran;
  std::thread poster([&] {
    const WakeTogether together;
    for (int i = 0; i < 3; ++i) loop_->Post([&ran, i] { ran.push_back(i); });
    loop_->Post([&] { loop_->Stop(); });
  });
  loop_->Run();
  poster.join();
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
}

TEST_F(Loop, TasksOfEachThreadKeepTheirOrder) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 5'000;
  std::vector<std::vector<int>> seen(kThreads);
  int total = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        loop_->Post([&, t, i] {
          seen[t].push_back(i);
          if (++total == kThreads * kTasks) loop_->Stop();
        });
      }
    });
  }
  loop_->Run();
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<int>& one : seen) {
    ASSERT_EQ(one.size(), size_t{kTasks});
    EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
  }
}

TEST_F(Loop, PendingTasksAreDroppedOnDestruction) {
  const auto token = std::make_shared<int>(0);
  {
    auto loop = std::move(EventLoop::Create()).value();
    loop->Post([token] { FAIL() << "the loop never ran"; });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(Loop, TimerRunsOnceOrRepeatedlyUntilDestroyed) {
  int once = 0;
  int often = 0;
  const auto single = loop_->StartTimer(1, 0, [&] { ++once; });
  std::unique_ptr<Timer> repeated = loop_->StartTimer(0, 1, [&] {
    if (++often == 5) repeated.reset();
  });
  auto never = loop_->StartTimer(1, 0, [] { FAIL() << "it was destroyed"; });
  never.reset();
  RunUntil(loop_.get(), [&] { return often == 5 && once == 1; });
  int turns = 0;
  const auto later = loop_->StartTimer(1, 1, [&] { ++turns; });
  RunUntil(loop_.get(), [&] { return turns == 10; });
  EXPECT_EQ(once, 1);
  EXPECT_EQ(often, 5);
}

TEST_F(Loop, LongTasksAreSpreadOverTurns) {
  std::vector<std::string> events;
  const auto takes_long = [&](const char* name) {
    events.emplace_back(name);
    const SystemClock clock;
    const int64_t end = clock.MonotonicNanos() + int64_t{limits::kPostedWorkNanos};
    while (clock.MonotonicNanos() < end) {
    }
  };
  loop_->OnTurnEnd([&] {
    if (!events.empty() && events.back() != "end") events.emplace_back("end");
  });
  loop_->Post([&] {
    loop_->Post([&] { takes_long("third"); });
    loop_->Post([&] { loop_->Stop(); });
    takes_long("first");
  });
  loop_->Post([&] { takes_long("second"); });
  loop_->Run();
  EXPECT_EQ(events, (std::vector<std::string>{"first", "end", "second", "end", "third", "end"}));
}

TEST_F(Loop, TurnEndComesAfterAllEventsOfTheTurn) {
  std::vector<std::string> events;
  loop_->OnTurnEnd([&] {
    if (!events.empty()) events.emplace_back("end");
    if (events.size() >= 3) loop_->Stop();
  });
  loop_->Post([&] { events.emplace_back("first"); });
  loop_->Post([&] { events.emplace_back("second"); });
  loop_->Run();
  EXPECT_EQ(events, (std::vector<std::string>{"first", "second", "end"}));
}

TEST_F(Loop, TurnEndCallbackCanBeRemovedWhileRunning) {
  int ends = 0;
  int ends_before = 0;
  loop_->OnTurnEnd([&] { ++ends; });
  loop_->Post([&] {
    loop_->OnTurnEnd(nullptr);
    ends_before = ends;
    loop_->Post([&] { loop_->Stop(); });  // runs in a later turn
  });
  loop_->Run();
  EXPECT_EQ(ends, ends_before);
}

TEST(ParseEndpoint, ParsesAddressesAndNamesWithOptionalPort) {
  EXPECT_EQ(ParseEndpoint("127.0.0.1:80", 7645)->ToString(), "127.0.0.1:80");
  EXPECT_EQ(ParseEndpoint("localhost", 7645)->ToString(), "localhost:7645");
  EXPECT_EQ(ParseEndpoint("[::1]:80", 7645)->ToString(), "[::1]:80");
  EXPECT_EQ(ParseEndpoint("[::1]", 7645)->ToString(), "[::1]:7645");
  EXPECT_EQ(ParseEndpoint("h:0", 7645)->port, 0);
}

TEST(ParseEndpoint, RejectsInvalidEndpoints) {
  for (const char* text :
       {"", ":80", "h:", "h:65536", "h:-1", "h:8x", "::1", "[::1", "[::1]80", "[]:80", "h:80 "}) {
    const auto result = ParseEndpoint(text, 7645);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.status().code(), Code::kInvalid);
    EXPECT_NE(result.status().message().find("127.0.0.1:7645"), std::string::npos);
  }
}

}  // namespace
}  // namespace smile
