#include "bench/smilebench/users_options.h"

#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/limits.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/users.h"

namespace smile::bench {
namespace {

constexpr std::string_view kScheme = "smile://";
constexpr uint16_t kDefaultPort = 7645;
constexpr uint32_t kLoadDepth = 64;

constexpr const char* kLoadSummary =
    "smilebench load: writes users 1 to N to a Smile server. Each gets its login, claimed if "
    "absent, "
    "and then its profile. A login that is there already has to be the same user's, so a load that "
    "ended early may go on where it said.";
constexpr const char* kLookupsSummary =
    "smilebench lookups: gets profiles and logins of random users that `smilebench load` wrote, "
    "and "
    "looks at every byte. First each for the first time (cold), then the same again (warm). Cold "
    "is "
    "what the operator makes of it: start the server anew before, with its files out of the "
    "kernel's "
    "memory to see the disk (docs/benchmarks/README.md).";

// What both have.
void Describe(CLI::App* app, UsersOptions* options, std::string* target) {
  app->add_option("--target", *target, "smile://HOST:PORT")->capture_default_str();
  app->add_option("--users", options->users, "how many there are, numbered from 1")
      ->check(CLI::Range(uint64_t{1}, kMaxUsers))
      ->required();
  app->add_option("--connections", options->connections, "connections")
      ->check(CLI::Range(1u, kMaxBenchConnections))
      ->capture_default_str();
  app->add_option("--depth", options->depth, "requests under way on each connection")
      ->check(CLI::Range(1u, limits::kMaxInFlightRequests))
      ->capture_default_str();
  app->add_option("--server-pid", options->server_pid,
                  "process id of the server on this machine: its CPU time and memory are measured")
      ->check(CLI::PositiveNumber);
  app->add_flag("--json", options->json, "the report as JSON");
}

Status Parse(CLI::App* app, int argc, const char* const* argv, UsersOptions* options,
             const std::string& target, std::string* help) {
  try {
    app->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    *help = app->help();
    return {};
  } catch (const CLI::ParseError& error) {
    return {Code::kInvalid, error.what()};
  }
  if (!target.starts_with(kScheme)) {
    return {Code::kInvalid, "--target is smile://HOST:PORT: users are of a Smile server"};
  }
  SMILE_ASSIGN(options->server,
               ParseEndpoint(std::string_view(target).substr(kScheme.size()), kDefaultPort));
  return {};
}

}  // namespace

Result<UsersOptions> ParseLoadOptions(int argc, const char* const* argv, std::string* help) {
  UsersOptions options;
  options.depth = kLoadDepth;
  std::string target = "smile://127.0.0.1:7645";
  CLI::App app(kLoadSummary, "smilebench load");
  Describe(&app, &options, &target);
  app.add_option("--from", options.from, "the first user to write: goes on with a load")
      ->check(CLI::Range(uint64_t{1}, kMaxUsers))
      ->capture_default_str();
  SMILE_TRY(Parse(&app, argc, argv, &options, target, help));
  return options;
}

Result<UsersOptions> ParseLookupsOptions(int argc, const char* const* argv, std::string* help) {
  UsersOptions options;
  std::string target = "smile://127.0.0.1:7645";
  CLI::App app(kLookupsSummary, "smilebench lookups");
  Describe(&app, &options, &target);
  app.add_option("--seconds", options.seconds, "how long each of the two rounds takes")
      ->check(CLI::Range(0.001, 1e7))
      ->capture_default_str();
  SMILE_TRY(Parse(&app, argc, argv, &options, target, help));
  return options;
}

}  // namespace smile::bench
