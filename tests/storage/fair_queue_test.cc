#include "storage/fair_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace smile {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> PopAll(FairQueue<std::string>* queue) {
  std::vector<std::string> order;
  while (!queue->empty()) order.push_back(queue->Pop());
  return order;
}

TEST(FairQueue, OneSourceIsFifo) {
  FairQueue<std::string> queue(1);
  queue.Push(7, 1, "a");
  queue.Push(7, 1, "b");
  queue.Push(7, 1, "c");
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_THAT(PopAll(&queue), ElementsAre("a", "b", "c"));
}

TEST(FairQueue, LateSourceWithLittleWorkIsServedSoon) {
  FairQueue<std::string> queue(2);
  for (int i = 0; i < 5; ++i) queue.Push(1, 1, "much" + std::to_string(i));
  queue.Push(2, 1, "little");
  EXPECT_THAT(PopAll(&queue), ElementsAre("much0", "much1", "little", "much2", "much3", "much4"));
}

TEST(FairQueue, LargeItemsGetNoLargerShare) {
  FairQueue<std::string> queue(2);
  std::map<char, int> cost = {{'L', 6}, {'s', 1}};
  for (int i = 0; i < 100; ++i) queue.Push(1, 6, "L");
  for (int i = 0; i < 600; ++i) queue.Push(2, 1, "s");
  std::map<char, int> served;
  for (int i = 0; i < 200; ++i) {
    const char kind = queue.Pop()[0];
    served[kind] += cost[kind];
    EXPECT_LE(std::abs(served['L'] - served['s']), 8) << "after " << i;
  }
}

TEST(FairQueue, ItemOfAnyCostIsServedSoon) {
  FairQueue<std::string> queue(1);
  queue.Push(1, SIZE_MAX, "huge");
  for (int i = 0; i < 20; ++i) queue.Push(2, 1, "s");
  int before = 0;
  while (queue.Pop() != "huge") ++before;
  EXPECT_LT(before, 10);
}

TEST(FairQueue, IdleSourceAccumulatesNoCredit) {
  FairQueue<std::string> queue(4);
  queue.Push(1, 1, "a0");
  EXPECT_EQ(queue.Pop(), "a0");  // of its quantum, three are left, and lost
  for (int i = 0; i < 8; ++i) queue.Push(1, 1, "a");
  for (int i = 0; i < 8; ++i) queue.Push(2, 1, "b");
  const std::vector<std::string> order = PopAll(&queue);
  EXPECT_EQ(order[3], "a");
  EXPECT_EQ(order[4], "b");
}

// Serves the queue as many times, and tells whom; `cost` is of an item of each source.
std::string ServeAndSettle(FairQueue<uint64_t>* queue, std::map<uint64_t, size_t> cost, int times) {
  std::string served;
  for (int i = 0; i < times && !queue->empty(); ++i) {
    uint64_t source = 0;
    EXPECT_EQ(queue->PopToSettle(&source), source);
    queue->Settle(source, 1, cost[source]);
    served += std::to_string(source);
  }
  return served;
}

TEST(FairQueue, UnderestimatedCostIsChargedAfterwards) {
  FairQueue<uint64_t> queue(1);
  for (int i = 0; i < 20; ++i) {
    queue.Push(1, 1, 1);
    queue.Push(2, 1, 2);
  }
  EXPECT_EQ(ServeAndSettle(&queue, {{1, 4}, {2, 1}}, 12), "122221222212");
}

TEST(FairQueue, DebtIsChargedToAnIdleSource) {
  FairQueue<uint64_t> queue(1);
  queue.Push(1, 1, 1);
  for (int i = 0; i < 20; ++i) queue.Push(2, 1, 2);
  EXPECT_EQ(ServeAndSettle(&queue, {{1, 4}, {2, 1}}, 1), "1");
  queue.Push(1, 1, 1);
  EXPECT_EQ(ServeAndSettle(&queue, {{1, 4}, {2, 1}}, 5), "22221");
}

TEST(FairQueue, DebtsAreForgivenWhenTheQueueIsEmpty) {
  FairQueue<uint64_t> queue(1);
  queue.Push(1, 1, 1);
  EXPECT_EQ(ServeAndSettle(&queue, {{1, 50}}, 1), "1");
  queue.Push(1, 1, 1);
  queue.Push(2, 1, 2);
  EXPECT_EQ(ServeAndSettle(&queue, {{1, 1}, {2, 1}}, 2), "12");
}

TEST(FairQueue, DebtOfAnySizeIsPaidSoon) {
  FairQueue<uint64_t> queue(1);
  for (int i = 0; i < 200; ++i) {
    queue.Push(1, 1, 1);
    queue.Push(2, 1, 2);
  }
  const std::string served = ServeAndSettle(&queue, {{1, SIZE_MAX / 2}, {2, 1}}, 80);
  EXPECT_EQ(served.find('1'), 0u);
  EXPECT_LT(served.find('1', 1), 70u);
}

}  // namespace
}  // namespace smile
