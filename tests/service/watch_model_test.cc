// Changes, watches and gaps in any order, compared with a list of all changes. Prints its seed.
#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/service/watch_fixture.h"

namespace smile::testing {
namespace {

constexpr uint64_t kFirstVersion = 100;  // the version at which the history starts
constexpr uint64_t kModelUsers = 5;
constexpr size_t kMaxPast = 12;

// All that happened, in order.
struct Log {
  struct Change {
    uint64_t user;
    uint64_t version;
    std::string sort;
    std::optional<std::string> value;
  };
  std::vector<Change> changes;
  uint64_t newest = kFirstVersion;
  uint64_t floor = kFirstVersion;  // UINT64_MAX: unknown, after a gap
  std::vector<uint64_t> gaps;      // the newest version at each gap of the engine

  // The first of a user after a version; null if there is none.
  const Change* Next(uint64_t user, uint64_t after) const {
    for (const Change& change : changes) {
      if (change.user == user && change.version > after) return &change;
    }
    return nullptr;
  }
  size_t CountAfter(uint64_t user, uint64_t after) const {
    return std::count_if(changes.begin(), changes.end(), [&](const Change& change) {
      return change.user == user && change.version > after;
    });
  }
};

// Knows what it has to be told next.
class CheckingSink final : public WatchSink {
 public:
  CheckingSink(const Log* log, std::vector<WatchTarget> in_targets, bool is_exact)
      : log_(log), is_exact_(is_exact), targets(std::move(in_targets)) {}

  void OnStart(uint64_t watch, uint64_t newest) override {
    id = watch;
    EXPECT_EQ(newest, log_->newest);
    gaps_before_ = log_->gaps.size();
    size_t past = 0;
    for (const WatchTarget& target : targets) {
      seen_.push_back(target.after.value_or(newest));
      const uint64_t after = seen_.back();
      const size_t count = log_->CountAfter(UserOf(target), after);
      const bool gap = target.after.has_value() &&
                       (after < log_->floor || after > newest || past + count > kMaxPast);
      if (gap) expected_gaps_.insert(seen_.size() - 1);
      if (!gap) past += count;
    }
  }
  SinkAnswer OnEvent(const WatchEvent& event) override {
    const Log::Change* next = log_->Next(UserOf(targets.at(event.target)), seen_[event.target]);
    EXPECT_NE(next, nullptr);
    if (next == nullptr) return SinkAnswer::kTaken;
    EXPECT_EQ(event.version, next->version);
    EXPECT_EQ(event.sort, next->sort);
    EXPECT_EQ(event.kind == MutationKind::kPut, next->value.has_value());
    EXPECT_EQ(event.value.has_value(), next->value.has_value());
    EXPECT_EQ(event.value.value_or(""), next->value.value_or(""));
    if (is_exact_) {
      // Gaps of the engine are told before what comes after them.
      EXPECT_EQ(gaps_told_, std::count_if(log_->gaps.begin() + gaps_before_, log_->gaps.end(),
                                          [&](uint64_t gap) { return gap < event.version; }));
    }
    seen_[event.target] = event.version;
    return Answer();
  }
  SinkAnswer OnGap(const WatchGap& gap) override {
    EXPECT_LE(gap.after, log_->newest);
    if (gap.target.has_value()) {
      EXPECT_TRUE(expected_gaps_.erase(*gap.target) == 1 || !is_exact_);
      seen_[*gap.target] = gap.after;
      return Answer();
    }
    const bool of_start = expected_gaps_.size() == targets.size();
    if (!of_start) {
      EXPECT_TRUE(!is_exact_ || gap.after == log_->gaps.at(gaps_before_ + gaps_told_));
      ++gaps_told_;
    }
    for (size_t i = 0; i < seen_.size(); ++i) {
      seen_[i] = expected_gaps_.erase(i) == 1 ? gap.after : std::max(seen_[i], gap.after);
    }
    return Answer();
  }
  void OnEnd(const Status& status) override {
    EXPECT_EQ(status.code(), Code::kOverloaded);
    EXPECT_TRUE(is_slow);
    id = 0;
  }

  // When the group has told everything.
  void ExpectComplete() const {
    for (size_t i = 0; i < targets.size(); ++i) {
      EXPECT_EQ(log_->Next(UserOf(targets[i]), seen_[i]), nullptr) << "target " << i;
    }
    if (!is_exact_) return;
    EXPECT_TRUE(expected_gaps_.empty());
    EXPECT_EQ(static_cast<size_t>(gaps_told_), log_->gaps.size() - gaps_before_);
  }

