// Wake-ups that a thread sends at the end of a piece of work.
//
// Who wakes another thread on the same processor may lose it to that thread at once. A thread with
// many results would be interrupted after the first, and wake the other for each of them. So it
// holds back its wake-ups until all results are there.
#pragma once

#include <memory>

namespace smile {

// What can be woken, such as an event loop.
class Wakeable {
 public:
  virtual ~Wakeable() = default;
  // Any thread. Does not wait.
  virtual void Wake() = 0;
};

// While one exists, wake-ups from its thread wait for its end. In the meantime the thread must not
// wait for what it would have woken, nor take long: what other threads have for it may wait too.
// They may be nested: then the outermost counts.
class WakeTogether {
 public:
  WakeTogether();
  ~WakeTogether();
  WakeTogether(const WakeTogether&) = delete;
  WakeTogether& operator=(const WakeTogether&) = delete;

  // Wakes `one`, now or at the end of what exists on this thread.
  static void Wake(const std::shared_ptr<Wakeable>& one);
};

}  // namespace smile
