// The time of day without jumps, for expiry times.
//
// It advances with a steady clock and follows the system's clock slowly: by at most 1/kSlewShare of
// the time that passes. So it never goes back; and if the system's clock is set an hour ahead by
// mistake and corrected an hour later, this clock is ahead by at most three minutes. After a
// lasting step of the system's clock (an hour takes a day to follow) the error is the same for
// everything that this process writes and reads.
//
// Any thread may call.
#pragma once

#include <atomic>
#include <cstdint>

namespace smile {

class SlewedClock {
 public:
  // Milliseconds of a steady clock, which is never set, and of the system's clock, read at the same
  // time.
  SlewedClock(int64_t steady_millis, int64_t system_millis)
      : offset_(system_millis - steady_millis), looked_at_(steady_millis), latest_(system_millis) {}

  // The current time, from the current readings of the two clocks.
  int64_t Millis(int64_t steady_millis, int64_t system_millis);

 private:
  std::atomic<int64_t> offset_;     // of this clock from the steady clock
  std::atomic<int64_t> looked_at_;  // steady time of the last adjustment
  std::atomic<int64_t> latest_;     // the last time returned
};

}  // namespace smile
