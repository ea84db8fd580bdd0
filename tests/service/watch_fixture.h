// Watches and changes as short texts, and a hub that is told of changes by hand.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "model/key.h"
#include "service/watches/watch_group.h"
#include "service/watches/watch_hub.h"
#include "service/watches/watch_sink.h"
#include "tests/storage/blocking_engine.h"

namespace smile::testing {

// Writes down what it is told: "start 7", "0 put one@8=v", "0 delete one@9", "gap 0 after 9",
// "gap after 9", "end overloaded". A put whose value is to be read has "?".
// Cancels its watch when it goes.
class RecordingSink final : public WatchSink {
 public:
  RecordingSink() = default;
  ~RecordingSink() override {
    if (group != nullptr && id != 0) group->Cancel(id);
  }
  RecordingSink(const RecordingSink&) = delete;
  RecordingSink& operator=(const RecordingSink&) = delete;

  void OnStart(uint64_t watch, uint64_t newest) override {
    id = watch;
    told.push_back(fmt::format("start {}", newest));
  }
  SinkAnswer OnEvent(const WatchEvent& event) override {
    const bool put = event.kind == MutationKind::kPut;
    const std::string value = event.value ? "=" + std::string(*event.value) : "?";
    told.push_back(fmt::format("{} {} {}@{}{}", event.target, put ? "put" : "delete", event.sort,
                               event.version, put ? value : ""));
    return Answer();
  }
  SinkAnswer OnGap(const WatchGap& gap) override {
    told.push_back(gap.target ? fmt::format("gap {} after {}", *gap.target, gap.after)
                              : fmt::format("gap after {}", gap.after));
    return Answer();
  }
  void OnEnd(const Status& status) override {
    told.push_back(fmt::format("end {}", InfoOf(status.code()).name));
    id = 0;
  }

  std::vector<std::string> Take() { return std::exchange(told, {}); }

  WatchGroup* group = nullptr;
  uint64_t id = 0;  // 0: no watch
  std::vector<std::string> told;
  std::function<SinkAnswer()> hook;  // decides the answers

 private:
  SinkAnswer Answer() { return hook ? hook() : SinkAnswer::kTaken; }
};

// From a first watch on, the hub keeps changes.
inline void BeginHistory(WatchGroup* group) {
  RecordingSink first;
  first.group = group;
  const WatchTarget any{.table = Table::kUsers, .partition = PartitionOf(0), .after = {}};
  EXPECT_TRUE(group->Watch({.targets = {any}}, &first).ok());
}

inline WatchTarget UserTarget(uint64_t user, std::optional<uint64_t> after = {}) {
  return {.table = Table::kUsers, .partition = PartitionOf(user), .after = after};
}

// A change of a record of users/USER.
struct FedChange {
  uint64_t user;
  uint64_t version;
  ByteView sort = "one";
  std::optional<ByteView> value = "v";  // not set: a delete
};

// One call of OnChanges.
inline void Feed(WatchHub* hub, const std::vector<FedChange>& fed) {
  std::vector<MutationView> mutations;
  std::vector<Bytes> partitions;
  for (const FedChange& change : fed) {
    mutations.push_back(change.value ? PutOf(change.sort, *change.value) : DeleteOf(change.sort));
    partitions.push_back(PartitionOf(change.user));
  }
  std::vector<AppliedChange> changes;
  for (size_t i = 0; i < fed.size(); ++i) {
    changes.push_back({{Table::kUsers, partitions[i]}, &mutations[i], fed[i].version});
  }
  hub->OnChanges(changes);
  hub->OnAnswered();
}

class WatchTest : public ::testing::Test {
 protected:
  explicit WatchTest(const WatchHub::Limits& limits = {}) : hub_(limits) {
    hub_.StartFrom(10);
    BeginHistory(&group_);
  }

  Status Watch(RecordingSink* sink, std::vector<WatchTarget> targets, uint64_t owner = 1,
               bool values = true) {
    sink->group = &group_;
    return group_.Watch({.owner = owner, .values = values, .targets = std::move(targets)}, sink);
  }
  void RunAll() {
    while (group_.Run()) {
    }
  }

  WatchHub hub_;
  int wakes_ = 0;
  WatchGroup group_{&hub_, [this] { ++wakes_; }};
};

}  // namespace smile::testing
