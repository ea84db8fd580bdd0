// How much of large values may be copied out of RocksDB's memory on event loops. A copy of 1 MiB
// keeps a loop for a millisecond, with all that belongs to it, so a burst of them would keep
// everybody else waiting; over the bound such reads are left to the readers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/limits.h"

namespace smile {

// Of all event loops together. Any thread; a race lets a few more through.
class LargeLooks {
 public:
  // The clock outlives it.
  explicit LargeLooks(const Clock* clock) : clock_(clock) {}

  // Before a look, whose value may be large.
  bool Allowed() {
    if (bytes_.load(std::memory_order_relaxed) < limits::kLargeLookBytes) return true;
    const int64_t now = clock_->MonotonicNanos();
    const int64_t period_end = first_nanos_.load(std::memory_order_relaxed) +
                               limits::kLargeLookPeriodMillis * kNanosPerMilli;
    if (now < period_end) return false;
    bytes_.store(0, std::memory_order_relaxed);
    return true;
  }

  // After a look that found a value of this size.
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
