#include "bench/smilebench/options.h"

#include <array>
#include <map>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/limits.h"

namespace smile::bench {
namespace {

constexpr std::string_view kScheme = "smile://";
constexpr uint16_t kDefaultPort = 7645;

constexpr std::array<std::pair<const char*, WorkloadKind>, 4> kWorkloads = {{
    {"get", WorkloadKind::kGet},
    {"put", WorkloadKind::kPut},
    {"mixed", WorkloadKind::kMixed},
    {"scan", WorkloadKind::kScan},
}};

Result<Endpoint> ParseTarget(std::string_view text) {
  if (text.substr(0, kScheme.size()) != kScheme) {
    return Status(Code::kInvalid, "--target is smile://HOST:PORT");
  }
  text.remove_prefix(kScheme.size());
  return ParseEndpoint(text, kDefaultPort);
}

void Describe(CLI::App* app, BenchOptions* options, std::string* target) {
  const std::map<std::string, WorkloadKind> workloads(kWorkloads.begin(), kWorkloads.end());
  app->add_option("--target", *target, "the server")->capture_default_str();
  app->add_option("--workload", options->workload,
                  "get: reads; put: durable writes; mixed: nine reads to one write; scan: 20 "
                  "records of one partition")
      ->transform(CLI::CheckedTransformer(workloads).description("get|put|mixed|scan"));
  app->add_option("--connections", options->connections, "connections")
      ->check(CLI::Range(1u, kMaxBenchConnections))
      ->capture_default_str();
  app->add_option("--depth", options->depth, "requests under way on each connection")
      ->check(CLI::Range(1u, limits::kMaxInFlightRequests))
      ->capture_default_str();
  app->add_option("--keys", options->keys, "different records")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40))
      ->capture_default_str();
  app->add_option("--value-size", options->value_bytes, "bytes of each value")
      ->check(CLI::Range(uint32_t{0}, static_cast<uint32_t>(limits::kMaxValueBytes)))
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
                  "process id of the server on this machine: its CPU time is measured too")
      ->check(CLI::PositiveNumber);
  app->add_flag("--json", options->json, "the report as JSON");
}

}  // namespace

std::string_view NameOf(WorkloadKind kind) {
  for (const auto& [name, value] : kWorkloads) {
    if (value == kind) return name;
  }
  return {};
}

Result<BenchOptions> ParseBenchOptions(int argc, const char* const* argv, std::string* help) {
  BenchOptions options;
  std::string target = "smile://127.0.0.1:7645";
  CLI::App app("smilebench: loads a Smile server and measures it", "smilebench");
  Describe(&app, &options, &target);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    *help = app.help();
    return options;
  } catch (const CLI::ParseError& error) {
    return Status(Code::kInvalid, error.what());
  }
  SMILE_ASSIGN(options.target, ParseTarget(target));
  if (options.operations == 0 && options.seconds == 0) options.seconds = kDefaultSeconds;
  if (options.threads > options.connections) options.threads = options.connections;
  return options;
}

}  // namespace smile::bench
