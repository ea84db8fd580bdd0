// On whose behalf a service does something.
#pragma once

#include <cstdint>
#include <memory>

#include "base/memory_budget.h"
#include "storage/caller.h"

namespace smile {

// As in the requests of storage/engine.h.
struct CallContext {
  int64_t deadline_nanos = 0;
  uint64_t source = 0;
  std::shared_ptr<const Caller> caller = nullptr;
  std::shared_ptr<ReadMemory> memory = nullptr;
};

}  // namespace smile
