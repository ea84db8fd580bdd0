#include "bench/smilebench/histogram.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace smile::bench {
namespace {

TEST(Histogram, SmallLatenciesAreExact) {
  Histogram histogram;
  for (int64_t nanos = 1; nanos <= 200; ++nanos) histogram.Add(nanos);
  EXPECT_EQ(histogram.count(), 200u);
  EXPECT_EQ(histogram.min(), 1u);
  EXPECT_EQ(histogram.max(), 200u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 100.5);
  EXPECT_EQ(histogram.Percentile(0), 1u);
  EXPECT_EQ(histogram.Percentile(50), 100u);
  EXPECT_EQ(histogram.Percentile(99), 198u);
  EXPECT_EQ(histogram.Percentile(99.99), 200u);
  EXPECT_EQ(histogram.Percentile(100), 200u);
}

TEST(Histogram, EvenlySpreadLatenciesAreAddedInBoundedWork) {
  Histogram histogram;
  histogram.AddEvenly(1'000, 2'000, 0);
  EXPECT_EQ(histogram.count(), 0u);
  histogram.AddEvenly(7, 7, 1);
  EXPECT_EQ(histogram.max(), 7u);
  histogram.AddEvenly(1'000'000, 3'000'000, uint64_t{1} << 50);
  EXPECT_EQ(histogram.count(), (uint64_t{1} << 50) + 1);
  EXPECT_EQ(histogram.max(), 3'000'000u);
  EXPECT_NEAR(histogram.mean(), 2'000'000, 1'000);
  EXPECT_NEAR(static_cast<double>(histogram.Percentile(25)), 1'500'000, 15'000);
  EXPECT_NEAR(static_cast<double>(histogram.Percentile(99)), 2'980'000, 30'000);
}

TEST(Histogram, ErrorIsBelowOnePercentAndNeverTooLow) {
  for (uint64_t nanos = 1; nanos < Histogram::kMaxNanos; nanos += 1 + nanos / 37) {
    Histogram histogram;
    histogram.Add(static_cast<int64_t>(nanos));
    histogram.Add(static_cast<int64_t>(Histogram::kMaxNanos));
    const uint64_t said = histogram.Percentile(50);
    ASSERT_GE(said, nanos);
    ASSERT_LT(static_cast<double>(said - nanos), 0.01 * static_cast<double>(nanos)) << nanos;
  }
}

TEST(Histogram, RareStallIsInTheTail) {
  Histogram histogram;
  for (int i = 0; i < 9'998; ++i) histogram.Add(1'000);
  histogram.Add(50'000'000);
  histogram.Add(50'000'000);
  EXPECT_LT(histogram.Percentile(99.9), 1'010u);
  EXPECT_EQ(histogram.Percentile(99.99), 50'000'000u);
}

TEST(Histogram, LatenciesOutsideTheRangeAreClamped) {
  Histogram histogram;
  histogram.Add(-5);
  EXPECT_EQ(histogram.max(), 0u);
  histogram.Add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.max(), Histogram::kMaxNanos);
  EXPECT_EQ(histogram.Percentile(100), Histogram::kMaxNanos);
}

TEST(Histogram, SumEqualsOneHistogram) {
  Histogram all;
  Histogram first;
  Histogram second;
  for (int64_t i = 0; i < 10'000; ++i) {
    all.Add(i * i);
    (i % 3 == 0 ? first : second).Add(i * i);
  }
  first.Add(second);
  EXPECT_EQ(first.count(), all.count());
  EXPECT_EQ(first.min(), all.min());
  EXPECT_EQ(first.max(), all.max());
  EXPECT_DOUBLE_EQ(first.mean(), all.mean());
  for (const double percent : {1.0, 50.0, 99.0, 99.99}) {
    EXPECT_EQ(first.Percentile(percent), all.Percentile(percent));
  }
}

TEST(Histogram, EmptyHistogramIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.Percentile(99), 0u);
  EXPECT_EQ(histogram.mean(), 0);
}

}  // namespace
}  // namespace smile::bench
