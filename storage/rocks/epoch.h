// Versions and epochs (docs/decisions/0021-versions-and-epochs.md).
//
// The version of a mutation is the start of its epoch in the space of versions plus the number of
// mutations of the database since then:
//
//   version = began_ms << 21  +  (sequence number - base_sequence)
//
// Sequence numbers increase by one with each mutation of the database, and so do versions: they are
// unique in the database and increase in the order of commit. A new epoch begins whenever sequence
// numbers may repeat: in a copy of a directory, and after writes were given up. It begins at the
// current time, so its versions are greater than all that an earlier epoch may have assigned, in
// any copy, as long as the average rate is below 2^21 mutations per millisecond.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "base/result.h"

namespace smile {

struct Epoch {
  uint64_t began_ms = 0;       // Unix time in milliseconds
  uint64_t base_sequence = 0;  // the latest sequence number of the database at that time

  static constexpr int kMutationBits = 21;
  // The year 2109. With RocksDB's 56 bits of sequence number, a version fits in 64 bits before it.
  static constexpr uint64_t kMaxBeganMillis = uint64_t{1} << 42;
  static constexpr uint64_t kMaxSequence = (uint64_t{1} << 56) - 1;
  static_assert(((kMaxBeganMillis - 1) << kMutationBits) <= UINT64_MAX - kMaxSequence,
                "no version overflows");

  // Whether there is an epoch in which versions may be assigned.
  bool begun() const { return began_ms != 0; }

  // Of a sequence number of this epoch, from base_sequence on (CHECK).
  uint64_t VersionOf(uint64_t sequence) const {
    CHECK(begun(), "versions are assigned in an epoch");
    CHECK(base_sequence <= sequence && sequence <= kMaxSequence);
    return (began_ms << kMutationBits) + (sequence - base_sequence);
  }
};

// The epoch after `last` (all zero: there is none) at the wall-clock time `now_ms`. Its versions
// are greater than every version of `last` up to that of `highest_sequence`, whatever the clock
// says. kStorageFailed, with a message for the operator, if the clock is past kMaxBeganMillis.
Result<Epoch> NextEpoch(const Epoch& last, uint64_t highest_sequence, uint64_t base_sequence,
                        int64_t now_ms);

}  // namespace smile
