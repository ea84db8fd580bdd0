// `smilebench lookups`: gets profiles and logins of random users that were written by
// `smilebench load`.
#pragma once

#include <cstdint>
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
  Histogram profiles;  // latencies in nanoseconds, of what was right
  Histogram logins;
  uint64_t wrong_values = 0;
  uint64_t errors = 0;  // missing records and refusals
  Status first_error;
  std::optional<ProcessUse> server;  // none: not asked for

  uint64_t lookups() const { return profiles.count() + logins.count(); }
  uint64_t failures() const { return wrong_values + errors; }
};

struct LookupResults {
  LookupRound cold;                    // of random users
  LookupRound warm;                    // the same look-ups again, over and over
  std::optional<uint64_t> disk_bytes;  // see UsersClient::DiskBytes
};

// Blocks until both rounds are over; a lost connection ends them early, with errors. kUnavailable:
// nobody answered at all. kInvalid: the options cannot be met.
Result<LookupResults> LookUpUsers(const UsersOptions& options, const Clock& clock);

}  // namespace smile::bench
