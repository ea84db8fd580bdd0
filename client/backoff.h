// How long to pause before a retry: exponential backoff with full jitter, so that clients that lost
// their server at the same time do not return at the same time. Source: M. Brooker, "Exponential
// Backoff And Jitter", AWS Architecture Blog, 2015.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>

#include "base/check.h"

namespace smile {

// For one thread.
class Backoff {
 public:
  // Maximum of both parameters, so that no doubling overflows: 34 years.
  static constexpr int64_t kMaxMillis = int64_t{1} << 40;

  // From 0 to kMaxMillis each.
  Backoff(int64_t first_millis, int64_t max_millis, uint64_t seed)
      : first_millis_(first_millis), max_millis_(max_millis), random_(seed) {
    CHECK(first_millis >= 0 && first_millis <= kMaxMillis);
    CHECK(max_millis >= 0 && max_millis <= kMaxMillis);
  }

  // Uniformly distributed from 0 to the lesser of `max` and `first`·2^attempt; attempts count from
  // 0.
  int64_t PauseMillis(uint32_t attempt) {
    const int64_t doubled = first_millis_ << std::min<uint32_t>(attempt, kMaxDoublings);
    return std::uniform_int_distribution<int64_t>(0, std::min(doubled, max_millis_))(random_);
  }

 private:
  static constexpr uint32_t kMaxDoublings = 20;
  static_assert(kMaxMillis <= std::numeric_limits<int64_t>::max() >> kMaxDoublings);

  const int64_t first_millis_;
  const int64_t max_millis_;
  std::mt19937_64 random_;
};

}  // namespace smile
