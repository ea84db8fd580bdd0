#include "bench/smilebench/report.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bench/smilebench/process.h"

namespace smile::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Results SomeResults() {
  Results results;
  for (int i = 0; i < 90; ++i) results.reads.Add(100'000);
  for (int i = 0; i < 10; ++i) results.writes.Add(200);
  results.operations = 100;
  results.seconds = 2;
  results.client_cpu_seconds = 0.0001;
  return results;
}

TEST(Report, TextHasRateLatenciesAndCpu) {
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

TEST(Report, FailuresAreCountedAndShown) {
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

TEST(Report, ServerMessagesAreEscaped) {
  Results results = SomeResults();
  results.first_error = {Code::kOverloaded, "\x1b[31m\xc2\x9b\u202e\xff\nsecond line"};
  EXPECT_THAT(
      FormatText({}, results),
      HasSubstr("first: overloaded: \\x1b[31m\\xc2\\x9b\\xe2\\x80\\xae\\xff\\x0asecond line"));
  EXPECT_THAT(FormatJson({}, results), HasSubstr("\\u001b[31m\\u009b\\u202e\ufffd\\nsecond line"));
}

TEST(Report, UnansweredOperationsAreShownSeparately) {
  Results results = SomeResults();
  results.reads.Add(5'000'000'000);
  results.unanswered = {.never_sent = 3, .timed_out = 1};
  Results other;
  other.unanswered = {.in_flight = 2, .lost = 4};
  results.Add(other);
  const std::string text = FormatText({}, results);
  EXPECT_THAT(text, HasSubstr("100 operations in 2.00 s"));
  EXPECT_THAT(text,
              HasSubstr("latencies include 10 unanswered operations with the time they had "
                        "waited, a lower bound: 3 never sent, 2 in flight at the end, 1 timed "
                        "out, 4 lost\n"));
  EXPECT_THAT(text, HasSubstr("3 operations were due and never sent"));
  const auto json = nlohmann::json::parse(FormatJson({}, results));
  EXPECT_EQ(json["operations"], 100);
  EXPECT_EQ(json["reads"]["count"], 91);
  EXPECT_EQ(json["unanswered"],
            nlohmann::json({{"never_sent", 3}, {"in_flight", 2}, {"timed_out", 1}, {"lost", 4}}));
}

TEST(Report, InterruptedRunIsMarked) {
  Results results = SomeResults();
  EXPECT_THAT(FormatText({}, results), Not(HasSubstr("INTERRUPTED")));
  EXPECT_EQ(nlohmann::json::parse(FormatJson({}, results))["interrupted"], false);
  results.interrupted = true;
  EXPECT_THAT(FormatText({}, results), HasSubstr("\nINTERRUPTED: this report covers only"));
  EXPECT_EQ(nlohmann::json::parse(FormatJson({}, results))["interrupted"], true);
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
  EXPECT_FALSE(json.contains("server_rss_bytes"));
}

TEST(Report, JsonDescribesTheRun) {
  BenchOptions options;
  options.target.driver = DriverKind::kRocksDb;
  options.target.directory = "/data";
  options.workload = WorkloadKind::kMGet;
  options.distribution = Distribution::kZipfian;
  options.idle_connections = 9;
  Results results = SomeResults();
  results.server_cpu_seconds = 0.0002;
  results.server_rss_bytes = 4096;
  results.longest_stall_nanos = 1'500'000;
  const auto json = nlohmann::json::parse(FormatJson(options, results));
  EXPECT_EQ(json["target"], "rocksdb:/data");
  EXPECT_EQ(json["driver"], "rocksdb");
  EXPECT_EQ(json["distribution"], "zipfian");
  EXPECT_EQ(json["keys_per_operation"], 32);
  EXPECT_EQ(json["idle_connections"], 9);
  EXPECT_EQ(json["longest_stall_ms"], 1.5);
  EXPECT_EQ(json["server_cpu_us"], 2);
  EXPECT_EQ(json["server_rss_bytes"], 4096);
}

TEST(Report, JsonHasThePercentileCurve) {
  Results results;
  for (int i = 1; i <= 100'000; ++i) results.reads.Add(i * 1000);
  const auto curve = nlohmann::json::parse(FormatJson({}, results))["reads"]["percentiles"];
  ASSERT_EQ(curve.size(), 42u);
  EXPECT_EQ(curve[0][0], 0);
  EXPECT_NEAR(curve[0][1].get<double>(), 1, 0.01);
  EXPECT_NEAR(curve[8][0].get<double>(), 90, 1e-9);
  EXPECT_NEAR(curve[8][1].get<double>(), 90'000, 900);
  EXPECT_NEAR(curve[40][0].get<double>(), 99.999, 1e-9);
  EXPECT_EQ(curve[41], nlohmann::json::array({100.0, 100'000.0}));
  for (size_t i = 1; i < curve.size(); ++i) EXPECT_GE(curve[i][1], curve[i - 1][1]);
}

TEST(Report, LongestStallIsTheMaximumOfAllThreads) {
  Results results;
  results.longest_stall_nanos = 5;
  Results other;
  other.longest_stall_nanos = 9;
  results.Add(other);
  results.Add({});
  EXPECT_EQ(results.longest_stall_nanos, 9);
}

TEST(Report, EmptyRunDoesNotDivideByZero) {
  const auto json = nlohmann::json::parse(FormatJson(BenchOptions{}, Results{}));
  EXPECT_EQ(json["operations_per_second"], 0);
  EXPECT_EQ(json["client_cpu_us"], 0);
}

TEST(CpuTime, OwnCpuTimeMatchesProcfs) {
  const double before = OwnCpuSeconds();
  while (OwnCpuSeconds() < before + 0.05) {
  }
  const std::optional<double> asked = CpuSecondsOf(getpid());
  ASSERT_TRUE(asked.has_value());
  EXPECT_NEAR(*asked, OwnCpuSeconds(), 0.03);  // the kernel counts in ticks of 10 ms, twice
}

TEST(ResidentBytes, GrowWithTouchedMemory) {
  const std::optional<uint64_t> before = ResidentBytesOf(getpid());
  ASSERT_TRUE(before.has_value());
  const std::string touched(size_t{64} << 20, 'x');
  EXPECT_GE(*ResidentBytesOf(getpid()), *before + (touched.size() >> 1));
}

TEST(Process, MissingProcessHasNoFigures) {
  EXPECT_FALSE(CpuSecondsOf(int64_t{1} << 40).has_value());
  EXPECT_FALSE(ResidentBytesOf(int64_t{1} << 40).has_value());
}

}  // namespace
}  // namespace smile::bench
