#include "base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smile {
namespace {

using ::testing::HasSubstr;

TEST(ProgressTest, TheLineShowsShareCountRateAndTimeLeft) {
  const ProgressState state{.unit = "rows",
                            .done = 1'234'567,
                            .done_here = 100'000,
                            .seconds = 10,
                            .part = 600,
                            .part_at_start = 500,
                            .whole = 1'000};
  EXPECT_EQ(ProgressLine(state, 200),
            "[##############----------]  60%  1,234,567 rows  10,000 rows/s  ETA 0:40");
  EXPECT_EQ(ProgressLine(state, 10).size(), 10u);
}

TEST(ProgressTest, WithoutAKnownWholeThereIsNoBar) {
  EXPECT_EQ(ProgressLine({.unit = "records", .done = 5}, 80), "5 records");
  EXPECT_THAT(ProgressLine({.unit = "rows", .part = 0, .whole = 0}, 80), HasSubstr("100%"));
}

TEST(ProgressTest, NumbersAreReadable) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1000), "1,000");
  EXPECT_EQ(WithCommas(22470000), "22,470,000");
}

}  // namespace
}  // namespace smile
