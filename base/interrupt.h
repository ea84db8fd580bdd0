// SIGINT and SIGTERM as a flag that a long task polls.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace smile {

// Created before other threads, so that they inherit its signal mask. A second signal ends the
// process immediately: the task may be waiting for a server that does not answer.
class Interrupt {
 public:
  // `before_end` (may be null) is called before a second signal ends the process, on a thread of
  // its own while all others keep running.
  explicit Interrupt(std::function<void()> before_end = {});
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Whether a signal was received. Any thread.
  bool Raised() const { return raised_; }

 private:
  void Watch();

  const std::function<void()> before_end_;
  int ended_;  // an eventfd
  std::atomic<bool> raised_{false};
  std::thread thread_;
};

}  // namespace smile
