// `smilebench streams`: large content to a server, or from it, at full speed, and what small
// requests take meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "bench/smilebench/histogram.h"
#include "bench/smilebench/process.h"
#include "bench/smilebench/streams_options.h"

namespace smile::bench {

// Latencies of small requests, in nanoseconds.
struct ProbeResults {
  Histogram get_same;   // on the connection of the streams
  Histogram get_other;  // on another connection
  Histogram put_other;  // durable, on a third one
};

struct StreamsResults {
  double seconds = 0;    // from the first request to the end of the last stream
  uint64_t bytes = 0;    // of pieces that were acknowledged, or received and found right
  uint64_t streams = 0;  // that ended
  bool interrupted = false;
  Status failure;  // of the first stream or probe that failed; ok if none did
  double client_cpu_seconds = 0;
  std::optional<ProcessUse> server;  // none: not asked for
  ProbeResults probes;
};

// Blocks until the streams have ended, or the time is over. A failure is one before they began.
Result<StreamsResults> RunStreams(const StreamsOptions& options, const Clock& clock,
                                  const std::function<bool()>& interrupted);

std::string FormatText(const StreamsOptions& options, const StreamsResults& results);
std::string FormatJson(const StreamsOptions& options, const StreamsResults& results);

}  // namespace smile::bench
