// Time, as an interface, so that tests and the simulation own it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/slewed_clock.h"

namespace smile {

inline constexpr int64_t kNanosPerMilli = 1'000'000;

// Any thread may call.
class Clock {
 public:
  virtual ~Clock() = default;

  // Nanoseconds since an arbitrary start; never goes back. For deadlines and durations.
  virtual int64_t MonotonicNanos() const = 0;

  // Milliseconds since 1970-01-01 UTC; never goes back. For expiry times.
  virtual int64_t WallMillis() const = 0;
};

// Its wall clock is the system's when it is made, and follows that slowly from then on; see
// base/slewed_clock.h.
class SystemClock final : public Clock {
 public:
  SystemClock();

  int64_t MonotonicNanos() const override;
  int64_t WallMillis() const override;

 private:
  mutable SlewedClock wall_;
};

// Stands still until it is advanced.
class ManualClock final : public Clock {
 public:
  // Starts at one second on the monotonic clock and at `wall_millis` on the wall.
  explicit ManualClock(int64_t wall_millis = 1'700'000'000'000) : wall_start_millis_(wall_millis) {}

  int64_t MonotonicNanos() const override { return nanos_.load(); }
  int64_t WallMillis() const override {
    return wall_start_millis_ + (nanos_.load() - kStartNanos) / kNanosPerMilli;
  }
  void AdvanceMillis(int64_t millis) { nanos_ += millis * kNanosPerMilli; }

 private:
  static constexpr int64_t kStartNanos = 1'000'000'000;
  const int64_t wall_start_millis_;
  std::atomic<int64_t> nanos_{kStartNanos};
};

}  // namespace smile
