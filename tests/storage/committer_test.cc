#include "storage/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "base/wake_together.h"
#include "tests/storage/blocking_engine.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;

// A committer whose commits wait until the test lets them go, so that the test decides what
// gathers.
class CommitterTest : public ::testing::Test {
 protected:
  CommitterTest()
      : committer_(std::make_unique<Committer>(
            &clock_, [this] { clock_.AdvanceMillis(pace_millis_.exchange(0)); },
            [this](auto group) { Commit(group); })) {}
  ~CommitterTest() override {
    Open();
    committer_.reset();
  }

  void Commit(std::span<PendingWrite> group) {
    std::unique_lock lock(mutex_);
    ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    clock_.AdvanceMillis(commit_millis_);
    std::vector<std::string> sorts;
    for (PendingWrite& write : group) {
      if (write.late) continue;
      sorts.emplace_back(write.request.mutations()[0].sort);
      write.reply.versions = {7};
    }
    const bool large = sorts == std::vector<std::string>{"large"};
    groups_.push_back(std::move(sorts));
    lock.unlock();
    if (large && on_large_) std::exchange(on_large_, nullptr)();
  }

  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void WaitUntilBegun(int groups) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= groups; });
  }

  // The answer's code, when there is one.
  std::future<Code> Submit(const std::string& sort, size_t value_bytes = 0, int64_t deadline = 0,
                           uint64_t source = 0) {
    const std::string value(value_bytes, 'v');
    auto code = std::make_shared<std::promise<Code>>();
    committer_->Submit(
        WriteRequest({Table::kUsers, "12345678"}, {PutOf(sort, value)}, deadline, source),
        [this, sort, code](WriteReply reply) {
          {
            const std::lock_guard lock(mutex_);
            answered_.push_back(sort);
          }
          code->set_value(reply.status.code());
        });
    return code->get_future();
  }

  ManualClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<int64_t> pace_millis_{0};  // the next group is held back so long
  static constexpr size_t kLarge = size_t{1} << 20;
  std::atomic<int64_t> commit_millis_{0};  // what a commit takes
  std::function<void()> on_large_;         // called once, in a group of one large write
  bool open_ = false;
  int begun_ = 0;
  std::vector<std::vector<std::string>> groups_;
  std::vector<std::string> answered_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, SingleWriteIsCommittedAtOnce) {
  Open();
  EXPECT_EQ(Submit("a").get(), Code::kOk);
  EXPECT_THAT(groups_, ElementsAre(ElementsAre("a")));
}

TEST_F(CommitterTest, WaitingWritesAreCommittedTogetherInOrder) {
  auto a = Submit("a");
  WaitUntilBegun(1);
  Submit("b");
  Submit("c");
  auto d = Submit("d");
  Open();
  EXPECT_EQ(d.get(), Code::kOk);
  EXPECT_THAT(groups_, ElementsAre(ElementsAre("a"), ElementsAre("b", "c", "d")));
  EXPECT_THAT(answered_, ElementsAre("a", "b", "c", "d"));
  const Committer::Counts counts = committer_->counts();
  EXPECT_EQ(counts.groups, 2u);
  EXPECT_EQ(counts.writes, 4u);
  EXPECT_EQ(counts.waiting_bytes, 0u);
}

TEST_F(CommitterTest, ThoseWhoWaitForAGroupAreWokenOnceAfterAllItsAnswers) {
  struct Counting final : Wakeable {
    void Wake() override {
      if (++wakes > 1) return;
      answers = *answered;
      woken.set_value();
    }
    int wakes = 0;
    size_t answers = 0;
    const size_t* answered = nullptr;
    std::promise<void> woken;
  };
  constexpr size_t kWrites = 5;
  size_t answered = 0;
  const auto waiter = std::make_shared<Counting>();
  waiter->answered = &answered;
  auto first = Submit("first");
  WaitUntilBegun(1);
  for (size_t i = 0; i < kWrites; ++i) {
    committer_->Submit(WriteRequest({Table::kUsers, "12345678"}, {PutOf("x", "")}, 0),
                       [&answered, waiter](WriteReply) {
                         ++answered;
                         WakeTogether::Wake(waiter);
                       });
  }
  Open();
  waiter->woken.get_future().get();
  committer_.reset();
  EXPECT_EQ(waiter->answers, kWrites);
  EXPECT_EQ(waiter->wakes, 1);
}

