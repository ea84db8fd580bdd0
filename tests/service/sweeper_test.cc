#include "service/sweeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/limits.h"
#include "storage/memory_engine.h"
#include "tests/support/count_records.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(SweeperTest, AFailedItemIsPostponedAndBothAreCounted) {
  ManualClock clock(1'000'000);
  MemoryEngine engine(&clock, MemoryEngine::Answers::kInline);
  ASSERT_TRUE(WorkLog(engine).Add({.due_ms = 1'000'000, .id = {7}}).Wait().ok());
  Status outcome(Code::kStorageFailed, "the disk is away");
  Sweeper sweeper(engine, clock, [&](WorkItem /*item*/) -> Task<Status> { co_return outcome; });
  EXPECT_EQ(*sweeper.Sweep(), 0u);
  EXPECT_EQ(CountRecords(&engine, Table::kWork), 1u);
  outcome = {};
  EXPECT_EQ(*sweeper.Sweep(), 0u) << "not due yet";
  clock.AdvanceMillis(static_cast<int64_t>(limits::kWorkGraceMillis));
  EXPECT_EQ(*sweeper.Sweep(), 1u);
  EXPECT_EQ(CountRecords(&engine, Table::kWork), 0u);
  EXPECT_THAT(sweeper.Stats(),
              ElementsAre(Pair("sweeper.finished_count", 1), Pair("sweeper.postponed_count", 1)));
}

}  // namespace
}  // namespace smile
