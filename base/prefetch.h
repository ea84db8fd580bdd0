// Prefetches memory that will be read soon, so that cache lines arrive in parallel and while other
// work is done.
#pragma once

#include <cstddef>

namespace smile {

// The cache line at any address, even an invalid one. Only useful for memory that is probably not
// in the processor's caches.
inline void PrefetchLine(const void* at) {
  __builtin_prefetch(at);
  // To GCC a prefetch is no effect: without this it drops calls of functions that only prefetch,
  // where it sees their source (docs/decisions/0063-prefetches-are-effects.md).
  asm volatile("");
}

// The same for all lines from there on.
inline void Prefetch(const void* from, size_t bytes) {
  constexpr size_t kLineBytes = 64;
  const char* const begin = static_cast<const char*>(from);
  for (size_t at = 0; at < bytes; at += kLineBytes) PrefetchLine(begin + at);
}

}  // namespace smile
