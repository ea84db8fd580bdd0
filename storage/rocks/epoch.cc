#include "storage/rocks/epoch.h"

#include <algorithm>

#include "base/check.h"

namespace smile {

Result<Epoch> NextEpoch(const Epoch& last, uint64_t highest_sequence, uint64_t base_sequence,
                        int64_t now_ms) {
  const uint64_t now = now_ms > 0 ? static_cast<uint64_t>(now_ms) : 1;
  const uint64_t given = highest_sequence - std::min(highest_sequence, last.base_sequence);
  const uint64_t above_last = last.began_ms + (given >> Epoch::kMutationBits) + 1;
  const Epoch next = {.began_ms = std::max(now, above_last), .base_sequence = base_sequence};
  CHECK(next.begun());
  if (next.began_ms < Epoch::kMaxBeganMillis) {
    CHECK(next.began_ms > last.began_ms);
    return next;
  }
  return Status(Code::kStorageFailed,
                "no new epoch of versions can begin: the system clock is past the year 2109; "
                "correct the clock");
}

}  // namespace smile
