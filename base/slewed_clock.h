// The time of day for a process that must not see it jump: expiry times are compared with it.
//
// It goes on with a steady clock and follows the system's clock slowly: by at most one part in
// kSlewShare of the time that passes. So it never goes back, and when the system's clock is set an
// hour ahead by mistake and set right after an hour, it has been ahead by no more than three
// minutes. What it is wrong by after a step of the system's clock that stays (an hour takes a day
// to be followed) is wrong for all that this process writes and reads alike.
//
// Any thread may call.
#pragma once

#include <atomic>
#include <cstdint>

namespace smile {

class SlewedClock {
 public:
  // Both in milliseconds: of a clock that counts on evenly and is never set, and of the system's
  // clock, read at the same time.
  SlewedClock(int64_t steady_millis, int64_t system_millis)
      : offset_(system_millis - steady_millis), looked_at_(steady_millis), latest_(system_millis) {}

  // The time now, from what the two clocks say now.
  int64_t Millis(int64_t steady_millis, int64_t system_millis);

 private:
  std::atomic<int64_t> offset_;     // of the time from the steady clock
  std::atomic<int64_t> looked_at_;  // when the offset was last adjusted, on the steady clock
  std::atomic<int64_t> latest_;     // the time that was given out last
};

}  // namespace smile
