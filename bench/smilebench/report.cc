#include "bench/smilebench/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "bench/smilebench/report_parts.h"
#include "bench/smilebench/workload.h"

namespace smile::bench {
namespace {

constexpr std::array<NamedPercent, 6> kPercents = {
    {{50, "p50"}, {90, "p90"}, {95, "p95"}, {99, "p99"}, {99.9, "p99.9"}, {99.99, "p99.99"}}};

// The curve of percentiles: each eighth of a decade towards 100 %, and the maximum.
constexpr int kCurvePointsPerDecade = 8;
constexpr int kCurveDecades = 5;

double Millis(int64_t nanos) {
  return static_cast<double>(nanos) / kNanosPerMilli;
}

double PerOperationMicros(double cpu_seconds, const Results& results) {
  return results.operations == 0 ? 0 : cpu_seconds * 1e6 / static_cast<double>(results.operations);
}

double Rate(const Results& results) {
  return results.seconds == 0 ? 0 : static_cast<double>(results.operations) / results.seconds;
}

void AppendLatencies(std::string_view name, const Histogram& latencies, std::string* out) {
  if (latencies.count() == 0) return;
  *out += fmt::format("{:<6} {:>12} ", name, latencies.count());
  *out += fmt::format("{:>9.1f} {:>9.1f}", Micros(latencies.min()), latencies.mean() / 1000);
  for (const NamedPercent& each : kPercents) {
    *out += fmt::format(" {:>9.1f}", Micros(latencies.Percentile(each.percent)));
  }
  *out += fmt::format(" {:>9.1f}\n", Micros(latencies.max()));
}

nlohmann::ordered_json LatenciesJson(const Histogram& latencies) {
  nlohmann::ordered_json json = {{"count", latencies.count()},
                                 {"min_us", Micros(latencies.min())},
                                 {"mean_us", latencies.mean() / 1000}};
  for (const NamedPercent& each : kPercents) {
    json[std::string(each.name) + "_us"] = Micros(latencies.Percentile(each.percent));
  }
  json["max_us"] = Micros(latencies.max());
  nlohmann::ordered_json& curve = json["percentiles"] = nlohmann::ordered_json::array();
  for (int i = 0; i <= kCurvePointsPerDecade * kCurveDecades; ++i) {
    const double percent =
        100 * (1 - std::pow(10.0, -static_cast<double>(i) / kCurvePointsPerDecade));
    curve.push_back({percent, Micros(latencies.Percentile(percent))});
  }
  curve.push_back({100.0, Micros(latencies.max())});
  return json;
}

std::string UnansweredText(const Unanswered& unanswered) {
  if (unanswered.total() == 0) return "";
  std::string parts;
  for (const auto& [count, name] : {std::pair{unanswered.never_sent, "never sent"},
                                    {unanswered.in_flight, "in flight at the end"},
                                    {unanswered.timed_out, "timed out"},
                                    {unanswered.lost, "lost"}}) {
    if (count > 0) parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count, name);
  }
  return fmt::format(
      "latencies include {} unanswered operations with the time they had waited, a lower bound: "
      "{}\n",
      unanswered.total(), parts);
}

nlohmann::ordered_json UnansweredJson(const Unanswered& unanswered) {
  return {{"never_sent", unanswered.never_sent},
          {"in_flight", unanswered.in_flight},
          {"timed_out", unanswered.timed_out},
          {"lost", unanswered.lost}};
}

}  // namespace

void Results::Add(const Results& other) {
  reads.Add(other.reads);
  writes.Add(other.writes);
  wrong_values += other.wrong_values;
  for (const auto& [code, count] : other.errors) errors[code] += count;
  if (first_error.ok()) first_error = other.first_error;
  operations += other.operations;
  photo_bytes += other.photo_bytes;
  unanswered.never_sent += other.unanswered.never_sent;
  unanswered.in_flight += other.unanswered.in_flight;
  unanswered.timed_out += other.unanswered.timed_out;
  unanswered.lost += other.unanswered.lost;
  lost = lost || other.lost;
  interrupted = interrupted || other.interrupted;
  seconds = std::max(seconds, other.seconds);
  if (other.server_cpu_seconds >= 0) {
    server_cpu_seconds = std::max(server_cpu_seconds, 0.0) + other.server_cpu_seconds;
  }
  longest_stall_nanos = std::max(longest_stall_nanos, other.longest_stall_nanos);
}

uint64_t Results::failures() const {
  uint64_t total = wrong_values;
  for (const auto& [code, count] : errors) total += count;
  return total;
}