 private:
  static uint64_t UserOf(const WatchTarget& target) {
    return static_cast<unsigned char>(target.partition.back());
  }
  SinkAnswer Answer() const { return is_slow ? SinkAnswer::kTooSlow : SinkAnswer::kTaken; }

  const Log* const log_;
  const bool is_exact_;         // every gap is known in advance
  std::vector<uint64_t> seen_;  // by target
  std::set<size_t> expected_gaps_;
  size_t gaps_before_ = 0;
  int64_t gaps_told_ = 0;

 public:
  const std::vector<WatchTarget> targets;
  uint64_t id = 0;  // 0: it ended
  bool is_slow = false;
};

class WatchModel {
 public:
  // With a small history, gaps may be anywhere; with a large one they are known in advance.
  WatchModel(uint64_t seed, bool small)
      : random_(seed),
        is_exact_(!small),
        hub_({.history_bytes = small ? size_t{6'000} : size_t{1} << 26,
              .slice_work = 1 + seed % 7,
              .past = {kMaxPast, SIZE_MAX}}) {
    hub_.StartFrom(kFirstVersion);
    BeginHistory(&group_);
  }

  void RunSteps(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) Step();
    Settle();
    while (!sinks_.empty()) Cancel(0);
    EXPECT_EQ(hub_.Stats().watch_bytes, 0u);
  }

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  void Step() {
    const uint64_t choice = Below(100);
    if (choice < 40) return Change();
    if (choice < 55) return Start();
    if (choice < 85) return static_cast<void>(group_.Run());
    if (choice < 92 && !sinks_.empty()) return Cancel(Below(sinks_.size()));
    if (choice < 94 && !sinks_.empty()) sinks_[Below(sinks_.size())]->is_slow = true;
    if (choice == 95) return Gap();
    if (choice > 97) Settle();
  }

  void Change() {
    std::vector<Log::Change> changes;
    for (uint64_t count = 1 + Below(4); count > 0; --count) {
      log_.newest += 1 + Below(3);
      changes.push_back({Below(kModelUsers), log_.newest, "s" + std::to_string(Below(3)), {}});
      if (Below(3) > 0) changes.back().value = std::string(Below(30), 'v');
    }
    if (log_.floor == UINT64_MAX) log_.floor = changes.front().version - 1;
    log_.changes.insert(log_.changes.end(), changes.begin(), changes.end());
    std::vector<FedChange> fed;
    fed.reserve(changes.size());
    for (const Log::Change& change : changes) {
      fed.push_back({change.user, change.version, change.sort, change.value});
    }
    Feed(&hub_, fed);
  }
  void Gap() {
    log_.gaps.push_back(log_.newest);
    log_.floor = UINT64_MAX;
    hub_.OnGap();
  }
  void Start() {
    std::vector<WatchTarget> targets;
    for (uint64_t count = 1 + Below(3); count > 0; --count) {
      targets.push_back(UserTarget(Below(kModelUsers)));
      if (Below(3) > 0)
        targets.back().after = log_.newest + 2 - std::min<uint64_t>(Below(60), log_.newest);
    }
    sinks_.push_back(std::make_unique<CheckingSink>(&log_, targets, is_exact_));
    ASSERT_TRUE(
        group_.Watch({.owner = Below(3), .values = true, .targets = targets}, sinks_.back().get())
            .ok());
  }
  void Cancel(size_t index) {
    EXPECT_EQ(group_.Cancel(sinks_[index]->id), sinks_[index]->id != 0);
    sinks_.erase(sinks_.begin() + static_cast<int64_t>(index));
  }
  void Settle() {
    while (group_.Run()) {
    }
    for (const auto& sink : sinks_) {
      if (sink->id != 0) sink->ExpectComplete();
    }
  }

  std::mt19937_64 random_;
  const bool is_exact_;
  Log log_;
  WatchHub hub_;
  WatchGroup group_{&hub_, [] {}};
  std::vector<std::unique_ptr<CheckingSink>> sinks_;
};

TEST(WatchModelTest, ToldIsWhatHappened) {
  const uint64_t first = std::random_device()();
  for (uint64_t seed = first; seed < first + 60; ++seed) {
    for (const bool small : {false, true}) {
      SCOPED_TRACE(fmt::format("seed {}, {} history", seed, small ? "small" : "large"));
      WatchModel(seed, small).RunSteps(300);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace smile::testing
