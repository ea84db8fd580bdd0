// smilebench: loads a Smile server and measures it. Exit status: 0 all was answered right, 1 it was
// not (or it was interrupted), 2 usage, 3 no connection.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/standard_streams.h"
#include "bench/smilebench/load.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/report.h"
#include "bench/smilebench/users_load.h"
#include "bench/smilebench/users_lookups.h"
#include "bench/smilebench/users_options.h"
#include "bench/smilebench/users_report.h"

namespace smile::bench {
namespace {

enum ExitStatus : int { kExitOk = 0, kExitErrors = 1, kExitUsage = 2, kExitConnection = 3 };

void ShowOnTerminal(const std::string& line) {
  if (isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
}

ExitStatus StatusOfFailure(Code code) {
  if (code == Code::kUnavailable) return kExitConnection;
  return code == Code::kInvalid ? kExitUsage : kExitErrors;
}

// Each connection takes a descriptor; the kernel lets a process have as many as its hard limit
// says.
void AllowManyConnections() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

ExitStatus Complain(const Status& status) {
  fmt::print(stderr, "smilebench: {}\n", status.ToString());
  return StatusOfFailure(status.code());
}

// Whether there is nothing more to do, and the exit status then.
template <class Options>
bool IsOver(const Result<Options>& options, const std::string& help, ExitStatus* exit) {
  if (!options.ok()) {
    fmt::print(stderr, "smilebench: {}; --help shows how\n", options.status().words());
    *exit = kExitUsage;
  } else if (!help.empty()) {
    fmt::print("{}", help);
    *exit = kExitOk;
  }
  return !options.ok() || !help.empty();
}

ExitStatus MeasureMain(int argc, const char* const* argv) {
  std::string help;
  const Result<BenchOptions> options = ParseBenchOptions(argc, argv, &help);
  ExitStatus exit = kExitUsage;
  if (IsOver(options, help, &exit)) return exit;
  const SystemClock clock;
  const Result<Results> results = RunLoad(*options, clock, ShowOnTerminal);
  if (!results.ok()) return Complain(results.status());
  fmt::print("{}", options->json ? FormatJson(*options, *results) : FormatText(*options, *results));
  if (results->lost) return kExitConnection;
  return results->failures() > 0 || results->operations() == 0 ? kExitErrors : kExitOk;
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
  fmt::print("{}", options->json ? FormatJson(*options, *results) : FormatText(*options, *results));
  return results->complete(*options) ? kExitOk : kExitErrors;
}

ExitStatus LookupsMain(int argc, const char* const* argv) {
  std::string help;
  const Result<UsersOptions> options = ParseLookupsOptions(argc, argv, &help);
  ExitStatus exit = kExitUsage;
  if (IsOver(options, help, &exit)) return exit;
  const SystemClock clock;
  const Result<LookupResults> results = LookUpUsers(*options, clock);
  if (!results.ok()) return Complain(results.status());
  fmt::print("{}", options->json ? FormatJson(*options, *results) : FormatText(*options, *results));
  const bool right = results->cold.failures() + results->warm.failures() == 0;
  return right ? kExitOk : kExitErrors;
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
  return smile::bench::Main(argc, argv);
}
