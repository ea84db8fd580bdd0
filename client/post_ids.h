// Ids of posts and media: 42 bits of milliseconds since 2020-01-01 UTC (they last until 2159), then
// 10 bits that tell makers of ids apart, then 12 bits that count. Made by the client, so that a
// post which is sent again is the same post.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/check.h"
#include "base/clock.h"

namespace smile {

inline constexpr int64_t kIdEpochMillis = 1'577'836'800'000;  // 2020-01-01 as Unix time
inline constexpr int kIdNodeBits = 10;
inline constexpr int kIdSequenceBits = 12;

// When the id was made, as Unix time; ahead of it if its maker made over 4,096 in a millisecond.
constexpr int64_t MillisOfId(uint64_t id) {
  return static_cast<int64_t>(id >> (kIdNodeBits + kIdSequenceBits)) + kIdEpochMillis;
}

// Any thread may call; each id is larger than all that this object gave before, also when the clock
// steps back. Ids of different makers differ if their nodes do; makers that write posts of one
// author at the same time should have different ones (put them *if absent* to be sure).
class PostIds {
 public:
  // `clock` outlives it; `node` is below 1,024.
  PostIds(const Clock* clock, uint32_t node) : clock_(clock), node_(node) {
    CHECK(node < (1u << kIdNodeBits));
  }

  uint64_t Next() {
    const int64_t millis = std::max<int64_t>(clock_->WallMillis() - kIdEpochMillis, 0);
    const uint64_t now = static_cast<uint64_t>(millis) << kIdSequenceBits;
    // Time and count are one number: counting over its end moves on to the next millisecond.
    uint64_t last = last_.load();
    uint64_t next;
    do {
      next = std::max(last + 1, now);
    } while (!last_.compare_exchange_weak(last, next));
    const uint64_t sequence = next & ((uint64_t{1} << kIdSequenceBits) - 1);
    return (next >> kIdSequenceBits) << (kIdNodeBits + kIdSequenceBits) |
           uint64_t{node_} << kIdSequenceBits | sequence;
  }

 private:
  const Clock* const clock_;
  const uint32_t node_;
  std::atomic<uint64_t> last_{0};
};

}  // namespace smile
