// Memory that will soon be read, asked for before: what is far away then comes all at once, and
// while other things are done, instead of line after line when each is needed.
#pragma once

#include <cstddef>

namespace smile {

// Any address will do, also one that is not there. Only worth it for memory that is likely not in
// the processor's caches.
inline void Prefetch(const void* from, size_t bytes) {
  constexpr size_t kLineBytes = 64;
  const char* const begin = static_cast<const char*>(from);
  for (size_t at = 0; at < bytes; at += kLineBytes) __builtin_prefetch(begin + at);
}

}  // namespace smile
