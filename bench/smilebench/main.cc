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
#include "bench/smilebench/load.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/report.h"
#include "bench/smilebench/users_load.h"
#include "bench/smilebench/users_lookups.h"
#include "bench/smilebench/users_options.h"
#include "bench/smilebench/users_report.h"

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

// Whether there is nothing more to do; then *exit is the exit status.
template <class Options>
bool IsOver(const Result<Options>& options, const std::string& help, ExitStatus* exit) {
  if (!options.ok()) {
    PrintTo(stderr, "smilebench: {}; see --help\n", Printable(options.status().message()));
    *exit = kExitUsage;
  } else if (!help.empty()) {
    PrintText(stdout, help);
    *exit = kExitOk;
  }
  return !options.ok() || !help.empty();
}

ExitStatus MeasureMain(int argc, const char* const* argv) {
  std::string help;
  const Result<BenchOptions> options = ParseBenchOptions(argc, argv, &help);
  ExitStatus exit = kExitUsage;
  if (IsOver(options, help, &exit)) return exit;
  const Interrupt interrupt;
  const SystemClock clock;
  const Result<Results> results =
      RunLoad(*options, clock,
              {.show_progress = ShowOnTerminal, .interrupted = [&] { return interrupt.Raised(); }});
  if (!results.ok()) return Complain(results.status());
  PrintText(stdout,
            options->json ? FormatJson(*options, *results) : FormatText(*options, *results));
  if (results->interrupted) return kExitInterrupted;
  if (results->lost) return kExitConnection;
  const bool failed = results->failures() > 0 || results->unanswered.in_flight > 0;
  return failed || results->operations == 0 ? kExitErrors : kExitOk;
}

ExitStatus LoadMain(int argc, const char* const* argv) {
  std::string help;
  const Result<UsersOptions> options = ParseLoadOptions(argc, argv, &help);
  ExitStatus exit = kExitUsage;
  if (IsOver(options, help, &exit)) return exit;
  const Interrupt interrupt;
  const SystemClock clock;
  Progress progress(stderr, &clock);
  const Result<UsersLoadResults> results =
      LoadUsers(*options, clock,
                {.interrupted = [&] { return interrupt.Raised(); },
                 .progress = [&](const ProgressState& state) { progress.Update(state); }});
  progress.Clear();
  if (!results.ok()) return Complain(results.status());
  PrintText(stdout,
            options->json ? FormatJson(*options, *results) : FormatText(*options, *results));
  if (results->interrupted) return kExitInterrupted;
  return results->complete(*options) ? kExitOk : kExitErrors;
}

ExitStatus LookupsMain(int argc, const char* const* argv) {
  std::string help;
  const Result<UsersOptions> options = ParseLookupsOptions(argc, argv, &help);
  ExitStatus exit = kExitUsage;
  if (IsOver(options, help, &exit)) return exit;
  const Interrupt interrupt;
  const SystemClock clock;
  const Result<LookupResults> results =
      LookUpUsers(*options, clock, [&] { return interrupt.Raised(); });
  if (!results.ok()) return Complain(results.status());
  PrintText(stdout,
            options->json ? FormatJson(*options, *results) : FormatText(*options, *results));
  if (results->interrupted) return kExitInterrupted;
  return results->cold.failures() + results->warm.failures() == 0 ? kExitOk : kExitErrors;
}

int Main(int argc, const char* const* argv) {
  AllowManyConnections();
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "load") return LoadMain(argc - 1, argv + 1);
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
