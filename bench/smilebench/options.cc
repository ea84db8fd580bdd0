#include "bench/smilebench/options.h"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/limits.h"
#include "base/option_checks.h"
#include "base/text.h"
#include "bench/smilebench/option_parts.h"
#include "bench/smilebench/workload.h"

namespace smile::bench {
namespace {

struct Scheme {
  DriverKind driver;
  std::string_view name;
  uint16_t default_port;  // 0: there is a directory instead
};
constexpr std::array<Scheme, 7> kSchemes = {{{DriverKind::kSmile, "smile", 7645},
                                             {DriverKind::kRedis, "redis", 6379},
                                             {DriverKind::kTarantool, "tarantool", 3301},
                                             {DriverKind::kRocksDb, "rocksdb", 0},
                                             {DriverKind::kHttp, "http", 80},
                                             {DriverKind::kFiles, "files", 0},
                                             {DriverKind::kTcp, "tcp", 80}}};

constexpr std::array<std::pair<std::string_view, Distribution>, 3> kDistributions = {{
    {"uniform", Distribution::kUniform},
    {"zipfian", Distribution::kZipfian},
    {"latest", Distribution::kLatest},
}};

constexpr const char* kTargets =
    "smile://HOST:PORT; redis://HOST:PORT (any server that speaks RESP); tarantool://HOST:PORT "
    "(spaces \"records\" of key, value and \"posts\" of author, post, value); "
    "rocksdb:DIRECTORY (RocksDB in this process: the upper limit of a server built on it); for "
    "photos also http://HOST:PORT (a file server with PUT) or files:DIRECTORY (one file per photo, "
    "in this process)";

constexpr const char* kCommands =
    "smilebench streams              send large content to a server, or receive it\n"
    "smilebench serve --directory D  the plain server that downloads are compared with\n"
    "smilebench linkbench            LinkBench, a graph of nodes and links, also with MariaDB\n"
    "smilebench network              a day of a social network: people who read, write and log in\n"
    "smilebench logins               verify passwords, or make hashes with libargon2 alone\n"
    "smilebench watches              tell thousands of watches of each post\n"
    "smilebench feeds                read the newest posts of all friends, also with Redis\n"
    "smilebench load --users N       write N users with their logins to a Smile server\n"
    "smilebench lookups --users N    read random ones of them, cold and warm\n"
    "smilebench COMMAND --help       the options of such a command";

// What was given on the command line and is not an option as it stands.
struct Given {
  std::string target = "smile://127.0.0.1:7645";
  CLI::Option* value_size = nullptr;
  CLI::Option* distribution = nullptr;
};

std::string Quoted(std::string_view text) {
  return "\"" + Printable(text) + "\"";
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
  app->add_option("--workload", options->workload, summaries + " (default get)")
      ->type_name("")
      ->transform(OneOf(workloads, names));
  app->add_option("--keys", options->keys, "number of distinct records (default 100000)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxBenchKeys));
  app->add_option("--first", options->first,
                  "photo-put, photo-get: number of the first photo (default 0)")
      ->type_name("NUMBER")
      ->check(IntegerFrom(0, kMaxBenchKeys));
  given->value_size = app->add_option("--value-size", options->value_bytes,
                                      "size of each value (0 to 1048576; default 1000 for ycsb, "
                                      "otherwise 100)")
                          ->type_name("BYTES")
                          ->check(IntegerFrom(0, limits::kMaxValueBytes));
  const std::map<std::string, Distribution> distributions = {{"uniform", Distribution::kUniform},
                                                             {"zipfian", Distribution::kZipfian}};
  given->distribution =
      app->add_option("--distribution", options->distribution,
                      "how records are chosen (default: zipfian (0.99, scrambled) for ycsb, the "
                      "latest for ycsb-d, otherwise uniform)")
          ->type_name("")
          ->transform(OneOf(distributions, "uniform|zipfian"));
  app->add_flag("--preloaded", options->preloaded,
                "do not write the records first: an earlier run with the same --keys and "
                "--value-size wrote them (of scan; of ycsb-e; of photo-get; or of any other "
                "workload but put)");
}

void DescribeLoad(CLI::App* app, BenchOptions* options) {
  app->add_option("--connections", options->connections, "connections (1 to 50000; default 16)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxBenchConnections));
  app->add_option("--idle-connections", options->idle_connections,
                  "additional connections that are opened and then send nothing (default 0)")
      ->type_name("N")
      ->check(IntegerFrom(0, kMaxBenchConnections));
  app->add_option("--depth", options->depth,
                  "requests in flight per connection (1 to 1024; default 1)")
      ->type_name("N")
      ->check(IntegerFrom(1, limits::kMaxInFlightRequests));
  auto* operations =
      app->add_option("--operations", options->operations, "stop after this many operations")
          ->type_name("N")
          ->check(IntegerFrom(1, kMaxBenchOperations));
  app->add_option("--seconds", options->seconds,
                  "stop after this time (default 10, unless --operations is given)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(kMinSeconds, kMaxSeconds))
      ->excludes(operations);
  app->add_option("--rate", options->rate,
                  "open loop: operations per second that are due, however fast the server is; "
                  "latency counts from when an operation was due (default: closed loop)")
      ->type_name("RATE")
      ->check(DecimalFrom(kMinRate, kMaxRate));
  app->add_option("--threads", options->threads, "event loops of smilebench (1 to 64; default 1)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxBenchThreads));
  AddReportOptions(app, &options->server_pid, &options->json);
}

Status CheckTarget(const WorkloadInfo& workload, const BenchOptions& options) {
  const DriverKind driver = options.target.driver;
  if (options.threads > 1 && (driver == DriverKind::kRocksDb || workload.photos)) {
    return {Code::kInvalid,
            "--threads: a rocksdb: target and photos take one thread; leave it out"};
  }
  if (workload.adds && driver != DriverKind::kSmile && driver != DriverKind::kRedis) {
    return {Code::kInvalid, "--workload: add takes a smile: or redis: target"};
  }
  if (!workload.photos && (driver == DriverKind::kHttp || driver == DriverKind::kFiles)) {
    return {Code::kInvalid,
            "--workload: an http: or files: target takes only photo-put and photo-get"};
  }
  return {};
}

// What one option alone cannot say.
Status Complete(const Given& given, BenchOptions* options) {
  const WorkloadInfo& workload = InfoOf(options->workload);
  if (given.value_size->empty()) options->value_bytes = workload.value_bytes;
  if (given.distribution->empty()) options->distribution = workload.distribution;
  if (options->workload == WorkloadKind::kPhotoPut && options->operations == 0) {
    options->operations = options->keys;
  }
  if (options->operations == 0 && options->seconds == 0) options->seconds = kDefaultSeconds;
  if (options->threads > options->connections) options->threads = options->connections;
  if (workload.reads == ReadKind::kMGet &&
      size_t{options->value_bytes} * kKeysPerMGet > limits::kMaxReplyValueBytes) {
    return {Code::kInvalid,
            fmt::format("--value-size {}: the {} values of an mget exceed a reply's limit; give at "
                        "most {}",
                        options->value_bytes, kKeysPerMGet,
                        limits::kMaxReplyValueBytes / kKeysPerMGet)};
  }
  return CheckTarget(workload, *options);
}

}  // namespace

Result<Target> ParseTarget(std::string_view text) {
  const std::string_view whole = text;
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
    SMILE_ASSIGN(target.endpoint, ServerOf(whole, prefix, scheme.default_port));
    return target;
  }
  return Status(Code::kInvalid,
                fmt::format("--target: {} is not a target; give {}", Quoted(whole), kTargets));
}

Result<Target> ParseSmileOrRedis(std::string_view text) {
  SMILE_ASSIGN(Target target, ParseTarget(text));
  if (target.driver != DriverKind::kSmile && target.driver != DriverKind::kRedis) {
    return Status(Code::kInvalid, "--target: give smile://HOST:PORT or redis://HOST:PORT");
  }
  return target;
}

std::string_view NameOf(Distribution distribution) {
  return kDistributions[static_cast<size_t>(distribution)].first;
}

std::string_view NameOf(DriverKind kind) {
  return kSchemes[static_cast<size_t>(kind)].name;
}

std::string Target::ToString() const {
  if (!directory.empty()) return fmt::format("{}:{}", NameOf(driver), directory);
  return fmt::format("{}://{}", NameOf(driver), endpoint.ToString());
}

Result<BenchOptions> ParseBenchOptions(int argc, const char* const* argv, std::string* help) {
  BenchOptions options;
  Given given;
  CLI::App app("smilebench: measures a server under load", "smilebench");
  app.add_option("--target", given.target, fmt::format("{} (default {})", kTargets, given.target))
      ->type_name("TARGET");
  app.footer(fmt::format("{}\n\n{}", kCommands, kExitStatuses));
  DescribeWorkload(&app, &options, &given);
  DescribeLoad(&app, &options);
  SMILE_TRY(ParseCommandLine(&app, argc, argv, help));
  if (!help->empty()) return options;
  SMILE_ASSIGN(options.target, ParseTarget(given.target));
  SMILE_TRY(Complete(given, &options));
  return options;
}

}  // namespace smile::bench
