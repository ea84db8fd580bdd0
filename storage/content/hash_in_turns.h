// Content is hashed in short turns: the kernel may let a thread that computes run on
// until its next tick, 4 ms later, although an event loop of higher priority has woken up.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/thread_name.h"

namespace smile {

// Bytes that are hashed in one turn, in about 0.1 ms.
inline constexpr size_t kHashTurnBytes = size_t{64} << 10;

// Appends `bytes` to what is hashed. Other threads may run meanwhile.
inline void HashInTurns(ByteView bytes, Sha256* hash) {
  while (!bytes.empty()) {
    hash->Update(bytes.substr(0, kHashTurnBytes));
    bytes.remove_prefix(bytes.size() < kHashTurnBytes ? bytes.size() : kHashTurnBytes);
    LetOtherThreadsRun();
  }
}

}  // namespace smile
