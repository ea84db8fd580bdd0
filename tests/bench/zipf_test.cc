#include "bench/smilebench/zipf.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace smile::bench {
namespace {

constexpr int kDraws = 1'000'000;

double SumOf(uint64_t count, double exponent) {
  double sum = 0;
  for (uint64_t i = count; i > 0; --i) sum += std::pow(static_cast<double>(i), -exponent);
  return sum;
}

TEST(Zeta, SumAndIntegralMatchTheFormula) {
  for (const uint64_t count : {1, 2, 9'999, 10'000, 10'001, 1'000'000}) {
    EXPECT_NEAR(Zeta(count, 0.99), SumOf(count, 0.99), 1e-9) << count;
  }
  EXPECT_NEAR(Zeta(10'000'000'000, 0.99), 26.46902820178302, 1e-6);  // as YCSB has it
}

TEST(Zipfian, RankFrequenciesMatchTheFormula) {
  constexpr uint64_t kCount = 1'000;
  const Zipfian zipfian(kCount);
  Random random(1);
  std::vector<int> drawn(kCount);
  for (int i = 0; i < kDraws; ++i) ++drawn.at(zipfian.Next(&random));
  const double zeta = SumOf(kCount, kZipfExponent);
  // The first two are exact, four standard deviations are allowed.
  for (const size_t rank : {0, 1}) {
    const double expected = kDraws / std::pow(rank + 1.0, kZipfExponent) / zeta;
    EXPECT_NEAR(drawn[rank], expected, 4 * std::sqrt(expected)) << rank;
  }
  // The others are Gray's approximation, which gives a tenth too much to the first of them.
  for (const auto& [first, last] :
       std::vector<std::pair<size_t, size_t>>{{2, 10}, {10, 100}, {100, 500}, {500, kCount}}) {
    double expected = 0;
    int found = 0;
    for (size_t rank = first; rank < last; ++rank) {
      expected += kDraws / std::pow(rank + 1.0, kZipfExponent) / zeta;
      found += drawn[rank];
    }
    EXPECT_NEAR(found, expected, 0.1 * expected) << first;
  }
}

TEST(Zipfian, GrownEqualsNew) {
  for (const uint64_t count : {1, 2, 3, 500}) {
    Zipfian grown(1);
    grown.Grow(count);
    const Zipfian made(count);
    Random one(7);
    Random other(7);
    for (int i = 0; i < 1'000; ++i) {
      const uint64_t rank = grown.Next(&one);
      EXPECT_EQ(rank, made.Next(&other));
      EXPECT_LT(rank, count);
    }
  }
}

TEST(ScrambledZipfian, LikelyNumbersAreFewAndScattered) {
  constexpr uint64_t kCount = 10'000;
  const ScrambledZipfian scrambled(kCount);
  Random random(1);
  std::map<uint64_t, int> drawn;
  for (int i = 0; i < kDraws; ++i) ++drawn[scrambled.Next(&random)];
  std::multimap<int, uint64_t> by_share;
  for (const auto& [number, times] : drawn) {
    EXPECT_LT(number, kCount);
    by_share.emplace(times, number);
  }
  const auto likeliest = by_share.rbegin();
  const auto next = std::next(likeliest);
  EXPECT_NEAR(likeliest->first, kDraws / 26.469, 0.02 * kDraws / 26.469);
  EXPECT_NEAR(next->first, kDraws / std::pow(2, 0.99) / 26.469, 0.04 * kDraws / 26.469);
  EXPECT_GT(std::max(likeliest->second, next->second) - std::min(likeliest->second, next->second),
            1u);
}

}  // namespace
}  // namespace smile::bench
