#include "base/clock.h"

#include <chrono>
#include <ctime>

#include "base/check.h"

namespace smile {

namespace {

// Keeps counting while the machine is suspended, as the time of day does.
int64_t SteadyMillis() {
  timespec time{};
  CHECK(clock_gettime(CLOCK_BOOTTIME, &time) == 0);
  return int64_t{time.tv_sec} * 1000 + time.tv_nsec / kNanosPerMilli;
}

int64_t SystemMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

SystemClock::SystemClock() : wall_(SteadyMillis(), SystemMillis()) {}

int64_t SystemClock::MonotonicNanos() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t SystemClock::WallMillis() const {
  return wall_.Millis(SteadyMillis(), SystemMillis());
}

}  // namespace smile
