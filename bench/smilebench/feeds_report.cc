#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/option_checks.h"
#include "base/text.h"
#include "bench/smilebench/feeds.h"
#include "bench/smilebench/option_parts.h"
#include "bench/smilebench/report_parts.h"

namespace smile::bench {
namespace {

constexpr const char* kFeedsSummary =
    "smilebench feeds: writes users, their friends and the friends' posts, and reads feeds: the 20 "
    "newest posts of all friends of a user. Smile has one request for that. Redis is asked as a "
    "backend must: SMEMBERS, a pipeline of ZREVRANGE for each friend, a merge here, MGET. A feed "
    "with other posts than expected is an error. Give it a server without data.";
constexpr uint64_t kMaxPosts = 10'000'000;  // of all friends

// Of all feeds, for each of them.
struct PerFeed {
  explicit PerFeed(const FeedsResults& results)
      : count(static_cast<double>(std::max<uint64_t>(results.times.count(), 1))) {}

  double Of(uint64_t sum) const { return static_cast<double>(sum) / count; }
  double Micros(double seconds) const { return seconds * 1e6 / count; }

  const double count;
};

double FeedsPerSecond(const FeedsResults& results) {
  if (results.seconds == 0) return 0;
  return static_cast<double>(results.times.count()) / results.seconds;
}

void AddGraphOptions(CLI::App* app, FeedGraphOptions* graph) {
  app->add_option("--users", graph->users, "users who read feeds in turn (default 16)")
      ->type_name("N")
      ->check(IntegerFrom(1, 10'000));
  app->add_option("--friends", graph->friends, "friends of each user (default 300)")
      ->type_name("N")
      ->check(IntegerFrom(1, limits::kMaxFeedAuthors));
  app->add_option("--posts", graph->posts, "posts of each friend (default 5)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxPosts));
  app->add_option("--value-bytes", graph->value_bytes, "length of a post (default 200)")
      ->type_name("N")
      ->check(IntegerFrom(0, 10'000));
}

}  // namespace

Result<FeedsOptions> ParseFeedsOptions(int argc, const char* const* argv, std::string* help) {
  FeedsOptions options;
  std::string target = options.target.ToString();
  bool ids_only = false;
  CLI::App app(kFeedsSummary, "smilebench feeds");
  app.add_option("--target", target,
                 "smile://HOST:PORT or redis://HOST:PORT (default smile://127.0.0.1:7645)")
      ->type_name("TARGET");
  AddGraphOptions(&app, &options.graph);
  const CLI::Option* const feeds =
      app.add_option("--feeds", options.feeds,
                     "feeds that are read (default 10000; with --cold one of each user)")
          ->type_name("N")
          ->check(IntegerFrom(1, kMaxBenchOperations));
  app.add_option(
         "--in-flight", options.in_flight,
         "feeds that are read at the same time, each on a connection of its own (default 1)")
      ->type_name("N")
      ->check(IntegerFrom(1, 1'024));
  app.add_flag(
      "--ids-only", ids_only,
      "Redis: ask for posts without their scores, because their ids are in the same order");
  app.add_flag("--preloaded", options.preloaded,
               "write nothing: a run with the same users, friends and posts did");
  app.add_flag(
      "--cold", options.cold,
      "measure the first feed of each user: restart the server before, and take its files out "
      "of the kernel's memory");
  AddReportOptions(&app, &options.server_pid, &options.json);
  app.footer(kExitStatuses);
  SMILE_TRY(ParseCommandLine(&app, argc, argv, help));
  if (!help->empty()) return options;
  options.with_scores = !ids_only;
  SMILE_ASSIGN(options.target, ParseSmileOrRedis(target));
  const FeedGraphOptions& graph = options.graph;
  if (uint64_t{graph.users} * graph.friends * graph.posts > kMaxPosts) {
    return Status(Code::kInvalid,
                  fmt::format("--users, --friends and --posts: at most {} posts", kMaxPosts));
  }
  if (options.cold && feeds->empty()) options.feeds = graph.users;
  if (options.cold && options.feeds > graph.users) {
    return Status(Code::kInvalid, "--cold: --feeds is at most --users, as each is read once");
  }
  return options;
}

std::string FormatText(const FeedsOptions& options, const FeedsResults& results) {
  const PerFeed feed(results);
  std::string out = fmt::format("{}: {}feeds of {} friends with {} posts each, {} in flight\n",
                                options.target.ToString(), options.cold ? "first " : "",
                                options.graph.friends, options.graph.posts, options.in_flight);
  out += fmt::format("{} feeds in {:.2f} s: {:.0f} a second, p50 {:.3f} ms, p99 {:.3f} ms\n",
                     results.times.count(), results.seconds, FeedsPerSecond(results),
                     Millis(results.times.Percentile(50)), Millis(results.times.Percentile(99)));
  out += fmt::format("a feed: {:.2f} round trips, {:.0f} bytes sent, {:.0f} bytes received\n",
                     feed.Of(results.traffic.round_trips), feed.Of(results.traffic.sent_bytes),
                     feed.Of(results.traffic.received_bytes));
  out +=
      fmt::format("CPU of a feed: smilebench {:.1f} us", feed.Micros(results.client_cpu_seconds));
  if (results.server.has_value()) {
    out +=
        fmt::format(", server {:.1f} us; it has {} MiB in memory",
                    feed.Micros(results.server->cpu_seconds), results.server->resident_bytes >> 20);
  }
  out += "\n";
  if (!results.failure.ok()) {
    out += fmt::format("FAILED: {}\n", Printable(results.failure.ToString()));
  }
  return out;
}

std::string FormatJson(const FeedsOptions& options, const FeedsResults& results) {
  const PerFeed feed(results);
  nlohmann::ordered_json json = {
      {"target", options.target.ToString()},
      {"users", options.graph.users},
      {"friends", options.graph.friends},
      {"posts", options.graph.posts},
      {"value_bytes", options.graph.value_bytes},
      {"in_flight", options.in_flight},
      {"with_scores", options.with_scores},
      {"feeds", results.times.count()},
      {"interrupted", results.interrupted},
      {"seconds", results.seconds},
      {"feeds_per_second", FeedsPerSecond(results)},
      {"p50_ms", Millis(results.times.Percentile(50))},
      {"p99_ms", Millis(results.times.Percentile(99))},
      {"max_ms", Millis(results.times.max())},
      {"round_trips_per_feed", feed.Of(results.traffic.round_trips)},
      {"sent_bytes_per_feed", feed.Of(results.traffic.sent_bytes)},
      {"received_bytes_per_feed", feed.Of(results.traffic.received_bytes)},
      {"client_cpu_us_per_feed", feed.Micros(results.client_cpu_seconds)},
  };
  if (results.server.has_value()) {
    json["server_cpu_us_per_feed"] = feed.Micros(results.server->cpu_seconds);
    json["server_rss_bytes"] = results.server->resident_bytes;
  }
  json["first_error"] = results.failure.ok() ? "" : results.failure.ToString();
  return JsonReport(json);
}

}  // namespace smile::bench
