#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bench/network/network.h"
#include "bench/smilebench/report_parts.h"

namespace smile::bench {
namespace {

template <class Number>
double Each(Number total, uint64_t count) {
  return count == 0 ? 0 : static_cast<double>(total) / static_cast<double>(count);
}

double PerSecond(uint64_t count, double seconds) {
  return seconds == 0 ? 0 : static_cast<double>(count) / seconds;
}

std::string ActsText(const NetworkOptions& options, const NetworkResults& results) {
  const uint64_t done = results.done();
  const StoreCost cost = results.cost();
  std::string out = fmt::format(
      "{:.0f} acts/s were due, {:.0f} were done, in {:.1f} requests and {:.1f} round trips each\n",
      options.rate, PerSecond(done, results.seconds), Each(cost.requests, done),
      Each(cost.round_trips, done));
  if (results.not_begun > 0) {
    out += fmt::format("NOT BEGUN, because too many were in flight: {}\n", results.not_begun);
  }
  out += fmt::format("CPU per act: smilebench {:.1f} us",
                     Each(results.client_cpu_seconds * 1e6, done));
  if (results.server.has_value()) {
    out += fmt::format(
        ", server {:.1f} us, so {:.0f} acts/s per core; the server has {} MiB in memory",
        Each(results.server->cpu_seconds * 1e6, done),
        results.server->cpu_seconds == 0 ? 0
                                         : static_cast<double>(done) / results.server->cpu_seconds,
        results.server->resident_bytes >> 20);
  }
  out += fmt::format("\n{:12} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "act", "count", "p50 ms", "p95 ms",
                     "p99 ms", "max ms");
  for (const ActInfo& info : kActs) {
    const Histogram& act = results.acts[static_cast<size_t>(info.act)];
    if (act.count() == 0) continue;
    out += fmt::format("{:12} {:>9} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f}\n", info.name, act.count(),
                       Millis(act.Percentile(50)), Millis(act.Percentile(95)),
                       Millis(act.Percentile(99)), Millis(act.max()));
  }
  const Histogram& notified = results.notified;
  out +=
      fmt::format("{:12} {:>9} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f}\n", "notified", notified.count(),
                  Millis(notified.Percentile(50)), Millis(notified.Percentile(95)),
                  Millis(notified.Percentile(99)), Millis(notified.max()));
  out += fmt::format("people who are online watch {} partitions or channels\n", results.watched);
  if (results.not_notified > 0) out += fmt::format("NOT NOTIFIED: {}\n", results.not_notified);
  return out;
}

nlohmann::ordered_json Describe(const Histogram& times) {
  return {{"count", times.count()},
          {"p50_ms", Millis(times.Percentile(50))},
          {"p95_ms", Millis(times.Percentile(95))},
          {"p99_ms", Millis(times.Percentile(99))},
          {"max_ms", Millis(times.max())}};
}

}  // namespace

std::string FormatText(const NetworkOptions& options, const NetworkResults& results) {
  std::string out =
      fmt::format("a network of {} people, at {}\n", results.people, options.target.ToString());
  if (options.load) {
    out += fmt::format("written in {:.1f} s with {} requests: {:.0f}/s\n", results.load_seconds,
                       results.requests_loaded,
                       PerSecond(results.requests_loaded, results.load_seconds));
  }
  if (results.seconds > 0) out += ActsText(options, results);
  for (const auto& [code, count] : results.errors) {
    out += fmt::format("ERRORS {}: {}\n", InfoOf(code).name, count);
  }
  if (!results.first_error.ok()) {
    out += fmt::format("the first: {}\n", Printable(results.first_error.ToString()));
  }
  if (results.interrupted) out += "INTERRUPTED\n";
  return out;
}

std::string FormatJson(const NetworkOptions& options, const NetworkResults& results) {
  const uint64_t done = results.done();
  nlohmann::ordered_json json = {
      {"target", options.target.ToString()},
      {"people", results.people},
      {"load_seconds", results.load_seconds},
      {"requests_loaded", results.requests_loaded},
      {"rate", options.rate},
      {"seconds", results.seconds},
      {"operations", results.seconds > 0 ? done : results.requests_loaded},
      {"acts", done},
      {"acts_per_second", PerSecond(done, results.seconds)},
      {"requests", results.cost().requests},
      {"round_trips", results.cost().round_trips},
      {"feed_posts", results.feed_posts},
      {"not_begun", results.not_begun},
      {"client_cpu_us", Each(results.client_cpu_seconds * 1e6, done)},
      {"interrupted", results.interrupted},
  };
  if (results.server.has_value()) {
    json["server_cpu_us"] = Each(results.server->cpu_seconds * 1e6, done);
    json["server_rss_bytes"] = results.server->resident_bytes;
  }
  nlohmann::ordered_json& each = json["each"] = nlohmann::ordered_json::object();
  for (const ActInfo& info : kActs) {
    const Histogram& act = results.acts[static_cast<size_t>(info.act)];
    const StoreCost& cost = results.costs[static_cast<size_t>(info.act)];
    if (act.count() == 0) continue;
    nlohmann::ordered_json& described = each[std::string(info.name)] = Describe(act);
    described["requests_each"] = Each(cost.requests, act.count());
    described["round_trips_each"] = Each(cost.round_trips, act.count());
  }
  json["notified"] = Describe(results.notified);
  json["not_notified"] = results.not_notified;
  json["watched"] = results.watched;
  nlohmann::ordered_json& errors = json["errors"] = nlohmann::ordered_json::object();
  for (const auto& [code, count] : results.errors) {
    errors[std::string(InfoOf(code).name)] = count;
  }
  json["first_error"] = results.first_error.ok() ? "" : results.first_error.ToString();
  return JsonReport(json);
}

}  // namespace smile::bench
