#include "client/post_ids.h"

#include <algorithm>

#include "base/check.h"
#include "base/clock.h"

namespace smile {
namespace {

constexpr int kIdMillisBits = 42;
static_assert(kIdMillisBits + kIdNodeBits + kIdSequenceBits == 64, "an id has 64 bits");

}  // namespace

PostIds::PostIds(uint32_t node)
    : own_clock_(new SystemClock()), clock_(own_clock_.get()), node_(node) {
  CHECK(node < (1u << kIdNodeBits), "a node number is below 1,024");
}

PostIds::PostIds(const Clock* clock, uint32_t node) : clock_(clock), node_(node) {
  CHECK(node < (1u << kIdNodeBits), "a node number is below 1,024");
}

PostIds::~PostIds() = default;

uint64_t PostIds::Next() {
  const int64_t millis = std::max<int64_t>(clock_->WallMillis() - kIdEpochMillis, 0);
  const uint64_t now = static_cast<uint64_t>(millis) << kIdSequenceBits;
  // Time and sequence are one integer: when the sequence overflows, the time advances by 1 ms.
  uint64_t last = last_.load();
  uint64_t next;
  do {
    next = std::max(last + 1, now);
  } while (!last_.compare_exchange_weak(last, next));
  CHECK(next > last, "an id is larger than the ones before it");
  const uint64_t sequence = next & ((uint64_t{1} << kIdSequenceBits) - 1);
  return (next >> kIdSequenceBits) << kIdMillisShift | uint64_t{node_} << kIdSequenceBits |
         sequence;
}

}  // namespace smile
