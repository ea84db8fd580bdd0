#include "client/smilecat/load_summary.h"

#include <gtest/gtest.h>

namespace smile::cat {
namespace {

TEST(LoadSummaryTest, OneRunIsOneLine) {
  EXPECT_EQ(LoadSummaryText({.input = "a.csv",
                             .total = {.rows = 4000, .written = 3998, .refused = 1, .bad_rows = 1},
                             .seconds = 2}),
            "a.csv: 4,000 rows: 3,998 records written, 0 already there, 0 expired, 1 refused, "
            "1 bad row; 2.0 s, 2,000 rows/s\n");
}

TEST(LoadSummaryTest, RunAndTotalAreSeparate) {
  const LoadSummary summary{.input = "a.csv",
                            .before = {.rows = 3000, .written = 2990, .bad_rows = 10},
                            .total = {.rows = 4000, .written = 3990, .bad_rows = 10},
                            .resumed = true,
                            .whole = false,
                            .seconds = 2};
  EXPECT_EQ(LoadSummaryText(summary),
            "a.csv: not whole, this run 1,000 rows: 1,000 records written, 0 already there, "
            "0 expired, 0 refused, 0 bad rows; 2.0 s, 500 rows/s\n"
            "a.csv: in all 4,000 rows: 3,990 records written, 0 already there, 0 expired, "
            "0 refused, 10 bad rows\n");
  EXPECT_EQ(
      LoadSummaryJson(summary),
      R"({"rows":1000,"written":1000,"already_there":0,"expired":0,"refused":0,)"
      R"("bad_rows":0,"whole":false,"seconds":2.0,"rows_per_second":500,"total":{"rows":4000,)"
      R"("written":3990,"already_there":0,"expired":0,"refused":0,"bad_rows":10}})"
      "\n");
}

TEST(LoadSummaryTest, NothingNewIsReported) {
  const LoadCounts counts{.rows = 2, .written = 2};
  EXPECT_EQ(
      LoadSummaryText({.input = "a\x1b.csv", .before = counts, .total = counts, .resumed = true}),
      "a\\x1b.csv: nothing new; in all 2 rows: 2 records written, 0 already there, 0 expired, "
      "0 refused, 0 bad rows\n");
}

}  // namespace
}  // namespace smile::cat
