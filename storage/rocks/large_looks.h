// Limits how much of large values event loops copy out of RocksDB's memory. Copying 1 MiB occupies
// a loop for about a millisecond, so a burst of such reads would delay everything else; above the
// limit they are left to the readers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/limits.h"

namespace smile {

// For all event loops together. Any thread; races may admit a few more.
class LargeLooks {
 public:
  // The clock outlives it.
  explicit LargeLooks(const Clock* clock) : clock_(clock) {}

  // Before a lookup whose value may be large.
  bool Allowed() {
    if (bytes_.load(std::memory_order_relaxed) < limits::kLargeLookBytes) return true;
    const int64_t now = clock_->MonotonicNanos();
    const int64_t period_end = first_nanos_.load(std::memory_order_relaxed) +
                               limits::kLargeLookPeriodMillis * kNanosPerMilli;
    if (now < period_end) return false;
    bytes_.store(0, std::memory_order_relaxed);
    return true;
  }

  // After a lookup that found a value of this size.
  void Count(size_t value_bytes) {
    if (value_bytes < limits::kLeastLargeValueBytes) return;
    if (bytes_.fetch_add(value_bytes, std::memory_order_relaxed) == 0) {
      first_nanos_.store(clock_->MonotonicNanos(), std::memory_order_relaxed);
    }
  }

 private:
  const Clock* const clock_;
  std::atomic<size_t> bytes_{0};  // since first_nanos_
  std::atomic<int64_t> first_nanos_{0};
};

}  // namespace smile
