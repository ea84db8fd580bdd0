// `smilebench watches`: what watches cost. Some thousands watch the posts of one author, who writes
// one post after the other: how long does each write take, beside writes that nobody watches, and
// when has the last watch been told?
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

struct WatchesOptions {
  Endpoint server;
  uint32_t watches = 10'000;
  uint32_t connections = 1'000;  // that the watches share
  uint32_t writes = 100;         // in each part of the run
  uint32_t pause_millis = 50;    // after each write, once all watches were told
  uint32_t value_bytes = 200;
  int64_t server_pid = 0;  // 0: not known
  bool json = false;
};

struct WatchesResults {
  // Nanoseconds from the call of a PUT to its answer.
  Histogram unwatched;  // before there were watches, and after they had ended
  Histogram watched;
  // Nanoseconds from the call of a watched PUT until the first watch was told, and the last.
  Histogram first_told;
  Histogram last_told;
  uint64_t events = 0;
  uint64_t gaps = 0;
  Status failure;  // of the first write that failed; ok if none did
  bool interrupted = false;
  double client_cpu_seconds = 0;     // while there were watches
  std::optional<ProcessUse> server;  // likewise; none: not asked for
};

// As ParseBenchOptions; argv[0] is the word "watches".
Result<WatchesOptions> ParseWatchesOptions(int argc, const char* const* argv, std::string* help);

// Takes as long as the writes do. A failure is one before the first of them.
Result<WatchesResults> RunWatches(const WatchesOptions& options, const Clock& clock,
                                  const std::function<bool()>& interrupted);

std::string FormatText(const WatchesOptions& options, const WatchesResults& results);
std::string FormatJson(const WatchesOptions& options, const WatchesResults& results);

}  // namespace smile::bench
