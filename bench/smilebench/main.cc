// smilebench: loads a Smile server and measures it. Exit status: 0 all was answered right, 1 it was
// not, 2 usage, 3 no connection.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "bench/smilebench/load.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/report.h"

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

int Main(int argc, const char* const* argv) {
  std::string help;
  const Result<BenchOptions> options = ParseBenchOptions(argc, argv, &help);
  if (!options.ok()) {
    fmt::print(stderr, "smilebench: {}; --help shows how\n", options.status().words());
    return kExitUsage;
  }
  if (!help.empty()) {
    fmt::print("{}", help);
    return kExitOk;
  }
  AllowManyConnections();
  const SystemClock clock;
  const Result<Results> results = RunLoad(*options, clock, ShowOnTerminal);
  if (!results.ok()) {
    fmt::print(stderr, "smilebench: {}\n", results.status().ToString());
    return StatusOfFailure(results.status().code());
  }
  fmt::print("{}", options->json ? FormatJson(*options, *results) : FormatText(*options, *results));
  if (results->lost) return kExitConnection;
  return results->failures() > 0 || results->operations() == 0 ? kExitErrors : kExitOk;
}

}  // namespace
}  // namespace smile::bench

int main(int argc, char** argv) {
  return smile::bench::Main(argc, argv);
}
