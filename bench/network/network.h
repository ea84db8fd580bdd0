// `smilebench network`: a day of a social network. Writes all people with their logins, records,
// friendships, posts and photos; then lets some of them act, at a rate that does not depend on how
// fast the server is, and reports what they waited for.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/progress.h"
#include "base/result.h"
#include "bench/network/acts.h"
#include "bench/network/network_options.h"
#include "bench/network/network_store.h"
#include "bench/smilebench/histogram.h"
#include "bench/smilebench/process.h"

namespace smile::bench {

struct NetworkResults {
  uint64_t people = 0;
  // Of the load:
  double load_seconds = 0;
  uint64_t requests_loaded = 0;

  // Of the acts:
  double seconds = 0;                         // until the last was done
  std::array<Histogram, kActs.size()> acts;   // nanoseconds from when it was due; indexed by Act
  std::array<StoreCost, kActs.size()> costs;  // of those, all together; likewise
  uint64_t feed_posts = 0;                    // that came with feeds
  Histogram notified;         // nanoseconds from a write until the one whom it concerns was told
  uint64_t not_notified = 0;  // of such writes, when the acts had ended
  uint64_t watched = 0;       // partitions or channels that people who are online watch
  uint64_t not_begun = 0;     // were due while too many were in flight
  std::optional<ProcessUse> server;  // none: not asked for
  double client_cpu_seconds = 0;

  std::map<Code, uint64_t> errors;
  Status first_error;
  bool interrupted = false;

  uint64_t done() const;
  StoreCost cost() const;  // of all acts
};

struct NetworkHooks {
  std::function<bool()> interrupted;                   // any thread
  std::function<void(const ProgressState&)> progress;  // one thread at a time
};

// Blocks until both parts are done. A failure is one before they began.
Result<NetworkResults> RunNetwork(const NetworkOptions& options, const Clock& clock,
                                  const NetworkHooks& hooks);

std::string FormatText(const NetworkOptions& options, const NetworkResults& results);
std::string FormatJson(const NetworkOptions& options, const NetworkResults& results);

}  // namespace smile::bench
