#include "storage/reader_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "tests/storage/held_reader.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;

class TestJob final : public ReaderPool::Job {
 public:
  TestJob(std::function<Progress()> run, std::function<void(Status)> refuse, int64_t deadline = 0,
          uint64_t source = 0, Kind kind = Kind::kWalk,
          std::shared_ptr<const Caller> caller = nullptr)
      : Job({.deadline_nanos = deadline, .source = source, .caller = std::move(caller)}, kind),
        run_(std::move(run)),
        refuse_(std::move(refuse)) {
    ++alive;
  }
  ~TestJob() override { --alive; }
  Progress Run() override {
    if (work != 0) set_work(work);
    return run_();
  }
  void Refuse(Status why) override { refuse_(std::move(why)); }
  void End() override {
    if (end) end();
  }

  size_t work = 0;  // of each Run; 0: as much as is usual
  std::function<void()> end;
  static inline std::atomic<int> alive{0};

 private:
  const std::function<Progress()> run_;
  const std::function<void(Status)> refuse_;
};

using Progress = ReaderPool::Job::Progress;
using Kind = ReaderPool::Job::Kind;
using Priority = ReaderPool::Priority;

void MustNotRefuse(Status why) {
  ADD_FAILURE() << why.ToString();
}

// A pool of one thread, which the test holds up until it lets it go.
class ReaderPoolTest : public ::testing::Test {
 protected:
  ReaderPoolTest() : pool_(&clock_, {1, "usual", Priority::kUsual}) {
    pool_.Submit(std::make_unique<TestJob>(
        [this] {
          running_.set_value();
          go_.get_future().wait();
          return Progress::kDone;
        },
        MustNotRefuse));
    running_.get_future().wait();
  }

  void Submit(std::function<Progress()> run, int64_t deadline = 0, uint64_t source = 0,
              Kind kind = Kind::kWalk) {
    pool_.Submit(std::make_unique<TestJob>(
        std::move(run), [this](Status why) { refused_.push_back(why.code()); }, deadline, source,
        kind));
  }
  // Of a walk that never comes to its end by itself.
  void SubmitEndless(
      const std::string& name, int64_t deadline = 0,
      const std::shared_ptr<const Caller>& caller = nullptr,
      const std::function<void()>& in_run = [] {}) {
    auto job = std::make_unique<TestJob>(
        [this, name, in_run] {
          in_run();
          return Log(name, Progress::kMore);
        },
        [this](Status why) { refused_.push_back(why.code()); }, deadline, /*source=*/0, Kind::kWalk,
        caller);
    job->end = [this, name] { Log(name + " ended"); };
    pool_.Submit(std::move(job));
  }
  void SubmitPointReads(std::function<Progress()> run) {
    Submit(std::move(run), /*deadline=*/0, /*source=*/0, Kind::kPointReads);
  }
  // Of a source of its own, a walk of so many slices.
  void SubmitWalk(uint64_t source, int slices) {
    Submit(
        [this, slices]() mutable {
          return Log("walk", --slices > 0 ? Progress::kMore : Progress::kDone);
        },
        /*deadline=*/0, source);
  }
  Progress Log(const std::string& name, Progress progress = Progress::kDone) {
    ran_.push_back(name);
    return progress;
  }
  // Lets the pool run what was submitted until a job of the last kind and turn says so, then
  // closes.
  void LetGo() { go_.set_value(); }
  void RunAllAndClose() {
    LetGo();
    while (TestJob::alive > 0) std::this_thread::yield();
    pool_.Close();
  }

  ManualClock clock_;
  std::promise<void> running_, go_;
  std::vector<std::string> ran_;
  std::vector<Code> refused_;
  ReaderPool pool_;
};

TEST_F(ReaderPoolTest, JobsRunInOrder) {
  Submit([this] { return Log("a"); });
  Submit([this] { return Log("b"); });
  EXPECT_EQ(pool_.waiting_jobs(), 2u);
  RunAllAndClose();
  EXPECT_THAT(ran_, ElementsAre("a", "b"));
}

