// Wakes an event loop from other threads. For net/ only.
//
// Not libuv's uv_async_t: the loop that it wakes spins until the thread that sends has done its
// last step (libuv 1.44, uv__async_spin). Where both share a core the loop has preempted that
// thread, and spins, or waits in sched_yield(), while others of low priority run: milliseconds, for
// a microsecond's work.
#pragma once

#include <uv.h>
#include <functional>
#include <memory>

#include "base/wake_together.h"

namespace smile {

class WakeUp {
 public:
  WakeUp() = default;
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  // Once. `woken` is called on the loop's thread after one or more calls of Send. Returns 0 or an
  // error of libuv.
  int Open(uv_loop_t* loop, std::function<void()> woken);
  // Before the loop is closed; libuv then completes the closing. Nothing if it is not open.
  void Close();

  // Any thread, while it is open. Does not wait. See base/wake_together.h.
  void Send() const { WakeTogether::Wake(event_); }

 private:
  class Event;

  void OnReadable();

  std::shared_ptr<Wakeable> event_;  // wake-ups that wait keep it
  int descriptor_ = -1;              // of the event
  uv_poll_t poll_{};
  std::function<void()> woken_;
};

}  // namespace smile
