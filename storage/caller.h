// Who waits for an answer of an engine, so that work whose answer nobody wants can end early. A
// connection shares one Caller with all its requests; the engine checks it between slices of work.
#pragma once

#include <atomic>
#include <cstdint>

namespace smile {

// Any thread.
class Caller {
 public:
  // States are entered in this order and never left backwards.
  enum class State : uint8_t {
    kWaiting,
    kLeaving,  // still accepts answers, but soon: a scan or list ends with its current slice
    kGone,     // accepts no answers: work for it is not begun, and running work ends
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
