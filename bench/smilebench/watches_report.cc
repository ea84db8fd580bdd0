#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/option_checks.h"
#include "base/text.h"
#include "bench/smilebench/option_parts.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/report_parts.h"
#include "bench/smilebench/watches.h"

namespace smile::bench {
namespace {

constexpr const char* kWatchesSummary =
    "smilebench watches: has thousands of watches on the posts of one author, and writes posts: "
    "what a watched write takes, and when all watches have been told.";
constexpr uint32_t kMaxWatches = 1'000'000;

std::string Line(const char* what, const Histogram& times) {
  return fmt::format("{:<34} p50 {:8.3f} ms, p99 {:8.3f} ms, most {:8.3f} ms\n", what,
                     Millis(times.Percentile(50)), Millis(times.Percentile(99)),
                     Millis(times.max()));
}

}  // namespace

Result<WatchesOptions> ParseWatchesOptions(int argc, const char* const* argv, std::string* help) {
  WatchesOptions options;
  std::string target = "smile://127.0.0.1:7645";
  CLI::App app(kWatchesSummary, "smilebench watches");
  app.add_option("--target", target, "smile://HOST:PORT (default smile://127.0.0.1:7645)")
      ->type_name("TARGET");
  app.add_option("--watches", options.watches, "watches (default 10000)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxWatches));
  app.add_option("--connections", options.connections,
                 "connections that the watches share (default 1000)")
      ->type_name("N")
      ->check(IntegerFrom(1, 1'024));
  app.add_option("--writes", options.writes,
                 "posts while there are watches, and as many without (default 100)")
      ->type_name("N")
      ->check(IntegerFrom(2, 1'000'000));
  app.add_option("--pause", options.pause_millis,
                 "time after each write, when all watches have been told (default 50)")
      ->type_name("MS")
      ->check(IntegerFrom(0, 60'000));
  app.add_option("--value-bytes", options.value_bytes, "length of a post (default 200)")
      ->type_name("N")
      ->check(IntegerFrom(0, 1 << 20));
  AddReportOptions(&app, &options.server_pid, &options.json);
  app.footer(kExitStatuses);
  SMILE_TRY(ParseCommandLine(&app, argc, argv, help));
  if (!help->empty()) return options;
  if (!target.starts_with(kSmileScheme)) {
    return Status(Code::kInvalid, "--target: give smile://HOST:PORT");
  }
  SMILE_ASSIGN(options.server, ServerOf(target, kSmileScheme, kSmilePort));
  return options;
}

std::string FormatText(const WatchesOptions& options, const WatchesResults& results) {
  std::string out = fmt::format("{}{}: {} watches over {} connections, {} writes\n", kSmileScheme,
                                options.server.ToString(), options.watches, options.connections,
                                results.watched.count());
  out += Line("write without watches", results.unwatched);
  out += Line("write with watches", results.watched);
  out += Line("first watch told after", results.first_told);
  out += Line("last watch told after", results.last_told);
  out += fmt::format("{} events, {} gaps\n", results.events, results.gaps);
  out += fmt::format("CPU: smilebench {:.2f} s", results.client_cpu_seconds);
  if (results.server.has_value()) {
    const double micros = results.server->cpu_seconds * 1e6;
    out += fmt::format(", server {:.2f} s ({:.2f} us an event); it has {} MiB in memory",
                       results.server->cpu_seconds,
                       results.events == 0 ? 0 : micros / static_cast<double>(results.events),
                       results.server->resident_bytes >> 20);
  }
  out += "\n";
  if (!results.failure.ok()) {
    out += fmt::format("FAILED: {}\n", Printable(results.failure.ToString()));
  }
  return out;
}

std::string FormatJson(const WatchesOptions& options, const WatchesResults& results) {
  nlohmann::ordered_json json = {
      {"target", fmt::format("{}{}", kSmileScheme, options.server.ToString())},
      {"watches", options.watches},
      {"connections", options.connections},
      {"writes", results.watched.count()},
      {"events", results.events},
      {"gaps", results.gaps},
      {"interrupted", results.interrupted},
      {"client_cpu_seconds", results.client_cpu_seconds},
  };
  const std::pair<const char*, const Histogram*> times[] = {{"unwatched", &results.unwatched},
                                                            {"watched", &results.watched},
                                                            {"first_told", &results.first_told},
                                                            {"last_told", &results.last_told}};
  for (const auto& [name, histogram] : times) {
    json[fmt::format("{}_p50_ms", name)] = Millis(histogram->Percentile(50));
    json[fmt::format("{}_p99_ms", name)] = Millis(histogram->Percentile(99));
    json[fmt::format("{}_max_ms", name)] = Millis(histogram->max());
  }
  if (results.server.has_value()) {
    json["server_cpu_seconds"] = results.server->cpu_seconds;
    json["server_rss_bytes"] = results.server->resident_bytes;
  }
  json["first_error"] = results.failure.ok() ? "" : results.failure.ToString();
  return JsonReport(json);
}

}  // namespace smile::bench
