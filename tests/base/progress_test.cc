#include "base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace smile {
namespace {

using ::testing::HasSubstr;

TEST(ProgressTest, LineShowsShareCountRateAndEta) {
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

TEST(ProgressTest, NoBarWithoutATotal) {
  EXPECT_EQ(ProgressLine({.unit = "records", .done = 5}, 80), "5 records");
  EXPECT_THAT(ProgressLine({.unit = "rows", .part = 0, .whole = 0}, 80), HasSubstr("100%"));
}

TEST(ProgressTest, TroubleReplacesRateAndEta) {
  EXPECT_EQ(ProgressLine({.unit = "rows",
                          .done = 5,
                          .done_here = 5,
                          .seconds = 10,
                          .part = 500,
                          .whole = 1'000,
                          .trouble = "reconnecting, 12 s"},
                         200),
            "[############------------]  50%  5 rows  reconnecting, 12 s");
}

TEST(ProgressTest, WithoutATerminalOneLinePerTenSeconds) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* const file = std::tmpfile();
  ManualClock clock;
  {
    Progress progress(file, &clock);
    for (int second = 0; second < 25; ++second) {
      progress.Update({.unit = "rows",
                       .done = static_cast<uint64_t>(second),
                       .done_here = static_cast<uint64_t>(second),
                       .part = 1,
                       .whole = 2});
      progress.Clear();
      clock.AdvanceMillis(1'000);
    }
  }
  std::rewind(file);
  std::string lines;
  while (::getline(&text, &size, file) > 0) lines += text;
  std::free(text);
  std::fclose(file);
  EXPECT_EQ(lines,
            "50%  10 rows  1 rows/s  ETA 0:10\n"
            "50%  20 rows  1 rows/s  ETA 0:20\n");
}

TEST(ProgressTest, NumbersAreReadable) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1000), "1,000");
  EXPECT_EQ(WithCommas(22470000), "22,470,000");
}

}  // namespace
}  // namespace smile
