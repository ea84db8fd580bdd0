#include "bench/smilebench/load.h"
#include "base/check.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/hash.h"
#include "bench/smilebench/loader.h"
#include "bench/smilebench/workload.h"
#include "client/blocking.h"
#include "client/client.h"
#include "server/server.h"
#include "storage/memory_engine.h"
#include "tests/support/memory_server.h"

namespace smile::bench {
namespace {

// A server of this process, on memory, and the options to load it.
class LoadTest : public ::testing::Test {
 protected:
  LoadTest() {
    server_ = ServeOnLoopback(engine_, services_, server_clock_, log_);
    options_.target.endpoint = server_->listening_on();
    options_.connections = 3;
    options_.depth = 4;
    options_.keys = 50;
    options_.threads = 2;
    options_.operations = 2'000;
  }
  ~LoadTest() override {
    engine_.Close();
    server_.reset();
  }

  Results Run() {
    Result<Results> results = RunLoad(options_, client_clock_, hooks_);
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? std::move(results).value() : Results();
  }

  // Over one more connection, which the first call makes.
  uint64_t Stat(std::string_view name) {
    if (client_ == nullptr)
      client_ = Client::Create({.servers = {server_->listening_on()}}).value();
    const auto answer = BlockingClient(client_.get()).Call<op::Stats>({});
    EXPECT_TRUE(answer.ok());
    for (const op::Stat& stat : answer->stats) {
      if (stat.name == name) return stat.value;
    }
    ADD_FAILURE() << "there is no " << name;
    return 0;
  }

