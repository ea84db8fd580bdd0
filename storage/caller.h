// Who waits for an answer of an engine, so that work nobody waits for can end early. A connection
// shares one with all its requests; what serves them looks at it between slices of its work.
#pragma once

#include <atomic>
#include <cstdint>

namespace smile {

// Any thread.
class Caller {
 public:
  // In this order; it never goes back.
  enum class State : uint8_t {
    kWaiting,
    kLeaving,  // takes answers, but soon: a scan or list ends with the slice it is in
    kGone,     // takes none: work for it is not begun, and what was begun ends
  };

  State state() const { return state_.load(std::memory_order_relaxed); }
  void Leave() {
    State waiting = State::kWaiting;
    state_.compare_exchange_strong(waiting, State::kLeaving, std::memory_order_relaxed);
  }
  void Go() { state_.store(State::kGone, std::memory_order_relaxed); }

 private:
  std::atomic<State> state_{State::kWaiting};
};

}  // namespace smile
