// On whose behalf a service does something.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/status.h"
#include "storage/caller.h"

namespace smile {

// As in the requests of storage/engine.h.
struct CallContext {
  int64_t deadline_nanos = 0;
  uint64_t source = 0;
  std::shared_ptr<const Caller> caller = nullptr;
  std::shared_ptr<ReadMemory> memory = nullptr;
};

// Why work that had to wait, such as for a lock, is not begun; ok if it may be. For operations of
// several steps, before the first: what was begun is finished.
inline Status MayBegin(const CallContext& call, const Clock& clock) {
  if (call.deadline_nanos == 0 || clock.MonotonicNanos() < call.deadline_nanos) return {};
  return {Code::kDeadlineExceeded, "the deadline passed before the request began"};
}

}  // namespace smile
