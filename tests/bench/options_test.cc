#include "bench/smilebench/options.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace smile::bench {
namespace {

Result<BenchOptions> Parse(std::vector<const char*> arguments, std::string* help = nullptr) {
  std::string ignored;
  arguments.insert(arguments.begin(), "smilebench");
  return ParseBenchOptions(static_cast<int>(arguments.size()), arguments.data(),
                           help == nullptr ? &ignored : help);
}

TEST(BenchOptions, AllOptionsAreParsed) {
  const Result<BenchOptions> parsed = Parse({"--target",
                                             "smile://localhost:99",
                                             "--workload",
                                             "mixed",
                                             "--connections",
                                             "64",
                                             "--depth",
                                             "32",
                                             "--keys",
                                             "1000",
                                             "--value-size",
                                             "0",
                                             "--operations",
                                             "5",
                                             "--rate",
                                             "12.5",
                                             "--json",
                                             "--threads",
                                             "2",
                                             "--server-pid",
                                             "77"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->target.endpoint.host, "localhost");
  EXPECT_EQ(parsed->target.endpoint.port, 99);
  EXPECT_EQ(parsed->workload, WorkloadKind::kMixed);
  EXPECT_EQ(parsed->connections, 64u);
  EXPECT_EQ(parsed->depth, 32u);
  EXPECT_EQ(parsed->keys, 1000u);
  EXPECT_EQ(parsed->value_bytes, 0u);
  EXPECT_EQ(parsed->operations, 5u);
  EXPECT_EQ(parsed->seconds, 0);
  EXPECT_EQ(parsed->rate, 12.5);
  EXPECT_TRUE(parsed->json);
  EXPECT_EQ(parsed->threads, 2u);
  EXPECT_EQ(parsed->server_pid, 77);
}

TEST(BenchOptions, DefaultRunIsTimed) {
  const Result<BenchOptions> parsed = Parse({});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->target.endpoint.port, 7645);
  EXPECT_EQ(parsed->operations, 0u);
  EXPECT_EQ(parsed->seconds, kDefaultSeconds);
}

TEST(BenchOptions, TargetNamesDriverAndServer) {
  for (const auto& [text, driver] : std::vector<std::pair<const char*, DriverKind>>{
           {"smile://127.0.0.1:7645", DriverKind::kSmile},
           {"redis://127.0.0.1:6379", DriverKind::kRedis},
           {"tarantool://127.0.0.1:3301", DriverKind::kTarantool},
           {"rocksdb:some/directory", DriverKind::kRocksDb},
           {"http://127.0.0.1:80", DriverKind::kHttp},
           {"files:some/directory", DriverKind::kFiles}}) {
    const Result<BenchOptions> parsed = Parse({"--target", text, "--workload", "photo-get"});
    ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
    EXPECT_EQ(parsed->target.driver, driver);
    EXPECT_EQ(parsed->target.ToString(), text);
  }
  EXPECT_EQ(Parse({"--target", "redis://localhost"})->target.endpoint.port, 6379);
}

TEST(BenchOptions, WorkloadSetsDefaultValueSizeAndDistribution) {
  const auto b = Parse({"--workload", "ycsb-b"});
  ASSERT_TRUE(b.ok());
  EXPECT_EQ(b->value_bytes, 1'000u);
  EXPECT_EQ(b->distribution, Distribution::kZipfian);
  EXPECT_EQ(Parse({"--workload", "ycsb-d"})->distribution, Distribution::kLatest);
  const auto given =
      Parse({"--workload", "ycsb-d", "--value-size", "100", "--distribution", "uniform"});
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(given->value_bytes, 100u);
  EXPECT_EQ(given->distribution, Distribution::kUniform);
  const auto get = Parse({"--preloaded", "--idle-connections", "10000"});
  ASSERT_TRUE(get.ok());
  EXPECT_EQ(get->value_bytes, 100u);
  EXPECT_EQ(get->distribution, Distribution::kUniform);
  EXPECT_TRUE(get->preloaded);
  EXPECT_EQ(get->idle_connections, 10'000u);
}

TEST(BenchOptions, EveryPhotoIsWrittenUnlessTheOptionsSayOtherwise) {
  EXPECT_EQ(Parse({"--workload", "photo-put", "--keys", "70"})->operations, 70u);
  EXPECT_EQ(Parse({"--workload", "photo-put", "--keys", "70", "--operations", "7"})->operations,
            7u);
}

TEST(BenchOptions, InvalidOptionsAreRejectedWithAMessage) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--workload", "delete"},
                                             {"--target", "127.0.0.1:7645"},
                                             {"--target", "redis:/127.0.0.1"},
                                             {"--target", "rocksdb:"},
                                             {"--target", "rocksdb:d", "--threads", "2"},
                                             {"--target", "http://127.0.0.1:80"},
                                             {"--target", "files:d", "--workload", "put"},
                                             {"--workload", "photo-put", "--threads", "2"},
                                             {"--distribution", "latest"},
                                             {"--workload", "mget", "--value-size", "32769"},
                                             {"--target", "smile://127.0.0.1:70000"},
                                             {"--connections", "0"},
                                             {"--depth", "1025"},
                                             {"--value-size", "1048577"},
                                             {"--keys", "0"},
                                             {"--operations", "5", "--seconds", "1"},
                                             {"--rate", "-1"},
                                             {"--rate"},
                                             {"--unheard-of"},
                                             {"stray"}}) {
    const Result<BenchOptions> parsed = Parse(arguments);
    ASSERT_FALSE(parsed.ok()) << arguments[0];
    EXPECT_EQ(parsed.status().code(), Code::kInvalid);
    EXPECT_FALSE(parsed.status().message().empty());
  }
}

