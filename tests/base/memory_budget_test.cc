#include "base/memory_budget.h"

#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace smile {
namespace {

constexpr size_t kLimit = size_t{32} << 20;

TEST(MemoryBudget, CountsAllocatedSizes) {
  EXPECT_EQ(AllocatedBytes(0), 0u);
  EXPECT_EQ(AllocatedBytes(65), 80u);
  EXPECT_EQ(AllocatedBytes(size_t{1} << 20), size_t{1} << 20);
  EXPECT_EQ(AllocatedBytes((size_t{1} << 20) + 1), size_t{5} << 18);
  EXPECT_EQ(MemoryOf("in place"), 0u);
  EXPECT_GE(MemoryOf(Bytes(1000, 'x')), 1001u);
}

TEST(MemoryBudget, AlwaysLeavesRoomForOneMore) {
  for (const size_t greedy : {1, 10, 300, 1500}) {
    MemoryBudget budget(kLimit);
    std::vector<std::unique_ptr<ReadMemory>> holders;
    for (size_t i = 0; i < greedy; ++i) {
      holders.push_back(std::make_unique<ReadMemory>(std::make_shared<MemoryAccount>(&budget)));
    }
    for (bool taken = true; taken;) {
      taken = false;
      for (auto& holder : holders) taken = holder->TryTake(1000) || taken;
    }
    EXPECT_GT(budget.used(), kLimit / 8);
    EXPECT_LE(budget.used(), kLimit);
    const size_t fair = kLimit / (greedy + limits::kConnectionShareDivisor);
    EXPECT_GE(MemoryAccount(&budget).Room(), fair - fair / 4) << greedy;
  }
}

TEST(MemoryBudget, IsShortAboveThreeQuarters) {
  MemoryBudget budget(kLimit);
  budget.Take(kLimit / 4 * 3);
  EXPECT_EQ(budget.Excess(), 0u);
  budget.Take(kLimit / 2);
  EXPECT_EQ(budget.Excess(), kLimit / 2);
  EXPECT_EQ(budget.Share(), limits::kGuaranteedConnectionBytes);
  budget.Give(budget.used());
}

TEST(MemoryBudget, RejectedReadTakesNothing) {
  MemoryBudget budget(kLimit);
  const auto account = std::make_shared<MemoryAccount>(&budget);
  {
    ReadMemory memory(account);
    EXPECT_TRUE(memory.TryTake(kLimit / 8));
    const size_t used = budget.used();
    EXPECT_FALSE(memory.TryTake(kLimit / 2));
    EXPECT_EQ(budget.used(), used);
    EXPECT_EQ(budget.rejections(), 1u);
    EXPECT_EQ(budget.read_bytes(), used);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(MemoryBudget, ReadReleasesItsMemoryOnce) {
  MemoryBudget budget(kLimit);
  const auto memory = std::make_shared<ReadMemory>(std::make_shared<MemoryAccount>(&budget));
  EXPECT_TRUE(memory->TryTake(1000));
  memory->Release();
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_DEATH(memory->TryTake(1000), "does not grow");
}

TEST(MemoryBudget, PoolReturnsItsMemory) {
  MemoryBudget budget(kLimit);
  {
    MemoryPool pool(&budget);
    pool.Change(0, 5'000'000);
    EXPECT_GE(budget.used(), 5'000'000u);
    pool.Change(5'000'000, 100);
    EXPECT_LT(budget.used(), 100'000u);
    pool.Orphan(60);
    pool.Change(40, 0);
    pool.GiveOrphan(20);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(MemoryBudget, ConcurrentThreadsStayWithinTheLimit) {
  MemoryBudget budget(kLimit);
  std::vector<std::thread> threads;
  for (uint32_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&budget, seed] {
      std::mt19937 random(seed);
      const auto account = std::make_shared<MemoryAccount>(&budget);
      MemoryPool pool(&budget);
      for (int i = 0; i < 2'000; ++i) {
        ReadMemory memory(account);
        for (int j = 0; j < 4; ++j) memory.TryTake(random() % (kLimit / 8));
        pool.Change(0, i);
        pool.Change(i, 0);
        EXPECT_LE(account->held(), kLimit / 2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace smile
