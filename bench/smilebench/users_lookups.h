// `smilebench lookups`: reads profiles and logins of random users that `smilebench load` wrote.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "base/status.h"
#include "bench/smilebench/histogram.h"
#include "bench/smilebench/process.h"
#include "bench/smilebench/users_options.h"

namespace smile::bench {

struct LookupRound {
  double seconds = 0;
  uint64_t lookups = 0;  // that succeeded
  // Latencies in nanoseconds, of lookups that succeeded or are unanswered. The latter count with
  // the time that they had waited, a lower bound.
  Histogram profiles;
  Histogram logins;
  uint64_t unanswered = 0;  // timed out, lost with their connection, or in flight at the end
  uint64_t wrong_values = 0;
  uint64_t errors = 0;  // also missing records
  Status first_error;
  std::optional<ProcessUse> server;  // none: not requested

  uint64_t failures() const { return wrong_values + errors; }
};

struct LookupResults {
  LookupRound cold;                    // of random users
  LookupRound warm;                    // the same lookups again, repeatedly
  bool interrupted = false;            // which ended the round that was running
  std::optional<uint64_t> disk_bytes;  // see UsersClient::DiskBytes
};

// Blocks until both rounds are over. A lost connection ends them early, with errors; `interrupted`,
// which is called several times per second, ends them with the results so far. kUnavailable: no
// server. kInvalid: the options cannot be met.
Result<LookupResults> LookUpUsers(const UsersOptions& options, const Clock& clock,
                                  const std::function<bool()>& interrupted);

}  // namespace smile::bench