TEST(BenchOptions, UnknownArgumentsAndMissingValuesAreNamed) {
  EXPECT_EQ(Parse({"stray", "more"}).status().message(), "unexpected argument stray");
  EXPECT_EQ(Parse({"--stray", "5"}).status().message(), "unknown option --stray");
  EXPECT_EQ(Parse({"--rate"}).status().message(), "--rate needs a value: RATE");
  EXPECT_EQ(Parse({"--distribution", "even"}).status().message(),
            "--distribution: \"even\" is not one of uniform, zipfian");
}

TEST(BenchOptions, NumbersAreDecimalFiniteAndWithinTheirRange) {
  for (const char* option : {"--keys", "--value-size", "--connections", "--idle-connections",
                             "--depth", "--operations", "--threads", "--server-pid"}) {
    for (const char* text : {"nan", "inf", "-1", "+1", "0x10", "010", "1.5", "1e3", "1'000",
                             "1_000", "", " 1", "18446744073709551616", "4294967297e0", "ten"}) {
      const Result<BenchOptions> parsed = Parse({option, text});
      ASSERT_FALSE(parsed.ok()) << option << " " << text;
      EXPECT_NE(parsed.status().message().find(option), std::string::npos)
          << parsed.status().message();
    }
  }
  for (const char* option : {"--keys", "--connections", "--depth", "--operations", "--threads",
                             "--server-pid", "--seconds", "--rate"}) {
    EXPECT_FALSE(Parse({option, "0"}).ok()) << option;
  }
  for (const char* option : {"--seconds", "--rate"}) {
    for (const char* text :
         {"nan", "-nan", "inf", "infinity", "-1", "0x1p3", "1e400", "1e-400", "1,5", "10s", ""}) {
      EXPECT_FALSE(Parse({option, text}).ok()) << option << " " << text;
    }
    EXPECT_TRUE(Parse({option, "1.5"}).ok());
    EXPECT_TRUE(Parse({option, "1e3"}).ok());
  }
  EXPECT_EQ(Parse({"--seconds", "nan"}).status().message(),
            "--seconds: \"nan\" is not a number from 0.001 to 10000000");
}

TEST(BenchOptions, HelpListsTheOptions) {
  std::string help;
  ASSERT_TRUE(Parse({"--help"}, &help).ok());
  EXPECT_NE(help.find("--workload"), std::string::npos);
  EXPECT_NE(help.find("get|put|mget|mixed|scan|ycsb-a"), std::string::npos);
}

}  // namespace
}  // namespace smile::bench
