// `smilebench logins`: how many passwords per second a server verifies, and how many hashes the
// bare library makes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "bench/smilebench/histogram.h"
#include "bench/smilebench/process.h"
#include "net/endpoint.h"

namespace smile::bench {

struct LoginsOptions {
  std::optional<Endpoint> server;  // none: libargon2 in this process
  uint32_t logins = 16;            // each with one request in flight, or threads of this process
  double seconds = 10;
  uint32_t memory_kib = 19'456;  // of the library; a server has its own parameters
  uint32_t passes = 2;           // likewise
  uint32_t lanes = 1;            // likewise
  int64_t server_pid = 0;        // 0: not known
  bool json = false;
};

struct LoginsResults {
  double seconds = 0;
  Histogram latencies;  // nanoseconds, of passwords that were verified, or hashes
  Status failure;       // of the first request that failed; ok if none did
  bool interrupted = false;
  double client_cpu_seconds = 0;
  std::optional<ProcessUse> server;  // none: not asked for
};

// As ParseBenchOptions; argv[0] is the word "logins".
Result<LoginsOptions> ParseLoginsOptions(int argc, const char* const* argv, std::string* help);

// Registers the logins, unless they exist, and verifies their passwords until the time is over. A
// failure is one before that.
Result<LoginsResults> RunLogins(const LoginsOptions& options, const Clock& clock,
                                const std::function<bool()>& interrupted);

std::string FormatText(const LoginsOptions& options, const LoginsResults& results);
std::string FormatJson(const LoginsOptions& options, const LoginsResults& results);

}  // namespace smile::bench
