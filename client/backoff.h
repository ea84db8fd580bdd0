// How long to wait before trying again: exponential, with full jitter, so that clients that lost
// their server together do not come back together. Source: M. Brooker, "Exponential Backoff And
// Jitter", AWS Architecture Blog, 2015.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace smile {

class Backoff {
 public:
  Backoff(int64_t first_millis, int64_t max_millis, uint64_t seed)
      : first_millis_(first_millis), max_millis_(max_millis), random_(seed) {}

  // Evenly from 0 to first·2^attempt, at most to max.
  int64_t PauseMillis(uint32_t attempt) {
    const int64_t doubled = first_millis_ << std::min<uint32_t>(attempt, kMaxDoublings);
    return std::uniform_int_distribution<int64_t>(0, std::min(doubled, max_millis_))(random_);
  }

 private:
  static constexpr uint32_t kMaxDoublings = 20;

  const int64_t first_millis_;
  const int64_t max_millis_;
  std::mt19937_64 random_;
};

}  // namespace smile
