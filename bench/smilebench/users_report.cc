#include "bench/smilebench/users_report.h"

#include <array>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "base/text.h"
#include "bench/smilebench/report_parts.h"

namespace smile::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<NamedPercent, 5> kLookupPercents = {
    {{50, "p50"}, {90, "p90"}, {99, "p99"}, {99.9, "p99.9"}, {99.99, "p99.99"}}};

double Ratio(double sum, uint64_t count) {
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

double Rate(uint64_t count, double seconds) {
  return seconds == 0 ? 0 : static_cast<double>(count) / seconds;
}

std::string DiskText(const std::optional<uint64_t>& bytes, uint64_t users) {
  if (!bytes.has_value()) return "";
  return fmt::format("in files of users and logins: {} MiB, {:.0f} bytes per user\n",
                     WithCommas(*bytes >> 20), Ratio(static_cast<double>(*bytes), users));
}

void PutDisk(const std::optional<uint64_t>& bytes, uint64_t users, Json* json) {
  if (!bytes.has_value()) return;
  (*json)["disk_bytes"] = *bytes;
  (*json)["disk_bytes_per_user"] = Ratio(static_cast<double>(*bytes), users);
}

// `count` of `what` were completed.
std::string UseText(const std::optional<ProcessUse>& use, uint64_t count, std::string_view what) {
  if (!use.has_value()) return "";
  return fmt::format("server: {:.2f} us of CPU per {}; {} MiB in memory, {} MiB at the peak\n",
                     Ratio(use->cpu_seconds * 1e6, count), what,
                     WithCommas(use->resident_bytes >> 20),
                     WithCommas(use->peak_resident_bytes >> 20));
}

void PutUse(const std::optional<ProcessUse>& use, uint64_t count, Json* json) {
  if (!use.has_value()) return;
  (*json)["server_cpu_us"] = Ratio(use->cpu_seconds * 1e6, count);
  (*json)["server_rss_bytes"] = use->resident_bytes;
  (*json)["server_peak_rss_bytes"] = use->peak_resident_bytes;
}

std::string Dump(const Json& json) {
  return JsonReport(json);
}

void AppendLatencies(std::string_view round, std::string_view what, const Histogram& latencies,
                     std::string* out) {
  *out += fmt::format("{:<5} {:<9} {:>10} {:>9.1f}", round, what, latencies.count(),
                      latencies.mean() / 1000);
  for (const NamedPercent& each : kLookupPercents) {
    *out += fmt::format(" {:>9.1f}", Micros(latencies.Percentile(each.percent)));
  }
  *out += fmt::format(" {:>9.1f}\n", Micros(latencies.max()));
}

void AppendRound(std::string_view name, const LookupRound& round, std::string* out) {
  AppendLatencies(name, "profiles", round.profiles, out);
  AppendLatencies(name, "logins", round.logins, out);
}

void AppendVerdict(std::string_view name, const LookupRound& round, std::string* out) {
  *out += fmt::format("{}: {} lookups in {:.2f} s, {:.0f} per second\n", name, round.lookups,
                      round.seconds, Rate(round.lookups, round.seconds));
  *out += UseText(round.server, round.lookups, "lookup");
  if (round.unanswered > 0) {
    *out += fmt::format(
        "latencies include {} unanswered lookups with the time they had waited, a lower bound\n",
        round.unanswered);
  }
  if (round.wrong_values > 0) *out += fmt::format("WRONG VALUES: {}\n", round.wrong_values);
  if (round.errors > 0) {
    *out += fmt::format("errors: {}; first: {}\n", round.errors,
                        Printable(round.first_error.ToString()));
  }
}

Json LookupLatenciesJson(const Histogram& latencies) {
  Json json = {{"count", latencies.count()}, {"mean_us", latencies.mean() / 1000}};
  for (const NamedPercent& each : kLookupPercents) {
    json[fmt::format("{}_us", each.name)] = Micros(latencies.Percentile(each.percent));
  }
  json["max_us"] = Micros(latencies.max());
  return json;
}

Json RoundJson(const LookupRound& round) {
  Json json = {{"seconds", round.seconds},
               {"lookups", round.lookups},
               {"lookups_per_second", Rate(round.lookups, round.seconds)},
               {"unanswered", round.unanswered},
               {"wrong_values", round.wrong_values},
               {"errors", round.errors},
               {"first_error", round.first_error.ok() ? "" : round.first_error.ToString()},
               {"profiles", LookupLatenciesJson(round.profiles)},
               {"logins", LookupLatenciesJson(round.logins)}};
  PutUse(round.server, round.lookups, &json);
  return json;
}

}  // namespace

