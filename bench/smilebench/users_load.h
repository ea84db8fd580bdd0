// `smilebench load`: writes users to a Smile server, many in flight, each acknowledged before it
// counts.
//
// What is refused for now is sent again after the time that the server said and a growing, jittered
// pause. A login that is there already, from a load before or from a write whose answer was lost,
// is compared with what should be there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/progress.h"
#include "base/result.h"
#include "bench/smilebench/process.h"
#include "bench/smilebench/users_options.h"

namespace smile::bench {

struct UsersLoadResults {
  uint64_t next = 0;           // all users before it are written; the load may go on from here
  uint64_t rows = 0;           // acknowledged in this run
  uint64_t already_there = 0;  // logins
  uint64_t retried = 0;        // writes, once for each time that they were sent again
  double seconds = 0;
  bool interrupted = false;
  Status failure;  // why the load ended early; ok if it did not, or was interrupted
  std::optional<ProcessUse> server;    // none: not asked for
  std::optional<uint64_t> disk_bytes;  // see UsersClient::DiskBytes

  bool complete(const UsersOptions& options) const { return next > options.users; }
};

// Both are called from within LoadUsers, often.
struct UsersLoadHooks {
  std::function<bool()> interrupted;                   // whether it is to end early
  std::function<void(const ProgressState&)> progress;  // in users
};

// Blocks until the load is done or has ended early. A failure is one before it began:
// kUnavailable for no server, kInvalid if the options cannot be met.
Result<UsersLoadResults> LoadUsers(const UsersOptions& options, const Clock& clock,
                                   const UsersLoadHooks& hooks);

}  // namespace smile::bench
