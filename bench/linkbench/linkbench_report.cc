#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bench/linkbench/linkbench.h"
#include "bench/smilebench/report_parts.h"

namespace smile::bench {
namespace {

double PerSecond(uint64_t count, const LinkBenchPart& part) {
  return part.seconds == 0 ? 0 : static_cast<double>(count) / part.seconds;
}

double MicrosEach(double seconds, uint64_t count) {
  return count == 0 ? 0 : seconds * 1e6 / static_cast<double>(count);
}

double FoundEach(const LinkOpResults& operation) {
  const uint64_t count = operation.latencies.count();
  return count == 0 ? 0 : static_cast<double>(operation.found) / static_cast<double>(count);
}

std::string LoadText(const LinkBenchResults& results) {
  return fmt::format("load: {} nodes and {} links in {:.1f} s: {:.0f} links/s\n",
                     results.nodes_loaded, results.links_loaded, results.load.seconds,
                     PerSecond(results.links_loaded, results.load));
}

std::string RunText(const LinkBenchOptions& options, const LinkBenchResults& results) {
  const uint64_t succeeded = results.succeeded();
  std::string out = fmt::format("requests: {} clients, {} in {:.1f} s: {:.0f}/s\n", options.clients,
                                succeeded, results.run.seconds, PerSecond(succeeded, results.run));
  out += fmt::format("CPU per request: smilebench {:.1f} us",
                     MicrosEach(results.run.client_cpu_seconds, succeeded));
  if (results.run.server.has_value()) {
    out += fmt::format(", server {:.1f} us; the server has {} MiB in memory",
                       MicrosEach(results.run.server->cpu_seconds, succeeded),
                       results.run.server->resident_bytes >> 20);
  }
  out += fmt::format("\n{:14} {:>9} {:>9} {:>9} {:>9} {:>8}\n", "operation", "count", "p50 us",
                     "p99 us", "max us", "found");
  for (const LinkOpInfo& info : kLinkOps) {
    const LinkOpResults& operation = results.operations[static_cast<size_t>(info.op)];
    const Histogram& latencies = operation.latencies;
    if (latencies.count() == 0) continue;
    out += fmt::format("{:14} {:>9} {:>9.0f} {:>9.0f} {:>9.0f} {:>8.2f}\n", info.name,
                       latencies.count(), Micros(latencies.Percentile(50)),
                       Micros(latencies.Percentile(99)), Micros(latencies.max()),
                       FoundEach(operation));
  }
  return out;
}

void AddPart(std::string_view name, const LinkBenchPart& part, nlohmann::ordered_json* json) {
  nlohmann::ordered_json& object = (*json)[std::string(name)];
  object = {{"seconds", part.seconds}, {"client_cpu_seconds", part.client_cpu_seconds}};
  if (!part.server.has_value()) return;
  object["server_cpu_seconds"] = part.server->cpu_seconds;
  object["server_rss_bytes"] = part.server->resident_bytes;
  object["server_peak_rss_bytes"] = part.server->peak_resident_bytes;
}

void AddRequests(const LinkBenchResults& results, nlohmann::ordered_json* json) {
  const uint64_t succeeded = results.succeeded();
  (*json)["operations"] = succeeded;
  (*json)["operations_per_second"] = PerSecond(succeeded, results.run);
  (*json)["client_cpu_us"] = MicrosEach(results.run.client_cpu_seconds, succeeded);
  if (results.run.server.has_value()) {
    (*json)["server_cpu_us"] = MicrosEach(results.run.server->cpu_seconds, succeeded);
  }
  (*json)["history_queries"] = results.history_queries;
  nlohmann::ordered_json& each = (*json)["each"] = nlohmann::ordered_json::object();
  for (const LinkOpInfo& info : kLinkOps) {
    const LinkOpResults& operation = results.operations[static_cast<size_t>(info.op)];
    const Histogram& latencies = operation.latencies;
    if (latencies.count() == 0) continue;
    each[std::string(info.name)] = {{"count", latencies.count()},
                                    {"p50_us", Micros(latencies.Percentile(50))},
                                    {"p95_us", Micros(latencies.Percentile(95))},
                                    {"p99_us", Micros(latencies.Percentile(99))},
                                    {"max_us", Micros(latencies.max())},
                                    {"found_each", FoundEach(operation)}};
  }
}

}  // namespace

std::string FormatText(const LinkBenchOptions& options, const LinkBenchResults& results) {
  std::string out = fmt::format("LinkBench, {} nodes, at {}\n", options.nodes, options.Target());
  if (options.load) out += LoadText(results);
  if (options.run) out += RunText(options, results);
  for (const auto& [code, count] : results.errors) {
    out += fmt::format("ERRORS {}: {}\n", InfoOf(code).name, count);
  }
  if (!results.first_error.ok()) {
    out += fmt::format("the first: {}\n", Printable(results.first_error.ToString()));
  }
  if (results.interrupted) out += "INTERRUPTED\n";
  return out;
}

std::string FormatJson(const LinkBenchOptions& options, const LinkBenchResults& results) {
  nlohmann::ordered_json json = {
      {"target", options.Target()},
      {"nodes", options.nodes},
      {"seed", options.seed},
      {"clients", options.clients},
      {"connections", options.connections},
      {"interrupted", results.interrupted},
  };
  if (options.load) {
    AddPart("load", results.load, &json);
    json["nodes_loaded"] = results.nodes_loaded;
    json["links_loaded"] = results.links_loaded;
  }
  if (options.run) {
    AddPart("run", results.run, &json);
    AddRequests(results, &json);
  } else {
    json["operations"] = results.nodes_loaded + results.links_loaded;
  }
  nlohmann::ordered_json& errors = json["errors"] = nlohmann::ordered_json::object();
  for (const auto& [code, count] : results.errors) {
    errors[std::string(InfoOf(code).name)] = count;
  }
  json["first_error"] = results.first_error.ok() ? "" : results.first_error.ToString();
  return JsonReport(json);
}

}  // namespace smile::bench
