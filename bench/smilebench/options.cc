#include "bench/smilebench/options.h"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/limits.h"
#include "bench/smilebench/workload.h"

namespace smile::bench {
namespace {

struct Scheme {
  DriverKind driver;
  std::string_view name;
  uint16_t default_port;  // 0: there is a directory instead
};
constexpr std::array<Scheme, 4> kSchemes = {{{DriverKind::kSmile, "smile", 7645},
                                             {DriverKind::kRedis, "redis", 6379},
                                             {DriverKind::kTarantool, "tarantool", 3301},
                                             {DriverKind::kRocksDb, "rocksdb", 0}}};

constexpr std::array<std::pair<std::string_view, Distribution>, 3> kDistributions = {{
    {"uniform", Distribution::kUniform},
    {"zipfian", Distribution::kZipfian},
    {"latest", Distribution::kLatest},
}};

constexpr const char* kTargets =
    "smile://HOST:PORT, redis://HOST:PORT (whatever speaks RESP), tarantool://HOST:PORT (spaces "
    "\"records\" of key, value and \"posts\" of author, post, value) or rocksdb:DIRECTORY (in this "
    "process: what a server over RocksDB could at best do)";

// What was given on the command line and is not an option as it stands.
struct Given {
  std::string target = "smile://127.0.0.1:7645";
  CLI::Option* value_size = nullptr;
  CLI::Option* distribution = nullptr;
};

Result<Target> ParseTarget(std::string_view text) {
  for (const Scheme& scheme : kSchemes) {
    const std::string prefix =
        fmt::format("{}:{}", scheme.name, scheme.default_port == 0 ? "" : "//");
    if (!text.starts_with(prefix)) continue;
    text.remove_prefix(prefix.size());
    Target target{.driver = scheme.driver};
    if (scheme.default_port == 0) {
      target.directory = text;
      if (!text.empty()) return target;
      break;
    }
    SMILE_ASSIGN(target.endpoint, ParseEndpoint(text, scheme.default_port));
    return target;
  }
  return Status(Code::kInvalid, fmt::format("--target is {}", kTargets));
}

void DescribeWorkload(CLI::App* app, BenchOptions* options, Given* given) {
  std::string summaries;
  std::map<std::string, WorkloadKind> workloads;
  std::string names;
  for (const WorkloadInfo& info : kWorkloads) {
    summaries += fmt::format("{}{}: {}", summaries.empty() ? "" : "; ", info.name, info.summary);
    workloads.emplace(info.name, info.kind);
    names += fmt::format("{}{}", names.empty() ? "" : "|", info.name);
  }
  app->add_option("--workload", options->workload, summaries)
      ->transform(CLI::CheckedTransformer(workloads).description(names));
  app->add_option("--keys", options->keys, "different records")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40))
      ->capture_default_str();
  given->value_size =
      app->add_option("--value-size", options->value_bytes,
                      "bytes of each value; without it 1000 for ycsb (10 fields of 100), else 100")
          ->check(CLI::Range(uint32_t{0}, static_cast<uint32_t>(limits::kMaxValueBytes)));
  const std::map<std::string, Distribution> distributions = {{"uniform", Distribution::kUniform},
                                                             {"zipfian", Distribution::kZipfian}};
  given->distribution =
      app->add_option("--distribution", options->distribution,
                      "which records are asked for; without it zipfian (0.99, scrambled) for ycsb, "
                      "but the latest for ycsb-d, else uniform")
          ->transform(CLI::CheckedTransformer(distributions).description("uniform|zipfian"));
  app->add_flag("--preloaded", options->preloaded,
                "the records are there, from a run with as many keys and values as large: of scan, "
                "of ycsb-e, or of any other workload but put. They are not written again");
}

void DescribeLoad(CLI::App* app, BenchOptions* options) {
  app->add_option("--connections", options->connections, "connections")
      ->check(CLI::Range(1u, kMaxBenchConnections))
      ->capture_default_str();
  app->add_option("--idle-connections", options->idle_connections,
                  "so many more are opened, greeted and left alone")
      ->check(CLI::Range(0u, kMaxBenchConnections));
  app->add_option("--depth", options->depth, "requests under way on each connection")
      ->check(CLI::Range(1u, limits::kMaxInFlightRequests))
      ->capture_default_str();
  auto* operations = app->add_option("--operations", options->operations, "stop after so many")
                         ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 50));
  app->add_option("--seconds", options->seconds, "stop after so long; 10 if neither is given")
      ->check(CLI::Range(0.001, 1e7))
      ->excludes(operations);
  app->add_option("--rate", options->rate,
                  "open loop: so many operations a second are due, whatever the server does, and "
                  "latencies count from when they were due")
      ->check(CLI::Range(0.001, 1e9));
  app->add_option("--threads", options->threads, "event loops of smilebench")
      ->check(CLI::Range(1u, kMaxBenchThreads))
      ->capture_default_str();
  app->add_option("--server-pid", options->server_pid,
                  "process id of the server on this machine: its CPU time and memory are measured")
      ->check(CLI::PositiveNumber);
  app->add_flag("--json", options->json, "the report as JSON");
}

// What one option alone cannot say.
Status Complete(const Given& given, BenchOptions* options) {
  const WorkloadInfo& workload = InfoOf(options->workload);
  if (given.value_size->empty()) options->value_bytes = workload.value_bytes;
  if (given.distribution->empty()) options->distribution = workload.distribution;
  if (options->operations == 0 && options->seconds == 0) options->seconds = kDefaultSeconds;
  if (options->threads > options->connections) options->threads = options->connections;
  if (workload.reads == ReadKind::kMGet &&
      size_t{options->value_bytes} * kKeysPerMGet > limits::kMaxReplyValueBytes) {
    return {Code::kInvalid, "the values of an mget do not fit into one answer: --value-size"};
  }
  if (options->target.driver == DriverKind::kRocksDb && options->threads > 1) {
    return {Code::kInvalid, "RocksDB in this process is measured with one thread"};
  }
  return {};
}

}  // namespace

std::string_view NameOf(Distribution distribution) {
  return kDistributions[static_cast<size_t>(distribution)].first;
}

std::string_view NameOf(DriverKind kind) {
  return kSchemes[static_cast<size_t>(kind)].name;
}

std::string Target::ToString() const {
  if (driver == DriverKind::kRocksDb) return fmt::format("rocksdb:{}", directory);
  return fmt::format("{}://{}", NameOf(driver), endpoint.ToString());
}

Result<BenchOptions> ParseBenchOptions(int argc, const char* const* argv, std::string* help) {
  BenchOptions options;
  Given given;
  CLI::App app("smilebench: loads a server and measures it", "smilebench");
  app.add_option("--target", given.target, kTargets)->capture_default_str();
  app.footer(
      "smilebench load --users N: writes that many users with their logins to a Smile server\n"
      "smilebench lookups --users N: gets random ones of them, cold and warm");
  DescribeWorkload(&app, &options, &given);
  DescribeLoad(&app, &options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    *help = app.help();
    return options;
  } catch (const CLI::ParseError& error) {
    return Status(Code::kInvalid, error.what());
  }
  SMILE_ASSIGN(options.target, ParseTarget(given.target));
  SMILE_TRY(Complete(given, &options));
  return options;
}

}  // namespace smile::bench
