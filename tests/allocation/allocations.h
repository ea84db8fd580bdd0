// What this program allocates with new.
#pragma once

#include <cstddef>
#include <cstdint>

namespace smile::testing {

struct Allocations {
  uint64_t count = 0;
  // What the memory that is not freed yet takes, as the allocator sees it. Only means something
  // where a thread frees what it took.
  int64_t bytes = 0;
  int64_t most_bytes = 0;  // that there ever were; may be set back
};

// The calling thread's.
Allocations& OfThisThread();

}  // namespace smile::testing
