#include "bench/smilebench/report.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bench/smilebench/cpu_time.h"

namespace smile::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Results SomeResults() {
  Results results;
  for (int i = 0; i < 90; ++i) results.reads.Add(100'000);
  for (int i = 0; i < 10; ++i) results.writes.Add(200);
  results.seconds = 2;
  results.client_cpu_seconds = 0.0001;
  return results;
}

TEST(Report, TextSaysRateLatenciesAndCpu) {
  Results results = SomeResults();
  results.server_cpu_seconds = 0.0002;
  const std::string text = FormatText({}, results);
  EXPECT_THAT(text, HasSubstr("100 operations in 2.00 s: 50 op/s"));
  EXPECT_THAT(text, HasSubstr("100.0"));
  EXPECT_THAT(text, HasSubstr("p99.99"));
  EXPECT_THAT(text, HasSubstr("smilebench 1.00 us, server 2.00 us"));
  EXPECT_THAT(text, Not(HasSubstr("WRONG")));
  EXPECT_THAT(text, Not(HasSubstr("errors")));
}

TEST(Report, WhatWentWrongIsCountedAndShown) {
  Results results = SomeResults();
  Results other;
  other.errors[Code::kOverloaded] = 3;
  other.wrong_values = 2;
  other.first_error = {Code::kOverloaded, "later"};
  results.Add(other);
  EXPECT_EQ(results.failures(), 5u);
  const std::string text = FormatText({}, results);
  EXPECT_THAT(text, HasSubstr("WRONG VALUES: 2"));
  EXPECT_THAT(text, HasSubstr("errors: 3 overloaded"));
  EXPECT_THAT(text, HasSubstr("first: overloaded: later"));
}

TEST(Report, JsonHasTheSameFigures) {
  Results results = SomeResults();
  results.errors[Code::kNotFound] = 4;
  results.first_error = {Code::kNotFound, "not \xff UTF-8"};
  const auto json = nlohmann::json::parse(FormatJson({}, results));
  EXPECT_EQ(json["operations"], 100);
  EXPECT_EQ(json["operations_per_second"], 50);
  EXPECT_EQ(json["errors"]["not_found"], 4);
  EXPECT_EQ(json["reads"]["count"], 90);
  EXPECT_EQ(json["reads"]["p99.99_us"], 100);
  EXPECT_EQ(json["writes"]["max_us"], 0.2);
  EXPECT_EQ(json["client_cpu_us"], 1);
  EXPECT_FALSE(json.contains("server_cpu_us"));
}

TEST(Report, ARunWithoutOperationsDividesByNothing) {
  const auto json = nlohmann::json::parse(FormatJson({}, {}));
  EXPECT_EQ(json["operations_per_second"], 0);
  EXPECT_EQ(json["client_cpu_us"], 0);
}

TEST(CpuTime, OfThisProcessIsTheSameAskedEitherWay) {
  const double before = OwnCpuSeconds();
  while (OwnCpuSeconds() < before + 0.05) {
  }
  const std::optional<double> asked = CpuSecondsOf(getpid());
  ASSERT_TRUE(asked.has_value());
  EXPECT_NEAR(*asked, OwnCpuSeconds(), 0.03);  // the kernel counts in ticks of 10 ms, twice
}

TEST(CpuTime, OfNoProcessIsNothing) {
  EXPECT_FALSE(CpuSecondsOf(int64_t{1} << 40).has_value());
}

}  // namespace
}  // namespace smile::bench
