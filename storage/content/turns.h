// Content is hashed and written in short turns: the kernel may let a thread that computes, or
// copies in a system call, run on until its next tick, 4 ms later, although an event loop of higher
// priority has woken up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/thread_name.h"
#include "storage/content/disk_file.h"

namespace smile {

// Bytes that are hashed, or written, in one turn of less than 0.1 ms. Fewer would cost more: the
// file system takes memory for a write in one piece if it can.
inline constexpr size_t kHashTurnBytes = size_t{64} << 10;
inline constexpr size_t kWriteTurnBytes = size_t{256} << 10;

// The bytes of the next turn, which are removed from `bytes`.
inline ByteView TakeTurn(size_t most, ByteView* bytes) {
  const ByteView turn = bytes->substr(0, most);
  bytes->remove_prefix(turn.size());
  return turn;
}

// Appends `bytes` to what is hashed. Other threads may run meanwhile.
inline void HashInTurns(ByteView bytes, Sha256* hash) {
  while (!bytes.empty()) {
    hash->Update(TakeTurn(kHashTurnBytes, &bytes));
    LetOtherThreadsRun();
  }
}

// As DiskFile::WriteAt. Other threads may run meanwhile.
inline Status WriteInTurns(const DiskFile& file, uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ByteView turn = TakeTurn(kWriteTurnBytes, &bytes);
    SMILE_TRY(file.WriteAt(offset, turn));
    offset += turn.size();
    LetOtherThreadsRun();
  }
  return {};
}

}  // namespace smile
