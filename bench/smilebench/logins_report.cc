#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/option_checks.h"
#include "base/text.h"
#include "bench/smilebench/logins.h"
#include "bench/smilebench/option_parts.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/report_parts.h"

namespace smile::bench {
namespace {

constexpr const char* kLoginsSummary =
    "smilebench logins: has a Smile server verify passwords as fast as it can, or has libargon2 in "
    "this process make hashes, for comparison.";
constexpr uint32_t kMaxLogins = 10'000;

double PerSecond(const LoginsResults& results) {
  return results.seconds == 0 ? 0
                              : static_cast<double>(results.latencies.count()) / results.seconds;
}

std::string TargetOf(const LoginsOptions& options) {
  return options.server.has_value() ? fmt::format("{}{}", kSmileScheme, options.server->ToString())
                                    : "libargon2";
}

}  // namespace

Result<LoginsOptions> ParseLoginsOptions(int argc, const char* const* argv, std::string* help) {
  LoginsOptions options;
  std::string target = "smile://127.0.0.1:7645";
  CLI::App app(kLoginsSummary, "smilebench logins");
  app.add_option("--target", target,
                 "smile://HOST:PORT, or libargon2 (default smile://127.0.0.1:7645)")
      ->type_name("TARGET");
  app.add_option("--logins", options.logins,
                 "logins, each with one request in flight; threads of libargon2 (default 16)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxLogins));
  app.add_option("--seconds", options.seconds, "length of the run (default 10)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(kMinSeconds, kMaxSeconds));
  app.add_option("--argon2-memory-kib", options.memory_kib,
                 "libargon2: memory of a hash, in KiB (default 19456)")
      ->type_name("N")
      ->check(IntegerFrom(8, 1 << 20));
  app.add_option("--argon2-passes", options.passes, "libargon2: passes over it (default 2)")
      ->type_name("N")
      ->check(IntegerFrom(1, 1'024));
  AddReportOptions(&app, &options.server_pid, &options.json);
  app.footer(kExitStatuses);
  SMILE_TRY(ParseCommandLine(&app, argc, argv, help));
  if (!help->empty()) return options;
  if (target == "libargon2") return options;
  if (!target.starts_with(kSmileScheme)) {
    return Status(Code::kInvalid, "--target: give smile://HOST:PORT or libargon2");
  }
  SMILE_ASSIGN(options.server, ServerOf(target, kSmileScheme, kSmilePort));
  return options;
}

std::string FormatText(const LoginsOptions& options, const LoginsResults& results) {
  std::string out = fmt::format("{}: {} in {:.2f} s: {:.1f}/s, p50 {:.1f} us, p99 {:.1f} us\n",
                                TargetOf(options), results.latencies.count(), results.seconds,
                                PerSecond(results), Micros(results.latencies.Percentile(50)),
                                Micros(results.latencies.Percentile(99)));
  out += fmt::format("CPU: smilebench {:.2f} s", results.client_cpu_seconds);
  if (results.server.has_value()) {
    out += fmt::format(", server {:.2f} s; the server has {} MiB in memory",
                       results.server->cpu_seconds, results.server->resident_bytes >> 20);
  }
  out += "\n";
  if (!results.failure.ok()) {
    out += fmt::format("FAILED: {}\n", Printable(results.failure.ToString()));
  }
  return out;
}

std::string FormatJson(const LoginsOptions& options, const LoginsResults& results) {
  nlohmann::ordered_json json = {
      {"target", TargetOf(options)},
      {"logins", options.logins},
      {"operations", results.latencies.count()},
      {"seconds", results.seconds},
      {"operations_per_second", PerSecond(results)},
      {"p50_us", Micros(results.latencies.Percentile(50))},
      {"p99_us", Micros(results.latencies.Percentile(99))},
      {"interrupted", results.interrupted},
      {"client_cpu_seconds", results.client_cpu_seconds},
  };
  if (results.server.has_value()) {
    json["server_cpu_seconds"] = results.server->cpu_seconds;
    json["server_rss_bytes"] = results.server->resident_bytes;
  }
  nlohmann::ordered_json& errors = json["errors"] = nlohmann::ordered_json::object();
  if (!results.failure.ok()) errors[std::string(InfoOf(results.failure.code()).name)] = 1;
  json["first_error"] = results.failure.ok() ? "" : results.failure.ToString();
  return JsonReport(json);
}

}  // namespace smile::bench
