// Content is hashed and written in short turns: the kernel may let a thread that computes, or
// copies in a system call, run on until its next tick, 4 ms later, although an event loop of higher
// priority has woken up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/thread_name.h"
#include "storage/content/disk_file.h"

namespace smile {

// Other threads may run after so many bytes, unless they did less than `nanos` ago.
struct Turn {
  size_t bytes;
  int64_t nanos;
};
// Uploads occupy a thread for as long as they last.
inline constexpr Turn kUploadTurn = {.bytes = size_t{64} << 10, .nanos = 0};
// A photo is done in little more than a turn: the file system takes memory for it in one piece.
inline constexpr Turn kPutTurn = {.bytes = size_t{256} << 10, .nanos = limits::kPatientTurnNanos};

// The bytes of the next turn, which are removed from `bytes`.
inline ByteView TakeTurn(const Turn& turn, ByteView* bytes) {
  const ByteView taken = bytes->substr(0, turn.bytes);
  bytes->remove_prefix(taken.size());
  return taken;
}

// Appends `bytes` to what is hashed. Other threads may run meanwhile.
inline void HashInTurns(const Turn& turn, ByteView bytes, Sha256* hash) {
  while (!bytes.empty()) {
    hash->Update(TakeTurn(turn, &bytes));
    LetOtherThreadsRun(turn.nanos);
  }
}

// As DiskFile::WriteAt. Other threads may run meanwhile.
inline Status WriteInTurns(const Turn& turn, const DiskFile& file, uint64_t offset,
                           ByteView bytes) {
  while (!bytes.empty()) {
    const ByteView taken = TakeTurn(turn, &bytes);
    SMILE_TRY(file.WriteAt(offset, taken));
    offset += taken.size();
    LetOtherThreadsRun(turn.nanos);
  }
  return {};
}

}  // namespace smile
