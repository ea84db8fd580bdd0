// Counts this program's allocations with new.
#pragma once

#include <cstddef>
#include <cstdint>

namespace smile::testing {

struct Allocations {
  uint64_t count = 0;
  // Size of the memory not freed yet, as the allocator rounds it. Only meaningful where a thread
  // frees what it allocated.
  int64_t bytes = 0;
  int64_t most_bytes = 0;  // that there ever were; may be set back
};

// The calling thread's.
Allocations& OfThisThread();

}  // namespace smile::testing
