// Whether the server is there, as the bytes of a client's connection show it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "client/options.h"

namespace smile::cat {

// Any thread may ask; OnTap is called on the client's.
class ServerWatch {
 public:
  explicit ServerWatch(const Clock* clock) : clock_(clock), lost_since_(clock->MonotonicNanos()) {}

  void OnTap(TapEvent event);

  // "reconnecting, 12 s", or, while answers are waited for, "no answer for 12 s" if that is longer
  // than usual; else empty.
  std::string Trouble(bool waiting) const;

 private:
  const Clock* const clock_;
  // Nanoseconds of the clock.
  std::atomic<int64_t> lost_since_;      // 0: connected
  std::atomic<int64_t> quiet_since_{0};  // last answer, or first request after it
  bool answered_ = true;                 // nothing was sent since the last answer
};

}  // namespace smile::cat