  const SystemClock server_clock_;
  const Logger log_{LogLevel::kOff};
  const SystemClock client_clock_;
  MemoryEngine engine_{&server_clock_, MemoryEngine::Answers::kOnThread};
  MemoryServices services_{engine_, server_clock_};
  std::unique_ptr<Server> server_;
  BenchOptions options_;
  LoadHooks hooks_ = {.show_progress = [](const std::string&) {},
                      .interrupted = [] { return false; }};
  std::unique_ptr<Client> client_;
};

TEST_F(LoadTest, EveryWorkloadSucceedsWithTheGivenOperations) {
  for (const WorkloadInfo& workload : kWorkloads) {
    if (workload.photos) continue;
    SCOPED_TRACE(workload.name);
    options_.workload = workload.kind;
    options_.distribution = workload.distribution;
    options_.keys = 250;
    const Results results = Run();
    EXPECT_EQ(results.operations, 2'000u);
    EXPECT_EQ(results.failures(), 0u) << results.first_error.ToString();
    EXPECT_EQ(results.reads.count() > 0, workload.read_percent > 0);
    EXPECT_EQ(results.writes.count() > 0, workload.read_percent < 100);
    EXPECT_FALSE(results.lost);
    EXPECT_GT(results.seconds, 0);
  }
}

TEST_F(LoadTest, PhotosAreWrittenOnceAndReadBack) {
  options_.threads = 1;
  options_.preloaded = true;
  options_.operations = 50;  // all of them
  for (const WorkloadKind kind : {WorkloadKind::kPhotoPut, WorkloadKind::kPhotoGet}) {
    options_.workload = kind;
    EXPECT_EQ(Run().operations, 50u);
  }
}

TEST_F(LoadTest, ScanWorkloadsUseDisjointAuthors) {
  for (const WorkloadKind kind :
       {WorkloadKind::kScan, WorkloadKind::kYcsbE, WorkloadKind::kScan, WorkloadKind::kYcsbE}) {
    options_.workload = kind;
    EXPECT_EQ(Run().failures(), 0u);
  }
}

TEST_F(LoadTest, TimedRunEnds) {
  options_.operations = 0;
  options_.seconds = 0.05;
  const Results results = Run();
  EXPECT_GT(results.operations, 0u);
  EXPECT_GE(results.seconds, 0.05);
}

TEST_F(LoadTest, TruncatedScansOfLargeValuesAreRight) {
  options_.workload = WorkloadKind::kScan;
  options_.value_bytes = 100'000;
  options_.operations = 20;
  const Results results = Run();
  EXPECT_EQ(results.operations, 20u);
  EXPECT_EQ(results.failures(), 0u);
}

TEST_F(LoadTest, OpenLoopSendsDueOperations) {
  options_.rate = 100'000;
  const Results results = Run();
  EXPECT_EQ(results.operations, 2'000u);
  EXPECT_EQ(results.failures(), 0u);
  EXPECT_GE(results.seconds, 0.019);
}

TEST_F(LoadTest, MissingServerIsUnavailable) {
  server_->BeginDrain();
  while (!server_->drained()) {
  }
  engine_.Close();
  server_.reset();
  const Result<Results> results = RunLoad(options_, client_clock_, hooks_);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.status().code(), Code::kUnavailable);
}

TEST_F(LoadTest, PreloadedRecordsAreNotWritten) {
  options_.preloaded = true;
  EXPECT_EQ(Run().errors.at(Code::kNotFound), 2'000u);
  options_.preloaded = false;
  EXPECT_EQ(Run().failures(), 0u);
  options_.preloaded = true;
  EXPECT_EQ(Run().failures(), 0u);
}

TEST_F(LoadTest, IdleConnectionsStayOpenDuringTheRun) {
  options_.idle_connections = 7;
  Result<std::unique_ptr<Loader>> loader = Loader::Create(options_, 1, &client_clock_);
  ASSERT_TRUE(loader.ok());
  EXPECT_EQ((*loader)->connections(), 1u + 3u);  // of two threads'
  Phase phase;
  phase.operations = (*loader)->connections();
  EXPECT_EQ((*loader)->Begin(phase).get().operations, 4u);
  EXPECT_EQ(Stat("server.requests.ping_count"), 4u);
  phase.kind = Phase::Kind::kPreload;
  phase.operations = (*loader)->preload_operations();
  EXPECT_EQ((*loader)->Begin(phase).get().failures(), 0u);
  EXPECT_EQ(Stat("server.connections.open_count"), 4u + 1u);  // with that of Stat
}

TEST_F(LoadTest, MissingServerProcessIsRejected) {
  options_.server_pid = int64_t{1} << 40;
  const Result<Results> results = RunLoad(options_, client_clock_, hooks_);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.status().code(), Code::kInvalid);
}

TEST_F(LoadTest, InterruptedLoadReturnsResultsSoFar) {
  options_.operations = 0;
  options_.seconds = 1e6;
  bool measuring = false;
  int polls = 0;
  hooks_.show_progress = [&](const std::string& line) {
    measuring = measuring || line.starts_with("get: ");
  };
  hooks_.interrupted = [&] { return ++polls > 10'000 || measuring; };
  const Results results = Run();
  EXPECT_TRUE(results.interrupted);
  EXPECT_GT(results.operations, 0u);
  EXPECT_EQ(results.reads.count(), results.operations + results.unanswered.in_flight);
}

TEST_F(LoadTest, LoadInterruptedBeforeMeasuringHasNoResults) {
  hooks_.interrupted = [] { return true; };
  const Results results = Run();
  EXPECT_TRUE(results.interrupted);
  EXPECT_EQ(results.operations, 0u);
  EXPECT_EQ(results.reads.count(), 0u);
}

// The phases one by one, on a clock that the test moves.
class LoaderTest : public LoadTest {
 protected:
  LoaderTest() {
    options_.threads = 1;
    Connect();
  }
  ~LoaderTest() override { loader_.reset(); }

  void Connect() {
    Result<std::unique_ptr<Loader>> made = Loader::Create(options_, 0, &clock_);
    CHECK(made.ok());
    loader_ = std::move(made).value();
    EXPECT_EQ(Finish(Phase::Kind::kConnect, options_.connections).failures(), 0u);
  }

  Results Finish(Phase::Kind kind, uint64_t operations) {
    return loader_
        ->Begin({.kind = kind, .operations = operations, .start_nanos = clock_.MonotonicNanos()})
        .get();
  }
  // Connects, writes the records, and begins a run of one second with an operation due after each
  // interval. The first of them is answered.
  std::future<Results> BeginOpenLoop(double interval_millis) {
    Connect();
    EXPECT_EQ(Finish(Phase::Kind::kPreload, options_.keys).failures(), 0u);
    Phase phase;
    phase.kind = Phase::Kind::kRun;
    phase.start_nanos = clock_.MonotonicNanos();
    phase.end_nanos = phase.start_nanos + 1'000 * kNanosPerMilli;
    phase.interval_nanos = interval_millis * kNanosPerMilli;
    std::future<Results> future = loader_->Begin(phase);
    while (loader_->answered() < 1) std::this_thread::yield();
    return future;
  }
  void Overwrite(uint64_t number, const Bytes& value) {
    const Key key = UserKey(number, "bench");
    MutationView put;
    put.sort = key.sort;
    put.checksum = Hash64(value);
    put.value = value;
    std::promise<WriteReply> reply;
    engine_.Write(WriteRequest(key.view().partition_view(), {put}, 0),
                  [&](WriteReply answer) { reply.set_value(std::move(answer)); });
    EXPECT_TRUE(reply.get_future().get().status.ok());
  }

  // How many values the loader has made, by those that are there.
  uint64_t LastGeneration() {
    uint64_t last = 0;
    for (uint64_t number = 0; number < options_.keys; ++number) {
      engine_.Peek(UserKey(number, "bench").view(), [&](const RecordView& record) {
        last = std::max(last, LoadLittle<uint64_t>(record.value.data() + sizeof(uint64_t)));
      });
    }
    return last;
  }

  ManualClock clock_;
  std::unique_ptr<Loader> loader_;
};

TEST_F(LoaderTest, MissingRecordIsAnError) {
  const Results results = Finish(Phase::Kind::kRun, 10);
  EXPECT_EQ(results.operations, 0u);
  EXPECT_EQ(results.failures(), 10u);
  EXPECT_EQ(results.errors.at(Code::kNotFound), 10u);
}

TEST_F(LoaderTest, WrongValueIsAnError) {
  EXPECT_EQ(loader_->preload_operations(), options_.keys);
  EXPECT_EQ(Finish(Phase::Kind::kPreload, options_.keys).operations, options_.keys);
  EXPECT_EQ(Finish(Phase::Kind::kRun, 100).failures(), 0u);
  Bytes value;
  for (uint64_t number = 0; number < options_.keys; ++number) {
    MakeValue(number + 1, 0, options_.value_bytes, &value);
    Overwrite(number, value);
  }
  const Results results = Finish(Phase::Kind::kRun, 100);
  EXPECT_EQ(results.wrong_values, 100u);
  EXPECT_EQ(results.operations, 0u);
}

TEST_F(LoaderTest, OpenLoopLatencyCountsFromTheDueTime) {
  EXPECT_EQ(Finish(Phase::Kind::kPreload, options_.keys).failures(), 0u);
  Phase phase;
  phase.kind = Phase::Kind::kRun;
  phase.operations = 10;
  phase.start_nanos = clock_.MonotonicNanos();
  phase.interval_nanos = 100.0 * kNanosPerMilli;
  std::future<Results> future = loader_->Begin(phase);
  while (loader_->answered() < 1) std::this_thread::yield();
  clock_.AdvanceMillis(950);  // a stall: nine were due meanwhile
  loader_->SendDue();
  const Results results = future.get();
  EXPECT_EQ(results.reads.count(), 10u);
  EXPECT_EQ(results.reads.min(), 0u);
  EXPECT_EQ(results.reads.max(), uint64_t{850} * kNanosPerMilli);
  EXPECT_NEAR(results.reads.mean(), 405.0 * kNanosPerMilli, kNanosPerMilli);
}

TEST_F(LoaderTest, UnsentOperationsAreInTheLatencies) {
  options_.connections = 1;
  options_.depth = 1;
  std::future<Results> future = BeginOpenLoop(/*interval_millis=*/100.0);
  clock_.AdvanceMillis(5'000);  // past the end; one more fits on the connection
  loader_->SendDue();
  const Results results = future.get();
  EXPECT_EQ(results.operations, 2u);
  EXPECT_EQ(results.unanswered.never_sent, 8u);
  // Answered: 0 and 4.9 s; never sent: those due at 200 ms, 300 ms, ... 900 ms.
  EXPECT_EQ(results.reads.count(), 10u);
  EXPECT_EQ(results.reads.max(), uint64_t{4'900} * kNanosPerMilli);
  EXPECT_NEAR(results.reads.mean(), 4'050.0 * kNanosPerMilli, 5.0 * kNanosPerMilli);
  EXPECT_NEAR(static_cast<double>(results.reads.Percentile(50)), 4'400.0 * kNanosPerMilli,
              44.0 * kNanosPerMilli);
}

TEST_F(LoaderTest, UnsentOperationsAreDividedLikeTheWorkload) {
  options_.connections = 1;
  options_.depth = 1;
  options_.workload = WorkloadKind::kYcsbA;
  std::future<Results> future = BeginOpenLoop(/*interval_millis=*/1.0);
  clock_.AdvanceMillis(1'000);
  loader_->SendDue();
  const Results results = future.get();
  EXPECT_EQ(results.unanswered.never_sent, 1'000 - results.operations);
  EXPECT_EQ(results.reads.count() + results.writes.count(), 1'000u);
  EXPECT_NEAR(static_cast<double>(results.reads.count()), 500, 2);
}

TEST_F(LoaderTest, OperationsInFlightAtTheCutAreInTheLatencies) {
  EXPECT_EQ(Finish(Phase::Kind::kPreload, options_.keys).failures(), 0u);
  std::future<Results> future =
      loader_->Begin({.kind = Phase::Kind::kRun, .start_nanos = clock_.MonotonicNanos()});
  while (loader_->answered() < 100) std::this_thread::yield();
  loader_->Cut();
  const Results results = future.get();
  const uint64_t slots = uint64_t{options_.connections} * options_.depth;
  EXPECT_EQ(results.unanswered.in_flight, slots);
  EXPECT_EQ(results.reads.count(), results.operations + slots);
  EXPECT_GE(results.operations, 100u);
}

TEST_F(LoaderTest, LongestStallIsMeasured) {
  options_.connections = 1;
  options_.depth = 1;
  Connect();
  EXPECT_EQ(Finish(Phase::Kind::kPreload, options_.keys).longest_stall_nanos, 0);
  Phase phase;
  phase.kind = Phase::Kind::kRun;
  phase.operations = 3;
  phase.start_nanos = clock_.MonotonicNanos();
  phase.interval_nanos = 100.0 * kNanosPerMilli;
  std::future<Results> future = loader_->Begin(phase);
  for (const uint64_t answered : {1, 2}) {
    while (loader_->answered() < answered) std::this_thread::yield();
    clock_.AdvanceMillis(answered == 1 ? 700 : 300);
    loader_->SendDue();
  }
  EXPECT_EQ(future.get().longest_stall_nanos, 700 * kNanosPerMilli);
}

TEST_F(LoaderTest, ReadModifyWriteIsOneWrite) {
  options_.workload = WorkloadKind::kYcsbF;
  Connect();
  EXPECT_EQ(Finish(Phase::Kind::kPreload, options_.keys).failures(), 0u);
  const Results results = Finish(Phase::Kind::kRun, 1'000);
  EXPECT_EQ(results.failures(), 0u);
  EXPECT_EQ(results.operations, 1'000u);
  EXPECT_NEAR(static_cast<double>(results.writes.count()), 500, 100);
  EXPECT_EQ(LastGeneration(), options_.keys + results.writes.count());
}

TEST_F(LoaderTest, FailedReadIsNotFollowedByAWrite) {
  options_.workload = WorkloadKind::kYcsbF;
  Connect();
  EXPECT_EQ(Finish(Phase::Kind::kRun, 100).errors.at(Code::kNotFound), 100u);
  EXPECT_EQ(LastGeneration(), 0u);
}

TEST_F(LoaderTest, LostConnectionEndsThePhase) {
  options_.operations = 0;
  std::future<Results> future = loader_->Begin({.kind = Phase::Kind::kRun});
  while (loader_->answered() < 100) std::this_thread::yield();
  // A connection that ends between an answer and the next request costs nothing and is made anew.
  do {
    server_->AbortConnections();
  } while (future.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready);
  const Results results = future.get();
  EXPECT_TRUE(results.lost);
  EXPECT_GT(results.failures(), 0u);
  EXPECT_GT(results.unanswered.lost, 0u);
  EXPECT_EQ(results.reads.count(), results.operations + results.unanswered.lost);
}

}  // namespace
}  // namespace smile::bench
