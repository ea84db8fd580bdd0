// SIGINT and SIGTERM as a question that a long task asks now and then.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace smile {

// Made before other threads are, so that they too leave the signals to it. A second signal ends the
// process at once: the task may be waiting for a server that does not answer.
class Interrupt {
 public:
  // `before_end`, if there is one, is called before a second signal ends the process: on a thread
  // of its own, while all others go on.
  explicit Interrupt(std::function<void()> before_end = {});
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Whether a signal has come. Any thread.
  bool Raised() const { return raised_; }

 private:
  void Watch();

  const std::function<void()> before_end_;
  int ended_;  // an eventfd
  std::atomic<bool> raised_{false};
  std::thread thread_;
};

}  // namespace smile