std::string FormatText(const UsersOptions& options, const UsersLoadResults& results) {
  std::string out = fmt::format(
      "users {} to {} at smile://{}: {} rows in {:.1f} s, {} rows/s\n", WithCommas(options.from),
      WithCommas(results.next - 1), options.server.ToString(), WithCommas(results.rows),
      results.seconds, WithCommas(static_cast<uint64_t>(Rate(results.rows, results.seconds))));
  out += fmt::format("writes retried: {}; logins that already existed: {}\n",
                     WithCommas(results.retried), WithCommas(results.already_there));
  out += UseText(results.server, results.rows, "row");
  out += DiskText(results.disk_bytes, results.next - 1);
  if (!results.failure.ok())
    out += fmt::format("ended early: {}\n", Printable(results.failure.ToString()));
  if (results.interrupted) out += "INTERRUPTED: this report covers only the time until then\n";
  if (!results.complete(options)) out += fmt::format("resume with --from {}\n", results.next);
  return out;
}

std::string FormatJson(const UsersOptions& options, const UsersLoadResults& results) {
  Json json = {{"target", "smile://" + options.server.ToString()},
               {"users", options.users},
               {"from", options.from},
               {"next", results.next},
               {"complete", results.complete(options)},
               {"interrupted", results.interrupted},
               {"failure", results.failure.ok() ? "" : results.failure.ToString()},
               {"connections", options.connections},
               {"depth", options.depth},
               {"seconds", results.seconds},
               {"rows", results.rows},
               {"rows_per_second", Rate(results.rows, results.seconds)},
               {"retried", results.retried},
               {"already_there", results.already_there}};
  PutUse(results.server, results.rows, &json);
  PutDisk(results.disk_bytes, results.next - 1, &json);
  return Dump(json);
}

std::string FormatText(const UsersOptions& options, const LookupResults& results) {
  std::string out =
      fmt::format("{} users at smile://{}: {} connections x depth {}\n", WithCommas(options.users),
                  options.server.ToString(), options.connections, options.depth);
  out += fmt::format("{:<15} {:>10} {:>9}", "us", "count", "mean");
  for (const NamedPercent& each : kLookupPercents) out += fmt::format(" {:>9}", each.name);
  out += fmt::format(" {:>9}\n", "max");
  if (results.interrupted) out = "INTERRUPTED: this report covers only the time until then\n" + out;
  AppendRound("cold", results.cold, &out);
  AppendRound("warm", results.warm, &out);
  AppendVerdict("cold", results.cold, &out);
  AppendVerdict("warm", results.warm, &out);
  return out + DiskText(results.disk_bytes, options.users);
}

std::string FormatJson(const UsersOptions& options, const LookupResults& results) {
  Json json = {{"target", "smile://" + options.server.ToString()},
               {"users", options.users},
               {"connections", options.connections},
               {"depth", options.depth},
               {"interrupted", results.interrupted},
               {"cold", RoundJson(results.cold)},
               {"warm", RoundJson(results.warm)}};
  PutDisk(results.disk_bytes, options.users, &json);
  return Dump(json);
}

}  // namespace smile::bench