TEST_F(ReaderPoolTest, UnfinishedJobYieldsToWaitingJobs) {
  Submit([this, slices = 0]() mutable {
    return Log("long", ++slices < 3 ? Progress::kMore : Progress::kDone);
  });
  Submit([this] { return Log("short"); });
  RunAllAndClose();
  EXPECT_THAT(ran_, ElementsAre("long", "short", "long", "long"));
}

TEST_F(ReaderPoolTest, BusySourcesDoNotStarveOthers) {
  constexpr uint64_t kMany = 1, kScan = 2, kOne = 3;
  for (int i = 0; i < 1'000; ++i) Submit([this] { return Log("many"); }, 0, kMany);
  Submit(
      [this, slices = 0]() mutable {
        return Log("scan", ++slices < 1'000 ? Progress::kMore : Progress::kDone);
      },
      0, kScan);
  Submit([this] { return Log("one"); }, 0, kOne);
  RunAllAndClose();
  const auto one = std::find(ran_.begin(), ran_.end(), "one");
  EXPECT_LT(one - ran_.begin(), 3);
  EXPECT_EQ(ran_.size(), 2'001u);
}

TEST_F(ReaderPoolTest, PointReadsDoNotWaitForAllWalks) {
  for (uint64_t source = 1; source <= 100; ++source) SubmitWalk(source, 10);
  SubmitPointReads([this, takings = 0]() mutable {
    return Log("points", ++takings < 5 ? Progress::kMore : Progress::kDone);
  });
  RunAllAndClose();
  size_t slices = 0, takings = 0;
  for (const std::string& name : ran_) {
    if (name == "walk") {
      ++slices;
    } else {
      EXPECT_LE(slices, limits::kWalkSlicesPerPointTurn) << "before taking " << takings;
      slices = 0;
      ++takings;
    }
  }
  EXPECT_EQ(takings, 5u);
  EXPECT_EQ(ran_.size(), 1'005u);
}

TEST_F(ReaderPoolTest, WalkDoesNotWaitForAllPointReads) {
  for (int i = 0; i < 100; ++i) SubmitPointReads([this] { return Log("points"); });
  SubmitWalk(/*source=*/1, /*slices=*/3);
  RunAllAndClose();
  ASSERT_EQ(ran_.size(), 103u);
  EXPECT_EQ(std::count(ran_.begin(), ran_.begin() + 6, "walk"), 3);
}

TEST_F(ReaderPoolTest, PointReadsAreAcceptedWhenTheWalkQueueIsFull) {
  for (size_t i = 0; i < limits::kMaxReaderQueue; ++i) Submit([] { return Progress::kDone; });
  SubmitPointReads([this] { return Log("points"); });
  Submit([this] { return Log("one walk too many"); });
  EXPECT_THAT(refused_, ElementsAre(Code::kOverloaded));
  EXPECT_EQ(pool_.waiting_jobs(), limits::kMaxReaderQueue + 1);
  RunAllAndClose();
  EXPECT_THAT(ran_, ElementsAre("points"));
}

TEST_F(ReaderPoolTest, FullQueueRejectsAtOnce) {
  for (size_t i = 0; i < limits::kMaxReaderQueue; ++i) Submit([] { return Progress::kDone; });
  EXPECT_THAT(refused_, ElementsAre());
  Submit([this] { return Log("one too many"); });
  EXPECT_THAT(refused_, ElementsAre(Code::kOverloaded));
  RunAllAndClose();
  EXPECT_THAT(ran_, ElementsAre());
}

TEST_F(ReaderPoolTest, ExpiredJobIsRejectedAndARunningOneEnds) {
  Submit([this] { return Log("late"); }, clock_.MonotonicNanos() + kNanosPerMilli);
  SubmitEndless("begun", clock_.MonotonicNanos() + 5 * kNanosPerMilli, nullptr,
                [this] { clock_.AdvanceMillis(3); });
  clock_.AdvanceMillis(1);
  RunAllAndClose();
  EXPECT_THAT(ran_, ElementsAre("begun", "begun", "begun ended"));
  EXPECT_THAT(refused_, ElementsAre(Code::kDeadlineExceeded));
}

TEST_F(ReaderPoolTest, JobsOfACallerThatLeftEnd) {
  const auto gone = std::make_shared<Caller>(), leaves = std::make_shared<Caller>();
  gone->Go();
  SubmitEndless("of one that is gone", /*deadline=*/0, gone);
  SubmitEndless("of one that leaves", /*deadline=*/0, leaves, [&] { leaves->Go(); });
  RunAllAndClose();
  EXPECT_THAT(ran_, ElementsAre("of one that leaves", "of one that leaves ended"));
  EXPECT_THAT(refused_, ElementsAre(Code::kUnavailable));
}

TEST_F(ReaderPoolTest, CloseRejectsWaitingJobsAndEndsRunningOnes) {
  std::promise<void> begun, closes;
  SubmitEndless("endless", /*deadline=*/0, nullptr, [&] {
    begun.set_value();
    closes.get_future().wait();
  });
  LetGo();
  begun.get_future().wait();
  Submit([this] { return Log("waits"); });
  SubmitPointReads([this] { return Log("waits"); });
  std::thread closer([this] { pool_.Close(); });
  while (!pool_.closing()) std::this_thread::yield();
  closes.set_value();
  closer.join();
  EXPECT_THAT(ran_, ElementsAre("endless", "endless ended"));
  EXPECT_THAT(refused_, ElementsAre(Code::kShuttingDown, Code::kShuttingDown));
}

// What each slice of "much" costs, four of "little" cost together.
TEST_F(ReaderPoolTest, SourcesTakeTurnsByWork) {
  const auto submit = [this](const std::string& name, uint64_t source, size_t work) {
    auto job = std::make_unique<TestJob>(
        [this, name, left = 40]() mutable {
          return Log(name, --left > 0 ? Progress::kMore : Progress::kDone);
        },
        MustNotRefuse, /*deadline=*/0, source);
    job->work = work;
    pool_.Submit(std::move(job));
  };
  submit("much", 1, 4 * limits::kReadTurnWork);
  submit("little", 2, limits::kReadTurnWork);
  RunAllAndClose();
  ASSERT_EQ(ran_.size(), 80u);
  EXPECT_NEAR(std::count(ran_.begin(), ran_.begin() + 50, "little"), 40, 1);
}

TEST_F(ReaderPoolTest, JobsAfterCloseAreRejected) {
  RunAllAndClose();
  Submit([this] { return Log("too late"); });
  EXPECT_THAT(refused_, ElementsAre(Code::kShuttingDown));
}

// Two jobs, each of which waits for the other to run.
void ExpectRunAtTheSameTime(Kind first, Kind second) {
  const ManualClock clock;
  ReaderPool pool(&clock, {2, "low", Priority::kLow});
  std::promise<void> a_runs, b_runs;
  const auto submit = [&pool](Kind kind, std::promise<void>* own, std::promise<void>* other,
                              std::promise<void>* done) {
    pool.Submit(std::make_unique<TestJob>(
        [own, other, done] {
          own->set_value();
          other->get_future().wait();
          done->set_value();
          return Progress::kDone;
        },
        MustNotRefuse, /*deadline=*/0, /*source=*/0, kind));
  };
  std::promise<void> a_is_seen, b_is_seen;
  submit(first, &a_runs, &b_runs, &a_is_seen);
  submit(second, &b_runs, &a_runs, &b_is_seen);
  a_is_seen.get_future().wait();
  b_is_seen.get_future().wait();
  pool.Close();
}

TEST(ReaderPoolOfMany, JobsRunConcurrently) {
  for (const Kind first : {Kind::kWalk, Kind::kPointReads}) {
    for (const Kind second : {Kind::kWalk, Kind::kPointReads}) {
      ExpectRunAtTheSameTime(first, second);
    }
  }
}

// However the threads take what there is, each kind is run to its end.
TEST(ReaderPoolOfMany, NoJobIsLeftWaiting) {
  const ManualClock clock;
  std::array<std::atomic<int>, 2> slices = {};
  std::vector<std::future<void>> all_done;
  ReaderPool pool(&clock, {3, "usual", Priority::kUsual});
  for (uint64_t i = 0; i < 200; ++i) {
    const Kind kind = i % 2 == 0 ? Kind::kWalk : Kind::kPointReads;
    std::promise<void> done;
    std::future<void> is_done = done.get_future();
    pool.Submit(std::make_unique<TestJob>(
        [&slices, kind, done = std::make_shared<std::promise<void>>(std::move(done)),
         left = 10]() mutable {
          ++slices[static_cast<size_t>(kind)];
          if (--left > 0) return Progress::kMore;
          done->set_value();
          return Progress::kDone;
        },
        MustNotRefuse, /*deadline=*/0, /*source=*/i, kind));
    if (i % 3 == 0) is_done.wait();  // the threads have gone to sleep, or are about to
    all_done.push_back(std::move(is_done));
  }
  for (const std::future<void>& is_done : all_done) is_done.wait();
  pool.Close();
  EXPECT_EQ(slices[0], 1'000);
  EXPECT_EQ(slices[1], 1'000);
}

// A pool whose walks go on in another one.
class ReaderPoolWithRest : public ::testing::Test {
 protected:
  ~ReaderPoolWithRest() override { Close(); }

  void Close() {
    pool_.Close();
    rest_.Close();
  }
  // Runs so many slices, and notes where.
  std::future<void> Submit(Kind kind, int slices) {
    auto done = std::make_shared<std::promise<void>>();
    pool_.Submit(std::make_unique<TestJob>(
        [this, done, slices]() mutable {
          ran_.emplace_back(pool_.IsThisThread() ? "pool" : rest_.IsThisThread() ? "rest" : "?");
          if (--slices > 0) return Progress::kMore;
          done->set_value();
          return Progress::kDone;
        },
        MustNotRefuse, /*deadline=*/0, /*source=*/0, kind));
    return done->get_future();
  }

  const ManualClock clock_;
  ReaderPool rest_{&clock_, {1, "low", Priority::kLow}};
  ReaderPool pool_{&clock_, {1, "usual", Priority::kUsual}, &rest_};
  std::vector<std::string> ran_;
};

TEST_F(ReaderPoolWithRest, OnlyWalksGoOnThere) {
  Submit(Kind::kWalk, 3).wait();
  EXPECT_THAT(ran_, ElementsAre("pool", "rest", "rest"));
  ran_.clear();
  Submit(Kind::kPointReads, 3).wait();
  EXPECT_THAT(ran_, ElementsAre("pool", "pool", "pool"));
}

TEST_F(ReaderPoolWithRest, TooManyWalksEndAfterTheirFirstSlice) {
  HeldReader held(&rest_);
  std::vector<std::future<void>> done;
  for (size_t i = 0; i < limits::kMaxReaderQueue; ++i) done.push_back(Submit(Kind::kWalk, 2));
  Submit(Kind::kPointReads, 1).wait();  // the pool has no walks left
  while (rest_.waiting_jobs() < limits::kMaxReaderQueue) std::this_thread::yield();
  std::promise<void> ended;
  auto job = std::make_unique<TestJob>([] { return Progress::kMore; }, MustNotRefuse);
  job->end = [&] { ended.set_value(); };
  pool_.Submit(std::move(job));
  ended.get_future().wait();
  held.LetGo();
  for (const std::future<void>& one : done) one.wait();
}

}  // namespace
}  // namespace smile::testing
