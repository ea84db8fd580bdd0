#include "bench/smilebench/users_options.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/limits.h"
#include "base/option_checks.h"
#include "bench/smilebench/option_parts.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/users.h"

namespace smile::bench {
namespace {

constexpr uint32_t kLoadDepth = 64;

constexpr const char* kLoadSummary =
    "smilebench load: writes users 1 to N to a Smile server, each with its login (claimed if "
    "absent) "
    "and then its profile. A login that exists must belong to the same user, so an interrupted "
    "load "
    "can be resumed with --from.";
constexpr const char* kLookupsSummary =
    "smilebench lookups: reads profiles and logins of random users that `smilebench load` wrote "
    "and verifies every byte; each once (cold), then the same again (warm). To measure cold reads, "
    "restart the server before, and drop its files from the kernel's page cache to measure the "
    "disk (docs/benchmarks/README.md).";

// The options of both commands.
void Describe(CLI::App* app, UsersOptions* options, std::string* target) {
  app->add_option("--target", *target, "the server (default smile://127.0.0.1:7645)")
      ->type_name("smile://HOST:PORT");
  app->add_option("--users", options->users, "number of users, numbered from 1")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxUsers))
      ->required();
  app->add_option("--connections", options->connections, "connections (1 to 50000; default 16)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxBenchConnections));
  app->add_option(
         "--depth", options->depth,
         fmt::format("requests in flight per connection (1 to 1024; default {})", options->depth))
      ->type_name("N")
      ->check(IntegerFrom(1, limits::kMaxInFlightRequests));
  AddReportOptions(app, &options->server_pid, &options->json);
  app->footer(kExitStatuses);
}

Status Parse(CLI::App* app, int argc, const char* const* argv, UsersOptions* options,
             const std::string& target, std::string* help) {
  SMILE_TRY(ParseCommandLine(app, argc, argv, help));
  if (!help->empty()) return {};
  if (!target.starts_with(kSmileScheme)) {
    return {Code::kInvalid, "--target: not a Smile server; give smile://HOST:PORT"};
  }
  SMILE_ASSIGN(options->server, ServerOf(target, kSmileScheme, kSmilePort));
  return {};
}

}  // namespace

Result<UsersOptions> ParseLoadOptions(int argc, const char* const* argv, std::string* help) {
  UsersOptions options;
  options.depth = kLoadDepth;
  std::string target = "smile://127.0.0.1:7645";
  CLI::App app(kLoadSummary, "smilebench load");
  Describe(&app, &options, &target);
  app.add_option("--from", options.from, "first user to write, to resume a load (default 1)")
      ->type_name("USER")
      ->check(IntegerFrom(1, kMaxUsers));
  SMILE_TRY(Parse(&app, argc, argv, &options, target, help));
  if (help->empty() && options.from > options.users) {
    return Status(Code::kInvalid,
                  fmt::format("--from {} is after the last user; give at most --users, {}",
                              options.from, options.users));
  }
  return options;
}

Result<UsersOptions> ParseLookupsOptions(int argc, const char* const* argv, std::string* help) {
  UsersOptions options;
  std::string target = "smile://127.0.0.1:7645";
  CLI::App app(kLookupsSummary, "smilebench lookups");
  Describe(&app, &options, &target);
  app.add_option("--seconds", options.seconds, "length of each of the two rounds (default 10)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(kMinSeconds, kMaxSeconds));
  SMILE_TRY(Parse(&app, argc, argv, &options, target, help));
  return options;
}

}  // namespace smile::bench
