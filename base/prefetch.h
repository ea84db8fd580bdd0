// Prefetches memory that will be read soon, so that cache lines arrive in parallel and while other
// work is done.
#pragma once

#include <cstddef>

namespace smile {

// Any address is allowed, even an invalid one. Only useful for memory that is probably not in the
// processor's caches.
inline void Prefetch(const void* from, size_t bytes) {
  constexpr size_t kLineBytes = 64;
  const char* const begin = static_cast<const char*>(from);
  for (size_t at = 0; at < bytes; at += kLineBytes) __builtin_prefetch(begin + at);
}

}  // namespace smile