std::string FormatText(const BenchOptions& options, const Results& results) {
  std::string out = fmt::format(
      "{} at {}: {} connections x depth {}, {} keys ({}), values of {} bytes, {}\n",
      NameOf(options.workload), options.target.ToString(), options.connections, options.depth,
      options.keys, NameOf(options.distribution), options.value_bytes,
      options.rate > 0 ? fmt::format("open loop at {} op/s", options.rate) : "closed loop");
  if (results.interrupted) {
    out += "INTERRUPTED: this report covers only the time until then\n";
  }
  out += fmt::format("{} operations in {:.2f} s: {:.0f} op/s\n", results.operations,
                     results.seconds, Rate(results));
  if (results.photo_bytes > 0) {
    out += fmt::format("{:.1f} MB/s of photos\n",
                       static_cast<double>(results.photo_bytes) / results.seconds / 1e6);
  }
  out += UnansweredText(results.unanswered);
  out += fmt::format("{:<6} {:>12} {:>9} {:>9}", "us", "count", "min", "mean");
  for (const NamedPercent& each : kPercents) out += fmt::format(" {:>9}", each.name);
  out += fmt::format(" {:>9}\n", "max");
  AppendLatencies("reads", results.reads, &out);
  AppendLatencies("writes", results.writes, &out);
  out += fmt::format("CPU per operation: smilebench {:.2f} us",
                     PerOperationMicros(results.client_cpu_seconds, results));
  if (results.server_cpu_seconds >= 0) {
    out += fmt::format(", server {:.2f} us; the server has {} MiB in memory",
                       PerOperationMicros(results.server_cpu_seconds, results),
                       results.server_rss_bytes >> 20);
  }
  out += fmt::format("\nlongest stall: {:.1f} ms\n", Millis(results.longest_stall_nanos));
  if (results.unanswered.never_sent > 0) {
    out += fmt::format("the server is slower than --rate: {} operations were due and never sent\n",
                       results.unanswered.never_sent);
  }
  if (results.lost) out += "ended early: a connection was lost, or an outcome is unknown\n";
  if (results.wrong_values > 0) out += fmt::format("WRONG VALUES: {}\n", results.wrong_values);
  for (const auto& [code, count] : results.errors) {
    out += fmt::format("errors: {} {}\n", count, InfoOf(code).name);
  }
  if (!results.first_error.ok()) {
    out += fmt::format("first: {}\n", Printable(results.first_error.ToString()));
  }
  return out;
}

std::string FormatJson(const BenchOptions& options, const Results& results) {
  nlohmann::ordered_json json = {{"target", options.target.ToString()},
                                 {"driver", NameOf(options.target.driver)},
                                 {"workload", NameOf(options.workload)},
                                 {"distribution", NameOf(options.distribution)},
                                 {"keys_per_operation", KeysPerOperation(options.workload)},
                                 {"connections", options.connections},
                                 {"idle_connections", options.idle_connections},
                                 {"depth", options.depth},
                                 {"keys", options.keys},
                                 {"value_bytes", options.value_bytes},
                                 {"threads", options.threads},
                                 {"rate", options.rate},
                                 {"seconds", results.seconds},
                                 {"interrupted", results.interrupted},
                                 {"operations", results.operations},
                                 {"operations_per_second", Rate(results)},
                                 {"unanswered", UnansweredJson(results.unanswered)},
                                 {"lost", results.lost},
                                 {"longest_stall_ms", Millis(results.longest_stall_nanos)},
                                 {"wrong_values", results.wrong_values}};
  nlohmann::ordered_json& errors = json["errors"] = nlohmann::ordered_json::object();
  for (const auto& [code, count] : results.errors) errors[std::string(InfoOf(code).name)] = count;
  if (results.photo_bytes > 0) json["photo_bytes"] = results.photo_bytes;
  json["first_error"] = results.first_error.ok() ? "" : results.first_error.ToString();
  if (results.reads.count() > 0) json["reads"] = LatenciesJson(results.reads);
  if (results.writes.count() > 0) json["writes"] = LatenciesJson(results.writes);
  json["client_cpu_us"] = PerOperationMicros(results.client_cpu_seconds, results);
  if (results.server_cpu_seconds >= 0) {
    json["server_cpu_us"] = PerOperationMicros(results.server_cpu_seconds, results);
    json["server_rss_bytes"] = results.server_rss_bytes;
  }
  // A server's error message may not be UTF-8.
  return JsonReport(json);
}

}  // namespace smile::bench
