// Ids that sort by the time at which they were made: 42 bits of milliseconds since 2020-01-01 UTC
// (enough until 2159), and 22 bits that make them differ.
#pragma once

#include <cstdint>

namespace smile {

inline constexpr int64_t kIdEpochMillis = 1'577'836'800'000;  // 2020-01-01 as Unix time
inline constexpr int kIdNodeBits = 10;                        // node numbers are below 1,024
inline constexpr int kIdSequenceBits = 12;                    // 4,096 ids per millisecond and node
inline constexpr int kIdMillisShift = kIdNodeBits + kIdSequenceBits;  // of the milliseconds

// When the id was made, in milliseconds of Unix time. Ahead of the clock if a generator makes more
// than 4,096 ids per millisecond.
constexpr int64_t MillisOfId(uint64_t id) {
  return static_cast<int64_t>(id >> kIdMillisShift) + kIdEpochMillis;
}

// An id of that millisecond, made different from others by 22 bits of `differs`.
constexpr uint64_t IdOfMillis(int64_t wall_millis, uint32_t differs) {
  const int64_t millis = wall_millis - kIdEpochMillis;
  const uint64_t first = millis <= 0 ? 0 : static_cast<uint64_t>(millis) << kIdMillisShift;
  return first | (differs & ((uint32_t{1} << kIdMillisShift) - 1));
}

}  // namespace smile
