// smilebench: measures a server under load. Its exit statuses are in options.h.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/print.h"
#include "base/progress.h"
#include "base/standard_streams.h"
#include "base/text.h"
#include "bench/linkbench/linkbench.h"
#include "bench/linkbench/linkbench_options.h"
#include "bench/network/network.h"
#include "bench/network/network_options.h"
#include "bench/smilebench/feeds.h"
#include "bench/smilebench/file_server.h"
#include "bench/smilebench/load.h"
#include "bench/smilebench/logins.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/report.h"
#include "bench/smilebench/streams.h"
#include "bench/smilebench/users_load.h"
#include "bench/smilebench/users_lookups.h"
#include "bench/smilebench/users_options.h"
#include "bench/smilebench/users_report.h"
#include "bench/smilebench/watches.h"

namespace smile::bench {
namespace {

void ShowOnTerminal(const std::string& line) {
  if (isatty(STDERR_FILENO) == 0) return;
  PrintTo(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
}

ExitStatus StatusOfFailure(Code code) {
  if (code == Code::kUnavailable) return kExitConnection;
  return code == Code::kInvalid ? kExitUsage : kExitErrors;
}

// Each connection takes a descriptor: raises the limit of this process to its hard limit.
void AllowManyConnections() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

ExitStatus Complain(const Status& status) {
  PrintTo(stderr, "smilebench: {}\n", Printable(status.ToString()));
  return StatusOfFailure(status.code());
}

// Reads the options of a command, runs it until it is done or interrupted, and prints its report.
// `exit` says the status of a run that was not interrupted.
template <class Parse, class Run, class Exit>
ExitStatus Measure(Parse parse, int argc, const char* const* argv, Run run, Exit exit) {
  std::string help;
  const auto options = parse(argc, argv, &help);
  if (!options.ok()) {
    PrintTo(stderr, "smilebench: {}; see --help\n", Printable(options.status().message()));
    return kExitUsage;
  }
  if (!help.empty()) {
    PrintText(stdout, help);
    return kExitOk;
  }
  const Interrupt interrupt;
  const SystemClock clock;
  const auto results = run(*options, clock, [&interrupt] { return interrupt.Raised(); });
  if (!results.ok()) return Complain(results.status());
  PrintText(stdout,
            options->json ? FormatJson(*options, *results) : FormatText(*options, *results));
  return results->interrupted ? kExitInterrupted : exit(*options, *results);
}

// The same for a command that shows its progress: `run` takes hooks.
template <class Parse, class Run, class Exit>
ExitStatus MeasureWithProgress(Parse parse, int argc, const char* const* argv, Run run, Exit exit) {
  const auto run_with = [&](const auto& options, const Clock& clock, auto interrupted) {
    Progress progress(stderr, &clock);
    auto results = run(options, clock,
                       {.interrupted = interrupted,
                        .progress = [&](const ProgressState& state) { progress.Update(state); }});
    progress.Clear();
    return results;
  };
  return Measure(parse, argc, argv, run_with, exit);
}

ExitStatus MeasureMain(int argc, const char* const* argv) {
  const auto run = [](const BenchOptions& options, const Clock& clock, auto interrupted) {
    return RunLoad(options, clock, {.show_progress = ShowOnTerminal, .interrupted = interrupted});
  };
  return Measure(ParseBenchOptions, argc, argv, run,
                 [](const BenchOptions&, const Results& results) {
                   if (results.lost) return kExitConnection;
                   const bool failed = results.failures() > 0 || results.unanswered.in_flight > 0;
                   return failed || results.operations == 0 ? kExitErrors : kExitOk;
                 });
}

ExitStatus LoadMain(int argc, const char* const* argv) {
  return MeasureWithProgress(ParseLoadOptions, argc, argv, LoadUsers,
                             [](const UsersOptions& options, const UsersLoadResults& results) {
                               return results.complete(options) ? kExitOk : kExitErrors;
                             });
}

ExitStatus LookupsMain(int argc, const char* const* argv) {
  return Measure(ParseLookupsOptions, argc, argv, LookUpUsers,
                 [](const UsersOptions&, const LookupResults& results) {
                   const bool failed = results.cold.failures() + results.warm.failures() > 0;
                   return failed ? kExitErrors : kExitOk;
                 });
}

ExitStatus StreamsMain(int argc, const char* const* argv) {
  return Measure(ParseStreamsOptions, argc, argv, RunStreams,
                 [](const StreamsOptions&, const StreamsResults& results) {
                   return results.failure.ok() ? kExitOk : kExitErrors;
                 });
}

ExitStatus LinkBenchMain(int argc, const char* const* argv) {
  return MeasureWithProgress(ParseLinkBenchOptions, argc, argv, RunLinkBench,
                             [](const LinkBenchOptions&, const LinkBenchResults& results) {
                               return results.errors.empty() ? kExitOk : kExitErrors;
                             });
}

ExitStatus NetworkMain(int argc, const char* const* argv) {
  return MeasureWithProgress(ParseNetworkOptions, argc, argv, RunNetwork,
                             [](const NetworkOptions&, const NetworkResults& results) {
                               return results.errors.empty() ? kExitOk : kExitErrors;
                             });
}

ExitStatus LoginsMain(int argc, const char* const* argv) {
  return Measure(ParseLoginsOptions, argc, argv, RunLogins,
                 [](const LoginsOptions&, const LoginsResults& results) {
                   return results.failure.ok() ? kExitOk : kExitErrors;
                 });
}

ExitStatus WatchesMain(int argc, const char* const* argv) {
  return Measure(ParseWatchesOptions, argc, argv, RunWatches,
                 [](const WatchesOptions&, const WatchesResults& results) {
                   return results.failure.ok() && results.gaps == 0 ? kExitOk : kExitErrors;
                 });
}

ExitStatus FeedsMain(int argc, const char* const* argv) {
  return Measure(ParseFeedsOptions, argc, argv, RunFeeds,
                 [](const FeedsOptions&, const FeedsResults& results) {
                   return results.failure.ok() ? kExitOk : kExitErrors;
                 });
}

ExitStatus ServeMain(int argc, const char* const* argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--directory") {
    PrintTo(stderr, "smilebench: give serve --directory DIRECTORY\n");
    return kExitUsage;
  }
  const Interrupt interrupt;
  const Status status = ServeFiles(
      argv[2],
      [](uint16_t port) {
        PrintTo(stdout, "smilebench: serves files on 127.0.0.1:{}\n", port);
        std::fflush(stdout);
      },
      [&] { return interrupt.Raised(); });
  return status.ok() ? kExitOk : Complain(status);
}

int Main(int argc, const char* const* argv) {
  AllowManyConnections();
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "load") return LoadMain(argc - 1, argv + 1);
  if (first == "streams") return StreamsMain(argc - 1, argv + 1);
  if (first == "logins") return LoginsMain(argc - 1, argv + 1);
  if (first == "watches") return WatchesMain(argc - 1, argv + 1);
  if (first == "feeds") return FeedsMain(argc - 1, argv + 1);
  if (first == "linkbench") return LinkBenchMain(argc - 1, argv + 1);
  if (first == "network") return NetworkMain(argc - 1, argv + 1);
  if (first == "serve") return ServeMain(argc - 1, argv + 1);
  if (first == "lookups") return LookupsMain(argc - 1, argv + 1);
  return MeasureMain(argc, argv);
}

}  // namespace
}  // namespace smile::bench

int main(int argc, char** argv) {
  smile::OpenStandardStreams();
  const int status = smile::bench::Main(argc, argv);
  if (smile::Printed(stdout)) return status;
  smile::PrintText(stderr, "smilebench: cannot write to standard output\n");
  return status == smile::bench::kExitOk ? smile::bench::kExitErrors : status;
}
