#include "bench/network/network_options.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/option_checks.h"
#include "bench/network/acts.h"
#include "bench/smilebench/option_parts.h"
#include "bench/smilebench/options.h"

namespace smile::bench {
namespace {

constexpr uint64_t kMaxPeople = 1'000'000'000;
constexpr uint32_t kMaxConnections = 10'000;
constexpr uint32_t kMaxPosts = 1'000;
constexpr double kMaxRate = 10'000'000;

struct Given {
  std::string target = "smile://127.0.0.1:7645";
  bool load_only = false;
  bool loaded = false;
};

std::string Summary() {
  std::string text =
      "smilebench network: a day of a social network. Writes people with logins, records, "
      "friendships, posts and photos; then lets them act at a given rate, however fast the server "
      "is, and reports how long each act took from when it was due. An act is one or several "
      "requests, the first of which verifies a session. Redis is asked as a backend must, in "
      "several "
      "round trips where it has no request for it; passwords are not verified there:\n";
  for (const ActInfo& act : kActs) {
    text += fmt::format("\n  {:11} {:>4} %  {}", act.name, act.percent, act.what);
  }
  return text;
}

void DescribePeople(CLI::App* app, NetworkOptions* options, Given* given) {
  app->add_option("--target", given->target,
                  "smile://HOST:PORT or redis://HOST:PORT (default smile://127.0.0.1:7645)")
      ->type_name("TARGET");
  auto* people = app->add_option("--people", options->people,
                                 "people, with the degrees of LinkBench's graph (default 100000)");
  people->type_name("N")->check(IntegerFrom(2, kMaxPeople));
  app->add_option("--graph", options->graph_file,
                  "the people and friendships of a file instead: a line \"A,B\" for each, with "
                  "numbers from 0")
      ->type_name("FILE")
      ->excludes(people);
  app->add_option("--seed", options->seed, "another number gives another network (default 1)")
      ->type_name("NUMBER")
      ->check(IntegerFrom(0, uint64_t{1} << 62));
  app->add_option("--posts", options->posts, "posts of each person before (0 to 1000; default 10)")
      ->type_name("N")
      ->check(IntegerFrom(0, kMaxPosts));
  auto* load_only = app->add_flag("--load-only", given->load_only, "write everybody, then end");
  app->add_flag("--loaded", given->loaded,
                "an earlier run with the same people and posts wrote everybody")
      ->excludes(load_only);
}

void DescribeActs(CLI::App* app, NetworkOptions* options) {
  app->add_option("--rate", options->rate, "acts that begin per second (default 1000)")
      ->type_name("RATE")
      ->check(DecimalFrom(1, kMaxRate));
  app->add_option("--day", options->day,
                  "what people do follows from this number and the seed (1 to 1000000; default: "
                  "something else each time)")
      ->type_name("NUMBER")
      ->check(IntegerFrom(1, kMaxDay));
  app->add_option("--online", options->online,
                  "people who act, each with a session (default 10000, or everybody)")
      ->type_name("N")
      ->check(IntegerFrom(1, 10'000'000));
  app->add_option("--connections", options->connections, "connections (1 to 10000; default 16)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxConnections));
  app->add_option("--seconds", options->seconds, "length of the acts (default 10)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(kMinSeconds, kMaxSeconds));
  app->add_option("--warm-seconds", options->warm_seconds,
                  "act for this time first, without counting (default 2)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(0, kMaxSeconds));
  AddReportOptions(app, &options->server_pid, &options->json);
}

}  // namespace

Result<NetworkOptions> ParseNetworkOptions(int argc, const char* const* argv, std::string* help) {
  NetworkOptions options;
  Given given;
  CLI::App app(Summary(), "smilebench network");
  DescribePeople(&app, &options, &given);
  DescribeActs(&app, &options);
  app.footer(kExitStatuses);
  SMILE_TRY(ParseCommandLine(&app, argc, argv, help));
  if (!help->empty()) return options;
  SMILE_ASSIGN(options.target, ParseSmileOrRedis(given.target));
  options.load = !given.loaded;
  options.run = !given.load_only;
  return options;
}

}  // namespace smile::bench
