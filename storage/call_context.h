// On whose behalf something is read or done, and until when. Part of the requests of
// storage/engine.h, storage/content_store.h and the services.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/status.h"
#include "storage/caller.h"

namespace smile {

struct CallContext {
  // In MonotonicNanos of the Clock that the engine was made with; 0: none. Work whose deadline has
  // passed before it begins is answered kDeadlineExceeded and has no effect.
  int64_t deadline_nanos = 0;

  // Any number that identifies on whose behalf work is done, such as a connection. When more work
  // waits than can be done at once, sources take turns.
  uint64_t source = 0;

  // Says whether the answer is still wanted; null: always. Reads, scans and lists of a caller that
  // is gone are not begun; a scan or list that was begun ends with its current slice, as it does
  // when its deadline passes or the engine is closed.
  std::shared_ptr<const Caller> caller = nullptr;
  Caller::State caller_state() const {
    return caller == nullptr ? Caller::State::kWaiting : caller->state();
  }

  // What a read takes from before it allocates its result; null: unlimited. If that is refused, the
  // read ends with what it has: a key of a Read is kOverloaded; a Scan or List returns a shorter
  // page with `more` set, or kOverloaded if the page would be empty. The caller keeps it for as
  // long as the result.
  std::shared_ptr<ReadMemory> memory = nullptr;
};

// Why work is not begun at `now_nanos`; ok if it may be. For operations of several steps, before
// the first: what was begun is finished.
inline Status MayBegin(const CallContext& call, int64_t now_nanos) {
  if (call.deadline_nanos == 0 || now_nanos < call.deadline_nanos) return {};
  return {Code::kDeadlineExceeded, "the deadline passed before the request began"};
}
inline Status MayBegin(const CallContext& call, const Clock& clock) {
  if (call.deadline_nanos == 0) return {};  // without reading the clock
  return MayBegin(call, clock.MonotonicNanos());
}

// The same for a read, and for its next slice.
inline Status MayRead(const CallContext& call, int64_t now_nanos) {
  if (call.caller_state() == Caller::State::kGone) {
    return {Code::kUnavailable, "the caller is gone"};
  }
  return MayBegin(call, now_nanos);
}

}  // namespace smile
