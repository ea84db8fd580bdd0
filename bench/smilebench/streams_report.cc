#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bench/smilebench/report_parts.h"
#include "bench/smilebench/streams.h"

namespace smile::bench {
namespace {

struct NamedLatencies {
  std::string_view name;
  const Histogram ProbeResults::*latencies;
};
constexpr std::array<NamedLatencies, 3> kProbes = {{{"get_same", &ProbeResults::get_same},
                                                    {"get_other", &ProbeResults::get_other},
                                                    {"put_other", &ProbeResults::put_other}}};

double MegabytesPerSecond(const StreamsResults& results) {
  return results.seconds == 0 ? 0 : static_cast<double>(results.bytes) / results.seconds / 1e6;
}

uint64_t Operations(const StreamsResults& results) {
  uint64_t total = results.streams;
  for (const auto& [name, member] : kProbes) total += (results.probes.*member).count();
  return total;
}

std::string_view NameOf(StreamDirection direction) {
  return direction == StreamDirection::kUp ? "up" : "down";
}

}  // namespace

std::string FormatText(const StreamsOptions& options, const StreamsResults& results) {
  std::string out =
      fmt::format("{} streams {} at {}: {} bytes in {:.2f} s: {:.1f} MB/s\n", options.streams,
                  NameOf(options.direction), options.target.ToString(), results.bytes,
                  results.seconds, MegabytesPerSecond(results));
  out += fmt::format("CPU: smilebench {:.2f} s", results.client_cpu_seconds);
  if (results.server.has_value()) {
    out += fmt::format(", server {:.2f} s; the server has {} MiB in memory, {} MiB at the peak",
                       results.server->cpu_seconds, results.server->resident_bytes >> 20,
                       results.server->peak_resident_bytes >> 20);
  }
  out += "\n";
  for (const auto& [name, member] : kProbes) {
    const Histogram& latencies = results.probes.*member;
    if (latencies.count() == 0) continue;
    out += fmt::format("{}: {} requests, p50 {:.1f} us, p99 {:.1f} us, max {:.1f} us\n", name,
                       latencies.count(), Micros(latencies.Percentile(50)),
                       Micros(latencies.Percentile(99)), Micros(latencies.max()));
  }
  if (!results.failure.ok()) {
    out += fmt::format("FAILED: {}\n", Printable(results.failure.ToString()));
  }
  return out;
}

std::string FormatJson(const StreamsOptions& options, const StreamsResults& results) {
  nlohmann::ordered_json json = {
      {"target", options.target.ToString()},
      {"direction", NameOf(options.direction)},
      {"streams", options.streams},
      {"operations", Operations(results)},
      {"bytes", results.bytes},
      {"seconds", results.seconds},
      {"megabytes_per_second", MegabytesPerSecond(results)},
      {"interrupted", results.interrupted},
      {"client_cpu_seconds", results.client_cpu_seconds},
  };
  if (results.server.has_value()) {
    json["server_cpu_seconds"] = results.server->cpu_seconds;
    json["server_rss_bytes"] = results.server->resident_bytes;
    json["server_peak_rss_bytes"] = results.server->peak_resident_bytes;
  }
  nlohmann::ordered_json& errors = json["errors"] = nlohmann::ordered_json::object();
  if (!results.failure.ok()) errors[std::string(InfoOf(results.failure.code()).name)] = 1;
  json["first_error"] = results.failure.ok() ? "" : results.failure.ToString();
  for (const auto& [name, member] : kProbes) {
    const Histogram& latencies = results.probes.*member;
    if (latencies.count() == 0) continue;
    json["probes"][std::string(name)] = {{"count", latencies.count()},
                                         {"p50_us", Micros(latencies.Percentile(50))},
                                         {"p99_us", Micros(latencies.Percentile(99))},
                                         {"p99.9_us", Micros(latencies.Percentile(99.9))},
                                         {"max_us", Micros(latencies.max())}};
  }
  return JsonReport(json);
}

}  // namespace smile::bench
