// A whole load: connects, writes the records that will be read, then measures.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/report.h"

namespace smile::bench {

// Both are called from within RunLoad, often.
struct LoadHooks {
  // Shows one line in place of the last one; an empty one removes it.
  std::function<void(const std::string& line)> show_progress;
  // Whether the load is to end now.
  std::function<bool()> interrupted;
};

// A server that does not answer the first request of all connections for so long is unavailable.
inline constexpr int64_t kMaxConnectNanos = 60'000 * kNanosPerMilli;

// After the end of a run its requests in flight are awaited for at most this long; what has no
// answer then is reported as unanswered. A hung server cannot hold smilebench longer.
inline constexpr int64_t kMaxDrainNanos = 10'000 * kNanosPerMilli;

// Blocks until the load is done or interrupted; an interrupted one has the results so far.
// kUnavailable: no server, or it was lost before the measurement. kInvalid: the options cannot be
// met. Any other failure: the records could not be written.
Result<Results> RunLoad(const BenchOptions& options, const Clock& clock, const LoadHooks& hooks);

}  // namespace smile::bench
