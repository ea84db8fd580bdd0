#include "storage/rocks/gathered_reads.h"

#include <pthread.h>
#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "base/limits.h"
#include "tests/storage/counting_file_system.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;

// Keeps a reader until it is let go.
class Hold final : public ReaderPool::Job {
 public:
  Hold(std::promise<void> held, std::future<void> let_go)
      : Job({}), held_(std::move(held)), let_go_(std::move(let_go)) {}
  Progress Run() override {
    held_.set_value();
    let_go_.wait();
    return Progress::kDone;
  }
  void Refuse(Status) override {}

 private:
  std::promise<void> held_;
  const std::future<void> let_go_;
};

// Walks until it is told to end, and counts its slices.
class EndlessWalk final : public ReaderPool::Job {
 public:
  EndlessWalk(uint64_t source, std::atomic<int>* slices, const std::atomic<bool>* end)
      : Job({.source = source}), slices_(slices), end_(end) {}
  Progress Run() override {
    ++*slices_;
    return *end_ ? Progress::kDone : Progress::kMore;
  }
  void Refuse(Status) override {}

 private:
  std::atomic<int>* const slices_;
  const std::atomic<bool>* const end_;
};

// An engine with one reader, which does nothing until LetGo().
class GatheredReadsTest : public RocksTest {
 protected:
  GatheredReadsTest() {
    options_.readers = 1;
    options_.record_cache_bytes = 0;
    Open();
    for (uint64_t user = 1; user <= 100; ++user) {
      EXPECT_TRUE(engine().Put(UserKey(user, "a"), std::to_string(user)).status.ok());
    }
  }
  ~GatheredReadsTest() override { LetGo(); }

  void HoldReader() {
    let_go_ = std::promise<void>();
    held_ = true;
    std::promise<void> held;
    const std::future<void> is_held = held.get_future();
    RocksSeams::Readers(engine_.get())
        ->Submit(std::make_unique<Hold>(std::move(held), let_go_.get_future()));
    is_held.wait();
  }
  void LetGo() {
    if (std::exchange(held_, false)) let_go_.set_value();
  }

  using Answer = std::future<Result<ReadReply>>;
  Answer Read(ReadRequest request) {
    auto promise = std::make_shared<std::promise<Result<ReadReply>>>();
    engine_->Read(std::move(request),
                  [promise](Result<ReadReply> reply) { promise->set_value(std::move(reply)); });
    return promise->get_future();
  }
  Answer ReadUser(uint64_t user, int64_t deadline_nanos = 0) {
    return Read({.keys = {UserKey(user, "a")}, .call = {.deadline_nanos = deadline_nanos}});
  }
  static std::string ValueOf(Answer& answer) {
    const Result<ReadReply> reply = answer.get();
    if (!reply.ok()) return std::string(InfoOf(reply.status().code()).name);
    std::string values;
    for (const Result<Record>& record : *reply) {
      values += record.ok() ? record->value : InfoOf(record.status().code()).name;
      values += ' ';
    }
    return values;
  }

  std::promise<void> let_go_;
  bool held_ = false;
};

TEST_F(GatheredReadsTest, WaitingReadsShareOneBatchAndOneFetchPerKey) {
  HoldReader();
  std::vector<Answer> answers;
  for (const uint64_t user : {1, 2, 1, 3, 1}) answers.push_back(ReadUser(user));
  answers.push_back(Read({.keys = {UserKey(2, "a"), UserKey(99, "a"), UserKey(2, "a")}}));
  answers.push_back(ReadUser(1000));
  LetGo();
  std::vector<std::string> values;
  values.reserve(answers.size());
  for (Answer& answer : answers) values.push_back(ValueOf(answer));
  EXPECT_THAT(values, ElementsAre("1 ", "2 ", "1 ", "3 ", "1 ", "2 99 2 ", "not_found "));
  EXPECT_EQ(engine().Stat("storage.readers.reads_count"), 7u);
  EXPECT_EQ(engine().Stat("storage.readers.batches_count"), 1u);
  EXPECT_EQ(engine().Stat("storage.readers.fetched_keys_count"), 5u);
}

TEST_F(GatheredReadsTest, StatisticsDoNotWaitForReads) {
  HoldReader();
  Answer waits = ReadUser(1);
  EXPECT_EQ(engine().Stat("storage.readers.waiting_count"), 2u);  // the read, and the job for it
  LetGo();
  EXPECT_EQ(ValueOf(waits), "1 ");
}