TEST_F(CommitterTest, GroupIsBoundedInBytes) {
  Submit("first");
  WaitUntilBegun(1);
  const size_t half = limits::kMaxCommitGroupBytes / 2;
  Submit("a", half);
  Submit("b", half);  // with what a request itself takes, a and b are over the bound together
  Submit("huge", limits::kMaxCommitGroupBytes);
  auto last = Submit("c", 1);
  Open();
  EXPECT_EQ(last.get(), Code::kOk);
  EXPECT_THAT(groups_, ElementsAre(ElementsAre("first"), ElementsAre("a"), ElementsAre("b"),
                                   ElementsAre("huge"), ElementsAre("c")));
}

TEST_F(CommitterTest, SmallWritesDoNotWaitForAllLargeOnes) {
  Submit("first");
  WaitUntilBegun(1);
  for (uint64_t source = 1; source <= 4; ++source) Submit("large", kLarge, 0, source);
  auto small = Submit("small", 0, 0, 5);
  Open();
  EXPECT_EQ(small.get(), Code::kOk);
  committer_->Close();
  ASSERT_EQ(groups_.size(), 5u);
  EXPECT_THAT(groups_[1], ::testing::UnorderedElementsAre("large", "small"));
  for (size_t i = 2; i < 5; ++i) EXPECT_THAT(groups_[i], ElementsAre("large"));
}

TEST_F(CommitterTest, LargeWritesAloneShareAGroup) {
  Submit("large", kLarge, 0, 1);
  WaitUntilBegun(1);
  std::future<Code> last;
  for (uint64_t source = 1; source <= 3; ++source) last = Submit("large", kLarge, 0, source);
  Open();
  EXPECT_EQ(last.get(), Code::kOk);
  EXPECT_THAT(groups_, ElementsAre(ElementsAre("large"), ElementsAre("large", "large", "large")));
}

// The clock stands still unless a commit moves it.
TEST_F(CommitterTest, LargeWritesShareTheTimeWithSmallOnes) {
  Submit("first");
  WaitUntilBegun(1);
  for (uint64_t source = 1; source <= 2; ++source) Submit("large", kLarge, 0, source);
  commit_millis_ = 5;
  on_large_ = [this] { Submit("small", 0, 0, 3); };  // while it is committed
  Open();
  WaitUntilBegun(3);
  committer_->Close();
  // Which does not wait once the committer closes.
  EXPECT_THAT(groups_, ElementsAre(ElementsAre("first"), ElementsAre("large"), ElementsAre("small"),
                                   ElementsAre("large")));
}

TEST_F(CommitterTest, LargeWritesDoNotWaitForever) {
  Open();
  commit_millis_ = 5;
  EXPECT_EQ(Submit("small").get(), Code::kOk);
  auto large = Submit("large", kLarge, 0, 1);
  auto next = Submit("large", kLarge, 0, 2);
  EXPECT_EQ(large.get(), Code::kOk);
  EXPECT_EQ(next.get(), Code::kOk);
}

TEST_F(CommitterTest, GroupIsBoundedInRequests) {
  Submit("first");
  WaitUntilBegun(1);
  for (size_t i = 0; i < limits::kMaxCommitGroupRequests; ++i) Submit("x");
  auto last = Submit("last");
  Open();
  EXPECT_EQ(last.get(), Code::kOk);
  ASSERT_EQ(groups_.size(), 3u);
  EXPECT_EQ(groups_[1].size(), limits::kMaxCommitGroupRequests);
  EXPECT_THAT(groups_[2], ElementsAre("last"));
}

TEST_F(CommitterTest, BusySourceDoesNotFillTheNextGroup) {
  Submit("first");
  WaitUntilBegun(1);
  for (size_t i = 0; i < 2 * limits::kMaxCommitGroupRequests; ++i) Submit("much", 0, 0, 1);
  auto little = Submit("little", 0, 0, 2);
  Open();
  EXPECT_EQ(little.get(), Code::kOk);
  committer_->Close();
  ASSERT_GE(groups_.size(), 3u);
  EXPECT_THAT(groups_[1], ::testing::Contains("little"));
  EXPECT_EQ(groups_[1].size(), limits::kMaxCommitGroupRequests);
  EXPECT_EQ(committer_->counts().writes, 2 * limits::kMaxCommitGroupRequests + 2);
}

