// A committer and two workers on threads of their own.
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/service/watch_fixture.h"

namespace smile::testing {
namespace {

constexpr uint64_t kThreadUsers = 4;
constexpr uint64_t kVersionBefore = 8;  // the version before the first change
constexpr uint64_t kLast = 6'000;

// The change of version V is of user V % kThreadUsers, so each watch knows its next version.
class CountingSink final : public WatchSink {
 public:
  void OnStart(uint64_t watch, uint64_t) override { id = watch; }
  SinkAnswer OnEvent(const WatchEvent& event) override {
    uint64_t& seen = newest.at(event.target);
    EXPECT_EQ(event.version, seen + kThreadUsers);
    EXPECT_EQ(event.value, ByteView(event.sort));
    seen = event.version;
    if (++events % 50 == 0) {
      EXPECT_TRUE(group->Cancel(id));
      id = 0;
    }
    return SinkAnswer::kTaken;
  }
  SinkAnswer OnGap(const WatchGap&) override {
    ADD_FAILURE() << "the history is large enough";
    return SinkAnswer::kTaken;
  }
  void OnEnd(const Status&) override { ADD_FAILURE() << "nobody is slow"; }

  bool IsComplete() const {
    for (const uint64_t seen : newest) {
      if (seen + kThreadUsers <= kLast) return false;
    }
    return true;
  }

  WatchGroup* group = nullptr;
  uint64_t id = 0;  // 0: it was cancelled and goes on with another watch
  uint64_t events = 0;
  std::array<uint64_t, kThreadUsers> newest{8, 9 - kThreadUsers, 10 - kThreadUsers,
                                            11 - kThreadUsers};
};

// An event loop that only runs its group.
class Worker {
 public:
  explicit Worker(WatchHub* hub) : group_(hub, [this] { Wake(); }) {}

  void Work() {
    std::array<CountingSink, 3> sinks;
    for (CountingSink& sink : sinks) sink.group = &group_;
    bool more = false;
    while (true) {
      bool complete = true;
      for (CountingSink& sink : sinks) {
        if (sink.id == 0) more |= Start(&sink);
        complete &= sink.id != 0 && sink.IsComplete();
      }
      if (complete) break;
      if (!more) Wait();
      more = group_.Run();
    }
    for (CountingSink& sink : sinks) EXPECT_TRUE(group_.Cancel(sink.id));
  }

 private:
  // True: it was cancelled again meanwhile.
  bool Start(CountingSink* sink) {
    WatchRequest request{.owner = 1, .values = true, .targets = {}};
    for (uint64_t user = 0; user < kThreadUsers; ++user) {
      // The first of a user may be before the history, which starts at kVersionBefore.
      request.targets.push_back(UserTarget(user, std::max(sink->newest[user], kVersionBefore)));
    }
    EXPECT_TRUE(group_.Watch(request, sink).ok());
    return sink->id == 0;
  }
  void Wake() {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    changed_.notify_one();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_woken_; });
    is_woken_ = false;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;
  WatchGroup group_;
};

TEST(WatchThreadsTest, EachIsToldOfEverythingOnce) {
  WatchHub hub({.past = {.changes = kLast, .value_bytes = SIZE_MAX}});
  hub.StartFrom(kVersionBefore);
  {
    WatchGroup group(&hub, [] {});
    BeginHistory(&group);
  }
  Worker one(&hub), two(&hub);
  std::thread committer([&hub] {
    for (uint64_t version = kVersionBefore + 1; version <= kLast; ++version) {
      const Bytes text = std::to_string(version);
      Feed(&hub, {{version % kThreadUsers, version, text, text}});
      if (version % 100 == 0) static_cast<void>(hub.Stats());
    }
  });
  std::thread first([&one] { one.Work(); });
  std::thread second([&two] { two.Work(); });
  committer.join();
  first.join();
  second.join();
  EXPECT_EQ(hub.Stats().watches, 0u);
  EXPECT_GE(hub.Stats().events, 6 * (kLast - kVersionBefore));
}

}  // namespace
}  // namespace smile::testing
