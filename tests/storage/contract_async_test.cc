// The contract of storage/engine.h for deadlines, closing, and many threads at once.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "tests/storage/engine_contract.h"

namespace smile::testing {
namespace {

class AsyncContract : public EngineContract {};
SMILE_CONTRACT_SUITE(AsyncContract);

TEST_P(AsyncContract, WorkPastItsDeadlineDoesNotBegin) {
  const Key key = UserKey(1, "a");
  const int64_t over = clock().MonotonicNanos();
  EXPECT_EQ(blocking_.Write(key.view().partition_view(), {PutOf("a", "v")}, over).status.code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(blocking_.Value(key), "(not_found)");
  EXPECT_EQ(blocking_.Read({.keys = {key}, .call = {.deadline_nanos = over}}).status().code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(blocking_
                .Scan({.table = Table::kUsers,
                       .partition = key.partition,
                       .limit = 1,
                       .call = {.deadline_nanos = over}})
                .status()
                .code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(blocking_.List({.table = Table::kUsers, .limit = 1, .call = {.deadline_nanos = over}})
                .status()
                .code(),
            Code::kDeadlineExceeded);
  EXPECT_TRUE(
      blocking_.Write(key.view().partition_view(), {PutOf("a", "v")}, over + 1).status.ok());
}

TEST_P(AsyncContract, NothingIsReadForACallerThatLeft) {
  const Key key = UserKey(1, "a");
  ASSERT_TRUE(blocking_.Put(key, "v").status.ok());
  const auto caller = std::make_shared<Caller>();
  const auto code_of_scan = [&] {
    return blocking_
        .Scan({.table = Table::kPosts,
               .partition = PartitionOf(1),
               .limit = 1,
               .call = {.caller = caller}})
        .status()
        .code();
  };
  const auto code_of_list = [&] {
    return blocking_.List({.table = Table::kUsers, .limit = 1, .call = {.caller = caller}})
        .status()
        .code();
  };
  const auto code_of_read = [&] {
    return blocking_.Read({.keys = {key}, .call = {.caller = caller}}).status().code();
  };
  for (const auto& leave : {std::function([] {}), std::function([&] { caller->Leave(); })}) {
    leave();
    EXPECT_EQ(code_of_scan(), Code::kOk);
    EXPECT_EQ(code_of_list(), Code::kOk);
    EXPECT_EQ(code_of_read(), Code::kOk);
  }
  caller->Go();
  EXPECT_EQ(code_of_scan(), Code::kUnavailable);
  EXPECT_EQ(code_of_list(), Code::kUnavailable);
  EXPECT_EQ(code_of_read(), Code::kUnavailable);
}

TEST_P(AsyncContract, StatisticsAreSortedByName) {
  ASSERT_TRUE(blocking_.Put(UserKey(1, "a"), "v").status.ok());
  const EngineStats stats = blocking_.Stats();
  ASSERT_FALSE(stats.empty());
  uint64_t writes = 0;
  for (size_t i = 0; i < stats.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(stats[i - 1].first, stats[i].first);
    }
    if (stats[i].first.ends_with("writes_count")) writes += stats[i].second;
  }
  EXPECT_EQ(writes, 1u);
}

TEST_P(AsyncContract, CloseFinishesWritesAndRejectsLaterCalls) {
  constexpr int kWrites = 200;
  std::atomic<int> written{0}, read{0};
  for (int i = 0; i < kWrites; ++i) {
    const Key key = UserKey(static_cast<uint64_t>(i), "a");
    engine_->Write(WriteRequest(key.view().partition_view(), {PutOf("a", "v")}, 0),
                   [&](WriteReply reply) { written += reply.status.ok() ? 1 : 0; });
    engine_->Read({.keys = {key}}, [&](Result<ReadReply> reply) {
      read += reply.ok() || reply.status().code() == Code::kShuttingDown ? 1 : 0;
    });
  }
  engine_->Close();
  EXPECT_EQ(written, kWrites);
  EXPECT_EQ(read, kWrites);

  const Key key = UserKey(1, "a");
  EXPECT_EQ(blocking_.Put(key, "late").status.code(), Code::kShuttingDown);
  EXPECT_EQ(blocking_.Get(key).status().code(), Code::kShuttingDown);
  EXPECT_EQ(blocking_.Scan({.table = Table::kUsers, .partition = key.partition, .limit = 1})
                .status()
                .code(),
            Code::kShuttingDown);
  EXPECT_EQ(blocking_.List({.table = Table::kUsers, .limit = 1}).status().code(),
            Code::kShuttingDown);
  EXPECT_EQ(engine_->Peek(key.view(), [](const RecordView&) {}), PeekResult::kUnknown);
  EXPECT_TRUE(blocking_.Stats().empty() || GetParam().name.starts_with("memory"));
}

TEST_P(AsyncContract, WritesOfOneThreadKeepTheirOrder) {
  constexpr int kWrites = 500;
  std::promise<void> last;
  std::vector<uint64_t> versions;
  for (int i = 0; i < kWrites; ++i) {
    const std::string value = std::to_string(i);
    engine_->Write(WriteRequest({Table::kUsers, PartitionOf(1)}, {PutOf("a", value)}, 0),
                   [&, i](WriteReply reply) {
                     versions.push_back(reply.versions.at(0));
                     if (i == kWrites - 1) last.set_value();
                   });
  }
  last.get_future().wait();
  EXPECT_EQ(std::set<uint64_t>(versions.begin(), versions.end()).size(), versions.size());
  EXPECT_TRUE(std::is_sorted(versions.begin(), versions.end()));
  EXPECT_EQ(blocking_.Value(UserKey(1, "a")), std::to_string(kWrites - 1));
}

// Compare-and-set from many threads: if any two of them could see the same version succeed, or a
// read could be stale, the counters would end lower than the sum of what was acknowledged.
TEST_P(AsyncContract, CompareAndSetCountersLoseNothing) {
  constexpr int kThreads = 4, kCounters = 2, kIncrements = 50;
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      BlockingEngine blocking(engine_.get());
      for (int i = 0; i < kIncrements;) {
        const Key key = UserKey(static_cast<uint64_t>((t + i) % kCounters), "counter");
        const Result<Record> now = blocking.Get(key);
        const int count = now.ok() ? std::stoi(now->value) : 0;
        const WriteReply reply = blocking.Put(key, std::to_string(count + 1),
                                              now.ok() ? IfVersion(now->version) : IfAbsent());
        if (reply.status.code() == Code::kConditionFailed) continue;
        ASSERT_TRUE(reply.status.ok()) << reply.status.ToString();
        ++acknowledged;
        ++i;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int sum = 0;
  for (uint64_t c = 0; c < kCounters; ++c) sum += std::stoi(blocking_.Value(UserKey(c, "counter")));
  EXPECT_EQ(acknowledged, kThreads * kIncrements);
  EXPECT_EQ(sum, kThreads * kIncrements);
}

// A read or scan that begins after the answer to a write sees that write or a newer one, and never
// part of a batch.
TEST_P(AsyncContract, ReadersSeeAcknowledgedWritesAndWholeBatches) {
  constexpr int kRounds = 300;
  const PartitionView partition = {Table::kUsers, "12345678"};
  std::atomic<int> acknowledged{-1};
  std::thread reader([&] {
    BlockingEngine blocking(engine_.get());
    while (acknowledged < kRounds - 1) {
      const int at_least = acknowledged;
      const Result<ScanPage> page = blocking.PeekOrScan({.table = Table::kUsers,
                                                         .partition = Bytes(partition.id),
                                                         .limit = 10,
                                                         .max_value_bytes = 1000});
      ASSERT_TRUE(page.ok());
      if (page->size() == 0) {
        EXPECT_EQ(at_least, -1);
        continue;
      }
      ASSERT_EQ(page->size(), 2u);
      EXPECT_EQ((*page)[0].record.value, (*page)[1].record.value);
      EXPECT_GE(std::stoi(std::string((*page)[0].record.value)), at_least);
      const int now_at_least = acknowledged;
      const std::string value = blocking.Value(Key(Table::kUsers, partition.id, "b"));
      EXPECT_GE(std::stoi(value), now_at_least);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    const std::string value = std::to_string(i);
    const bool ok = blocking_.Write(partition, {PutOf("a", value), PutOf("b", value)}).status.ok();
    EXPECT_TRUE(ok);
    acknowledged = i;
  }
  reader.join();
}

}  // namespace
}  // namespace smile::testing