TEST_F(GatheredReadsTest, ReadOfACallerThatLeftDoesNotBegin) {
  HoldReader();
  const auto caller = std::make_shared<Caller>();
  Answer of_one_gone = Read({.keys = {UserKey(1, "a")}, .call = {.caller = caller}});
  Answer of_another = ReadUser(2);
  caller->Go();
  LetGo();
  EXPECT_EQ(ValueOf(of_one_gone), "unavailable");
  EXPECT_EQ(ValueOf(of_another), "2 ");
  EXPECT_EQ(engine().Stat("storage.readers.fetched_keys_count"), 1u);
}

// Every look that a reader takes at it takes a millisecond. (Others look too, and how often is no
// business of this test.)
class TickingClock final : public Clock {
 public:
  int64_t MonotonicNanos() const override {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof(name));
    return std::string_view(name) == "smile-reader" ? now_nanos_ += kNanosPerMilli
                                                    : now_nanos_.load();
  }
  int64_t WallMillis() const override { return 1; }

 private:
  mutable std::atomic<int64_t> now_nanos_{0};
};

TEST_F(GatheredReadsTest, ReadPastItsDeadlineStops) {
  Close();
  const TickingClock clock;
  Result<std::unique_ptr<RocksEngine>> opened =
      RocksSeams::Open(options_, &clock, &around_.log, env_.get());
  ASSERT_TRUE(opened.ok());
  engine_ = std::move(opened).value();
  std::vector<Key> many;
  for (uint64_t user = 1; user <= 1'000; ++user) many.push_back(UserKey(user, "b"));
  const int64_t soon = clock.MonotonicNanos() + 10 * kNanosPerMilli;
  Answer late = Read({.keys = many, .call = {.deadline_nanos = soon}});
  EXPECT_EQ(ValueOf(late), "deadline_exceeded");
  EXPECT_GT(engine().Stat("storage.readers.fetched_keys_count"), 0u);
  EXPECT_LE(engine().Stat("storage.readers.fetched_keys_count"), 10 * 32u);
  Close();
}

TEST_F(GatheredReadsTest, BatchSizeIsThatOfMultiGet) {
  HoldReader();
  std::vector<Answer> answers;
  for (uint64_t user = 1; user <= 70; ++user) answers.push_back(ReadUser(user));
  std::vector<Key> many;
  for (uint64_t user = 1; user <= 100; ++user) many.push_back(UserKey(user, "a"));
  Answer of_many = Read({.keys = many});
  LetGo();
  for (uint64_t user = 1; user <= 70; ++user) {
    EXPECT_EQ(ValueOf(answers[user - 1]), std::to_string(user) + " ");
  }
  EXPECT_THAT(ValueOf(of_many), ::testing::EndsWith(" 99 100 "));
  EXPECT_EQ(engine().Stat("storage.readers.batches_count"), 4u);  // 32, 32, 6, and the hundred
}

TEST_F(GatheredReadsTest, ReadThatWaitsPastItsDeadlineIsRejected) {
  HoldReader();
  Answer late = ReadUser(1, around_.clock.MonotonicNanos() + kNanosPerMilli);
  Answer in_time = ReadUser(2, around_.clock.MonotonicNanos() + 2 * kNanosPerMilli);
  around_.clock.AdvanceMillis(1);
  LetGo();
  EXPECT_EQ(ValueOf(late), "deadline_exceeded");
  EXPECT_EQ(ValueOf(in_time), "2 ");
}

TEST_F(GatheredReadsTest, TooManyWaitingReadsAreRejected) {
  HoldReader();
  std::vector<Answer> answers;
  for (size_t i = 0; i < limits::kMaxReaderQueue; ++i) answers.push_back(ReadUser(1));
  Answer refused = ReadUser(1);
  EXPECT_EQ(ValueOf(refused), "overloaded");
  LetGo();
  for (Answer& answer : answers) ASSERT_EQ(ValueOf(answer), "1 ");
}

TEST_F(GatheredReadsTest, TooManyWaitingBytesAreRejected) {
  HoldReader();
  const int64_t deadline = around_.clock.MonotonicNanos() + kNanosPerMilli;
  const std::string sort(limits::kMaxNameBytes, 's');
  const ReadRequest large = {.keys = std::vector<Key>(limits::kMaxMGetKeys, UserKey(1, sort)),
                             .call = {.deadline_nanos = deadline}};
  const size_t least_bytes = large.keys.size() * sort.size();
  std::vector<Answer> answers;
  for (size_t bytes = 0; bytes <= limits::kMaxReaderQueueBytes; bytes += least_bytes) {
    answers.push_back(Read(large));
  }
  EXPECT_EQ(ValueOf(answers.back()), "overloaded");
  around_.clock.AdvanceMillis(1);  // so that they need not be read
  LetGo();
  EXPECT_EQ(ValueOf(answers.front()), "deadline_exceeded");
  EXPECT_EQ(Read({.keys = {UserKey(1, "a")}}).get()->front()->value, "1");
}

TEST_F(GatheredReadsTest, ReadDoesNotWaitForEndlessWalks) {
  std::atomic<int> slices{0};
  std::atomic<bool> end{false};
  HoldReader();
  for (uint64_t source = 1; source <= 100; ++source) {
    RocksSeams::Readers(engine_.get())
        ->Submit(std::make_unique<EndlessWalk>(source, &slices, &end));
  }
  std::promise<int> slices_before;
  engine_->Read({.keys = {UserKey(1, "a")}, .call = {.source = 101}},
                [&](const Result<ReadReply>& reply) {
                  EXPECT_TRUE(reply.ok());
                  slices_before.set_value(slices);
                });
  LetGo();
  EXPECT_LE(slices_before.get_future().get(), static_cast<int>(limits::kWalkSlicesPerPointTurn));
  end = true;
  engine_->Close();  // while what the walks look at is still there
}

// Small values of one source do not wait for every large one of another.
TEST_F(GatheredReadsTest, SourcesTakeTurnsByTheBytesOfTheirValues) {
  constexpr uint64_t kLarge = 1, kSmall = 2;
  const Key large = UserKey(1, "large");
  ASSERT_TRUE(engine().Put(large, std::string(100'000, 'l')).status.ok());
  std::vector<uint64_t> answered;
  std::promise<void> all;
  const auto read = [&](uint64_t source, const Key& key) {
    engine_->Read({.keys = {key}, .call = {.source = source}}, [&, source](const auto& reply) {
      EXPECT_TRUE(reply.ok());
      answered.push_back(source);
      if (answered.size() == 192) all.set_value();
    });
  };
  HoldReader();
  for (int i = 0; i < 96; ++i) read(kLarge, large);
  for (int i = 0; i < 96; ++i) read(kSmall, UserKey(1, "a"));
  LetGo();
  all.get_future().wait();
  const auto first = answered.begin();
  EXPECT_EQ(std::count(first, first + 128, kLarge), 32) << "its first turn";
}

TEST_F(GatheredReadsTest, WaitingReadsAreRejectedOnClose) {
  HoldReader();
  std::vector<Answer> answers;
  for (uint64_t user = 1; user <= 100; ++user) answers.push_back(ReadUser(user));
  std::thread closing([this] { engine_->Close(); });
  while (!RocksSeams::Readers(engine_.get())->closing()) std::this_thread::yield();
  LetGo();
  for (Answer& answer : answers) EXPECT_EQ(ValueOf(answer), "shutting_down");
  closing.join();
}

// Each read has its own room for values, also where it shares a fetch.
TEST_F(GatheredReadsTest, ValuesThatDoNotFitAreOmittedPerRead) {
  const Key large = UserKey(1, "large"), larger = UserKey(1, "larger");
  ASSERT_TRUE(engine().Put(large, std::string(1000, 'l')).status.ok());
  ASSERT_TRUE(engine().Put(larger, std::string(2000, 'l')).status.ok());
  HoldReader();
  Answer small = Read({.keys = {large, larger, UserKey(1, "a")}, .max_value_bytes = 1500});
  Answer all = Read({.keys = {large, larger, UserKey(1, "a")}});
  Answer one = Read({.keys = {larger, UserKey(7, "a")}, .max_value_bytes = 1});
  LetGo();
  EXPECT_EQ(ValueOf(small), std::string(1000, 'l') + " too_large too_large ");
  EXPECT_EQ(ValueOf(all), std::string(1000, 'l') + " " + std::string(2000, 'l') + " 1 ");
  EXPECT_EQ(ValueOf(one), std::string(2000, 'l') + " too_large ");
}

// What is read of the disk for a reply that large values fill soon.
class LargeValuesTest : public RocksTest {
 protected:
  static constexpr size_t kKeys = 32;
  static constexpr size_t kValueBytes = 500'000;

  LargeValuesTest() { options_.block_cache_bytes = 1 << 20; }  // keeps none of them

  void Begin(Table table, const std::string& ending) {
    counting_ = std::make_shared<CountingFileSystem>(ending);
    counting_env_ = rocksdb::NewCompositeEnv(counting_);
    options_.record_cache_bytes = 0;
    auto opened = RocksSeams::Open(options_, &around_.clock, &around_.log, counting_env_.get());
    ASSERT_TRUE(opened.ok());
    engine_ = std::move(opened).value();
    for (uint32_t i = 0; i < kKeys; ++i) {
      ASSERT_TRUE(engine().Put(KeyOf(table, i), std::string(kValueBytes, 'v')).status.ok());
    }
    Flush(table);
  }
  static Key KeyOf(Table table, uint32_t i) {
    return table == Table::kBlobs ? BlobKey(std::string(16, 'b'), BlobPart::kChunk, i)
                                  : UserKey(i, "a");
  }
  // How many bytes are read of the files for a reply that holds two of the values.
  uint64_t BytesRead(Table table) {
    ReadRequest request{.keys = {}, .max_value_bytes = 2 * kValueBytes};
    for (uint32_t i = 0; i < kKeys; ++i) request.keys.push_back(KeyOf(table, i));
    std::promise<Result<ReadReply>> promise;
    counting_->bytes = 0;
    engine_->Read(std::move(request),
                  [&](Result<ReadReply> reply) { promise.set_value(std::move(reply)); });
    const Result<ReadReply> reply = promise.get_future().get();
    EXPECT_TRUE(reply.ok());
    for (size_t i = 0; i < kKeys; ++i) {
      EXPECT_EQ((*reply)[i].status().code(), i < 2 ? Code::kOk : Code::kTooLarge) << i;
    }
    return counting_->bytes;
  }

  std::shared_ptr<CountingFileSystem> counting_;
  std::unique_ptr<rocksdb::Env> counting_env_;
};

TEST_F(LargeValuesTest, FewBlobsAreReadInVain) {
  Begin(Table::kBlobs, ".blob");
  const uint64_t bytes = BytesRead(Table::kBlobs);
  EXPECT_GE(bytes, 2 * kValueBytes);
  EXPECT_LE(bytes, limits::kMaxFetchValueBytes + kValueBytes);
  Close();
}

TEST_F(LargeValuesTest, BlobsAreNotKeptInACache) {
  options_.block_cache_bytes = size_t{64} << 20;  // would keep all of them
  Begin(Table::kBlobs, ".blob");
  const uint64_t before = engine().Stat("storage.block_cache_bytes");
  for (int i = 0; i < 3; ++i) EXPECT_GE(BytesRead(Table::kBlobs), 2 * kValueBytes);
  EXPECT_LT(engine().Stat("storage.block_cache_bytes"), before + kValueBytes);
  Close();
}

// Of a connection that holds much and has no room; one that holds little is read for.
TEST_F(LargeValuesTest, ReadThatWouldBeRejectedIsNotDone) {
  Begin(Table::kUsers, ".sst");
  (void)BytesRead(Table::kUsers);  // so their size is known
  MemoryBudget budget(2 * kValueBytes);
  const auto status_of_get = [&](size_t held) {
    budget.Take(held);
    const auto account = std::make_shared<MemoryAccount>(&budget);
    account->set_own(held);
    std::promise<Result<ReadReply>> promise;
    engine_->Read({.keys = {KeyOf(Table::kUsers, 0)},
                   .call = {.memory = std::make_shared<ReadMemory>(account)}},
                  [&](Result<ReadReply> reply) { promise.set_value(std::move(reply)); });
    const Code code = (*promise.get_future().get())[0].status().code();
    budget.Give(held);
    return code;
  };
  const auto fetched = [&] { return engine().Stat("storage.readers.fetched_keys_count"); };
  const uint64_t before = fetched();
  EXPECT_EQ(status_of_get(kValueBytes), Code::kOverloaded);
  EXPECT_EQ(fetched(), before);
  EXPECT_EQ(status_of_get(0), Code::kOverloaded) << "there is not so much of it left either";
  EXPECT_EQ(fetched(), before + 1);
  Close();
}

TEST_F(LargeValuesTest, ValueSizeIsLearnedFromTheFirstRead) {
  Begin(Table::kUsers, ".sst");
  (void)BytesRead(Table::kUsers);
  EXPECT_LE(BytesRead(Table::kUsers), limits::kMaxFetchValueBytes + kValueBytes);
  Close();
}

}  // namespace
}  // namespace smile::testing
