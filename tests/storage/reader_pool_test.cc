#include "storage/reader_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;

class TestJob final : public ReaderPool::Job {
 public:
  TestJob(std::function<Progress()> run, std::function<void(Status)> refuse, int64_t deadline = 0,
          size_t bytes = 0, uint64_t source = 0)
      : Job(deadline, source, bytes), run_(std::move(run)), refuse_(std::move(refuse)) {}
  Progress Run() override { return run_(); }
  void Refuse(Status why) override { refuse_(std::move(why)); }

 private:
  const std::function<Progress()> run_;
  const std::function<void(Status)> refuse_;
};

using Progress = ReaderPool::Job::Progress;

void MustNotRefuse(Status why) {
  ADD_FAILURE() << why.ToString();
}

// A pool of one thread, which the test holds up until it lets it go.
class ReaderPoolTest : public ::testing::Test {
 protected:
  ReaderPoolTest() : pool_(&clock_, 1) {
    pool_.Submit(std::make_unique<TestJob>(
        [this] {
          running_.set_value();
          go_.get_future().wait();
          return Progress::kDone;
        },
        MustNotRefuse));
    running_.get_future().wait();
  }

  void Submit(std::function<Progress()> run, int64_t deadline = 0, size_t bytes = 0,
              uint64_t source = 0) {
    pool_.Submit(std::make_unique<TestJob>(
        std::move(run), [this](Status why) { refused_.push_back(why.code()); }, deadline, bytes,
        source));
  }
  Progress Log(const std::string& name, Progress progress = Progress::kDone) {
    ran_.push_back(name);
    return progress;
  }
  void LetGoAndClose() {
    go_.set_value();
    pool_.Close();
  }

  ManualClock clock_;
  std::promise<void> running_, go_;
  std::vector<std::string> ran_;
  std::vector<Code> refused_;
  ReaderPool pool_;
};

TEST_F(ReaderPoolTest, JobsRunInTheirOrderAndCloseWaitsForAll) {
  Submit([this] { return Log("a"); });
  Submit([this] { return Log("b"); });
  EXPECT_EQ(pool_.waiting_jobs(), 2u);
  LetGoAndClose();
  EXPECT_THAT(ran_, ElementsAre("a", "b"));
}

TEST_F(ReaderPoolTest, AJobThatHasMoreToDoLetsThoseThatWaitGoFirst) {
  Submit([this, slices = 0]() mutable {
    return Log("long", ++slices < 3 ? Progress::kMore : Progress::kDone);
  });
  Submit([this] { return Log("short"); });
  LetGoAndClose();
  EXPECT_THAT(ran_, ElementsAre("long", "short", "long", "long"));
}

TEST_F(ReaderPoolTest, WhoHasAThousandJobsWaitingAndWhoScansEverythingKeepNobodyFromTheirTurn) {
  constexpr uint64_t kMany = 1, kScan = 2, kOne = 3;
  for (int i = 0; i < 1'000; ++i) Submit([this] { return Log("many"); }, 0, 0, kMany);
  Submit(
      [this, slices = 0]() mutable {
        return Log("scan", ++slices < 1'000 ? Progress::kMore : Progress::kDone);
      },
      0, 0, kScan);
  Submit([this] { return Log("one"); }, 0, 0, kOne);
  LetGoAndClose();
  const auto one = std::find(ran_.begin(), ran_.end(), "one");
  EXPECT_LT(one - ran_.begin(), 3);
  EXPECT_EQ(ran_.size(), 2'001u);
}

TEST_F(ReaderPoolTest, OverItsBoundJobsAreRefusedAtOnce) {
  for (size_t i = 0; i < limits::kMaxReaderQueue; ++i) Submit([] { return Progress::kDone; });
  EXPECT_THAT(refused_, ElementsAre());
  Submit([this] { return Log("one too many"); });
  EXPECT_THAT(refused_, ElementsAre(Code::kOverloaded));
  LetGoAndClose();
  EXPECT_THAT(ran_, ElementsAre());
}

TEST_F(ReaderPoolTest, OverItsBoundOfBytesJobsAreRefusedUntilSomeHaveRun) {
  const size_t half = limits::kMaxReaderQueueBytes / 2;
  std::promise<void> room, filled;
  Submit(
      [&] {
        room.set_value();
        filled.get_future().wait();
        return Progress::kDone;
      },
      0, half);
  Submit([this] { return Log("second"); }, 0, half);
  Submit([this] { return Log("one too many"); }, 0, 1);
  EXPECT_THAT(refused_, ElementsAre(Code::kOverloaded));
  go_.set_value();
  room.get_future().wait();
  Submit([this] { return Log("third"); }, 0, half);
  filled.set_value();
  pool_.Close();
  EXPECT_THAT(ran_, ElementsAre("second", "third"));
  EXPECT_THAT(refused_, ElementsAre(Code::kOverloaded));
}

TEST_F(ReaderPoolTest, AJobThatWaitedPastItsDeadlineIsRefusedButOneThatWasBegunGoesOn) {
  Submit([this] { return Log("late"); }, clock_.MonotonicNanos() + kNanosPerMilli);
  Submit(
      [this, slices = 0]() mutable {
        clock_.AdvanceMillis(10);
        return Log("begun", ++slices < 2 ? Progress::kMore : Progress::kDone);
      },
      clock_.MonotonicNanos() + 5 * kNanosPerMilli);
  clock_.AdvanceMillis(1);
  LetGoAndClose();
  EXPECT_THAT(ran_, ElementsAre("begun", "begun"));
  EXPECT_THAT(refused_, ElementsAre(Code::kDeadlineExceeded));
}

TEST_F(ReaderPoolTest, AfterCloseJobsAreRefused) {
  LetGoAndClose();
  Submit([this] { return Log("too late"); });
  EXPECT_THAT(refused_, ElementsAre(Code::kShuttingDown));
}

TEST(ReaderPoolOfMany, JobsRunAtTheSameTime) {
  const ManualClock clock;
  ReaderPool pool(&clock, 2);
  std::promise<void> a_runs, b_runs;
  // Each waits for the other to run.
  pool.Submit(std::make_unique<TestJob>(
      [&] {
        a_runs.set_value();
        b_runs.get_future().wait();
        return Progress::kDone;
      },
      MustNotRefuse));
  pool.Submit(std::make_unique<TestJob>(
      [&] {
        b_runs.set_value();
        a_runs.get_future().wait();
        return Progress::kDone;
      },
      MustNotRefuse));
  pool.Close();
}

}  // namespace
}  // namespace smile::testing
