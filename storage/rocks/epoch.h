// Versions, and the epochs in which they are given (docs/decisions/0021-versions-and-epochs.md).
//
// The version of a mutation is where its epoch began in the space of versions, plus how many
// mutations the database has seen since:
//
//   version = began_ms << 21  +  (sequence number - base_sequence)
//
// Sequence numbers grow by one with each mutation of the database, so versions do too: they are
// unique in the database and grow in the order of commit. The storage begins a new epoch whenever
// sequence numbers may repeat: in a copy of a directory, and when writes were given up. It begins
// at the time of the clock, so it lies above whatever an earlier epoch may have given, in whichever
// copy, as long as the mean is below 2^21 mutations a millisecond.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace smile {

struct Epoch {
  uint64_t began_ms = 0;       // Unix time in milliseconds
  uint64_t base_sequence = 0;  // the database's latest sequence number at that moment

  static constexpr int kMutationBits = 21;
  // The year 2109. With RocksDB's 56 bits of sequence number, a version fits in 64 bits before it.
  static constexpr uint64_t kMaxBeganMillis = uint64_t{1} << 42;

  // Of a sequence number from base_sequence on. Never 0 for one above it.
  uint64_t VersionOf(uint64_t sequence) const {
    return (began_ms << kMutationBits) + (sequence - base_sequence);
  }
};

// The epoch that follows `last` (all zero: there is none) at `now_ms` on the wall clock, above
// every version of `last` up to that of `highest_sequence`, whatever the clock says.
// kStorageFailed, in words for the operator, if the clock is past kMaxBeganMillis.
Result<Epoch> NextEpoch(const Epoch& last, uint64_t highest_sequence, uint64_t base_sequence,
                        int64_t now_ms);

}  // namespace smile
