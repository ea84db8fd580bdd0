// Engines used as the server uses them, from several threads: the observed history of each record
// (peeks, reads and scans concurrent with writes) must be linearizable. In the durable engine this
// covers the record cache, the readers and the committer.
#include <gtest/gtest.h>

#include <atomic>
#include <charconv>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "tests/simulation/linearizability.h"
#include "tests/storage/engine_contract.h"

namespace smile::testing {
namespace {

using Kind = HistoryOperation::Kind;
using Outcome = HistoryOperation::Outcome;

constexpr int kRounds = 120;
constexpr uint64_t kThreads = 4;
constexpr uint64_t kPosts = 2;  // of one author, so that scans see them together
constexpr int kOperationsEach = 14;

uint64_t NumberOf(ByteView value) {
  uint64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

class EngineHistoryTest : public ::testing::TestWithParam<EngineKind> {
 protected:
  // One thread's operations on all posts of an author.
  void Work(uint64_t author, uint64_t thread, uint64_t seed,
            std::vector<std::vector<HistoryOperation>>* histories) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < kOperationsEach; ++i) {
      const uint64_t post = random() % kPosts;
      HistoryOperation operation{.connection = thread + 1};
      operation.value = ++values_;
      operation.begin = ++moments_;
      Do(PostKey(author, post), random() % 8, &operation);
      operation.end = ++moments_;
      (*histories)[post].push_back(operation);
    }
  }

  void Do(const Key& key, uint64_t choice, HistoryOperation* operation) {
    BlockingEngine engine(engine_.get());
    operation->outcome = Outcome::kDone;
    if (choice < 2) return Write(&engine, key, Kind::kPut, operation);
    if (choice == 2) return Write(&engine, key, Kind::kPutIfAbsent, operation);
    if (choice == 3) return Write(&engine, key, Kind::kDelete, operation);
    operation->kind = Kind::kGet;
    operation->value = choice < 6 ? Get(&engine, key) : Scan(&engine, key);
  }

  static void Write(BlockingEngine* engine, const Key& key, Kind kind,
                    HistoryOperation* operation) {
    operation->kind = kind;
    const std::string value = std::to_string(operation->value);
    const WriteReply reply =
        kind == Kind::kDelete
            ? engine->Delete(key)
            : engine->Put(key, value, kind == Kind::kPutIfAbsent ? IfAbsent() : Always());
    if (reply.status.code() == Code::kConditionFailed) {
      operation->outcome = Outcome::kConditionFailed;
    } else {
      EXPECT_TRUE(reply.status.ok()) << reply.status.ToString();
    }
  }

  // Like the server: first without waiting.
  uint64_t Get(BlockingEngine* engine, const Key& key) {
    uint64_t seen = 0;
    const auto show = [&seen](const RecordView& record) { seen = NumberOf(record.value); };
    if (engine_->Peek(key.view(), show) != PeekResult::kUnknown) return seen;
    const Result<Record> record = engine->Get(key);
    return record.ok() ? NumberOf(record->value) : 0;
  }

  static uint64_t Scan(BlockingEngine* engine, const Key& key) {
    const Result<ScanPage> page = engine->PeekOrScan({.table = key.table,
                                                      .partition = key.partition,
                                                      .limit = kPosts,
                                                      .max_value_bytes = limits::kMaxValueBytes});
    EXPECT_TRUE(page.ok());
    for (size_t i = 0; i < page->size(); ++i) {
      if ((*page)[i].sort == key.sort) return NumberOf((*page)[i].record.value);
    }
    return 0;
  }

  Surroundings around_;
  const std::unique_ptr<Engine> engine_ = GetParam().make(&around_);
  std::atomic<uint64_t> moments_{0};
  std::atomic<uint64_t> values_{0};
};

TEST_P(EngineHistoryTest, ConcurrentHistoryIsLinearizable) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (uint64_t author = 0; author < kRounds; ++author) {
    using Histories = std::vector<std::vector<HistoryOperation>>;
    std::vector<Histories> by_thread(kThreads, Histories(kPosts));
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        Work(author, thread, seed + author * kThreads + thread, &by_thread[thread]);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (uint64_t post = 0; post < kPosts; ++post) {
      std::vector<HistoryOperation> history;
      for (const Histories& histories : by_thread) {
        history.insert(history.end(), histories[post].begin(), histories[post].end());
      }
      ASSERT_TRUE(IsLinearizable(history)) << ToText(history);
    }
  }
  engine_->Close();
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineHistoryTest, ::testing::ValuesIn(AllEngines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace smile::testing
