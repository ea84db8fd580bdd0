#include "tests/allocation/allocations.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace smile::testing {

Allocations& OfThisThread() {
  thread_local Allocations allocations;
  return allocations;
}

namespace {

void* CountedAllocate(size_t size) {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  Allocations& allocations = OfThisThread();
  ++allocations.count;
  allocations.bytes += static_cast<int64_t>(malloc_usable_size(memory));
  allocations.most_bytes = std::max(allocations.most_bytes, allocations.bytes);
  return memory;
}

void CountedFree(void* memory) {
  OfThisThread().bytes -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace
}  // namespace smile::testing

void* operator new(size_t size) {
  return smile::testing::CountedAllocate(size);
}
void* operator new[](size_t size) {
  return smile::testing::CountedAllocate(size);
}
void operator delete(void* memory) noexcept {
  smile::testing::CountedFree(memory);
}
void operator delete[](void* memory) noexcept {
  smile::testing::CountedFree(memory);
}
void operator delete(void* memory, size_t) noexcept {
  smile::testing::CountedFree(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  smile::testing::CountedFree(memory);
}
