// Time as an interface, so that tests and the simulation control it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/check.h"
#include "base/slewed_clock.h"

namespace smile {

inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Any thread may call.
class Clock {
 public:
  virtual ~Clock() = default;

  // Nanoseconds since an arbitrary start; never goes back. For deadlines and durations.
  virtual int64_t MonotonicNanos() const = 0;

  // Milliseconds since 1970-01-01 UTC; never goes back. For expiry times.
  virtual int64_t WallMillis() const = 0;
};

// The wall clock starts at the system's and then follows it slowly; see base/slewed_clock.h.
class SystemClock final : public Clock {
 public:
  SystemClock();

  int64_t MonotonicNanos() const override;
  int64_t WallMillis() const override;

 private:
  mutable SlewedClock wall_;
};

// For tests: stands still until it is advanced.
class ManualClock final : public Clock {
 public:
  // Starts at one second on the monotonic clock and at `wall_millis` on the wall.
  explicit ManualClock(int64_t wall_millis = 1'700'000'000'000) : wall_start_millis_(wall_millis) {}

  int64_t MonotonicNanos() const override { return nanos_.load(); }
  int64_t WallMillis() const override {
    return wall_start_millis_ + (nanos_.load() - kStartNanos) / kNanosPerMilli;
  }
  void AdvanceMillis(int64_t millis) {
    CHECK(millis >= 0, "a clock never goes back");
    nanos_ += millis * kNanosPerMilli;
  }

 private:
  static constexpr int64_t kStartNanos = 1'000'000'000;
  const int64_t wall_start_millis_;
  std::atomic<int64_t> nanos_{kStartNanos};
};

}  // namespace smile