TEST_F(CommitterTest, FullQueueRejectsWithATimeToRetryAfter) {
  Submit("first");
  WaitUntilBegun(1);
  const size_t big = size_t{16} << 20;
  size_t taken = 0;
  while (taken + big + 4096 < limits::kMaxCommitQueueBytes) {
    Submit("fills", big);
    taken += big;
  }
  WriteReply refused;
  committer_->Submit(
      WriteRequest({Table::kUsers, "12345678"}, {PutOf("x", std::string(big, 'v'))}, 0),
      [&](WriteReply reply) { refused = std::move(reply); });
  EXPECT_EQ(refused.status.code(), Code::kOverloaded);
  EXPECT_GT(refused.status.retry_after_ms(), 0u);
  EXPECT_EQ(committer_->counts().refused_writes, 1u);
  auto small = Submit("small");
  Open();
  EXPECT_EQ(small.get(), Code::kOk);
  EXPECT_EQ(Submit("later", big).get(), Code::kOk);  // there is room again
}

TEST_F(CommitterTest, WritePastItsDeadlineIsNotCommitted) {
  Submit("first");
  WaitUntilBegun(1);
  auto late = Submit("late", 0, clock_.MonotonicNanos() + 5 * kNanosPerMilli);
  auto in_time = Submit("in time", 0, clock_.MonotonicNanos() + 6 * kNanosPerMilli);
  clock_.AdvanceMillis(5);
  Open();
  EXPECT_EQ(late.get(), Code::kDeadlineExceeded);
  EXPECT_EQ(in_time.get(), Code::kOk);
  EXPECT_THAT(groups_, ElementsAre(ElementsAre("first"), ElementsAre("in time")));
}

TEST_F(CommitterTest, WriteDelayedPastItsDeadlineIsNotCommitted) {
  Open();
  pace_millis_ = 50;
  const int64_t now = clock_.MonotonicNanos();
  EXPECT_EQ(Submit("late", 0, now + 50 * kNanosPerMilli).get(), Code::kDeadlineExceeded);
  EXPECT_EQ(Submit("a", 0, now + 100 * kNanosPerMilli).get(), Code::kOk);
  EXPECT_THAT(groups_, ElementsAre(ElementsAre("a")));
}

TEST_F(CommitterTest, GroupOfExpiredWritesIsNoCommit) {
  Open();
  EXPECT_EQ(Submit("late", 0, clock_.MonotonicNanos()).get(), Code::kDeadlineExceeded);
  EXPECT_EQ(committer_->counts().groups, 0u);
}

TEST_F(CommitterTest, CloseCommitsAcceptedWrites) {
  auto first = Submit("first");
  WaitUntilBegun(1);
  auto waiting = Submit("waiting");
  std::thread closing([this] { committer_->Close(); });
  Open();
  closing.join();
  EXPECT_EQ(first.get(), Code::kOk);
  EXPECT_EQ(waiting.get(), Code::kOk);
  EXPECT_EQ(Submit("too late").get(), Code::kShuttingDown);
  EXPECT_EQ(groups_.size(), 2u);
}

TEST_F(CommitterTest, EachThreadKeepsItsOrder) {
  Open();
  constexpr int kThreads = 4, kWrites = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      std::future<Code> last;
      for (int i = 0; i < kWrites; ++i) {
        last = Submit(std::string(1, static_cast<char>('a' + t)) + std::to_string(i));
      }
      EXPECT_EQ(last.get(), Code::kOk);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> next(kThreads, 0);
  for (const auto& group : groups_) {
    for (const std::string& sort : group) {
      EXPECT_EQ(std::stoi(sort.substr(1)), next[static_cast<size_t>(sort[0] - 'a')]++);
    }
  }
  EXPECT_EQ(committer_->counts().writes, static_cast<uint64_t>(kThreads * kWrites));
}

}  // namespace
}  // namespace smile::testing
