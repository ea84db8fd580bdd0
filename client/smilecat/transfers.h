// Several transfers of `smilecat media` at the same time: what is told about them, the worst exit
// status, and Ctrl-C.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/interrupt.h"
#include "client/smilecat/exit_status.h"
#include "client/smilecat/media_tools.h"
#include "client/smilecat/transfer_progress.h"

namespace smile::cat {

class Transfers {
 public:
  explicit Transfers(const MediaTools& tools) : interrupt_(tools.interrupt), progress_(tools) {}

  // Calls `transfer` for 0 to `count` - 1, on at most `jobs` threads, and returns when all have
  // ended. After Ctrl-C those that run are told through stop(), and no more are begun.
  void Run(size_t count, size_t jobs, const std::function<void(size_t index)>& transfer);

  std::stop_token stop() const { return stop_.get_token(); }
  bool stopped() const { return stop_.stop_requested(); }

  // Complains, and remembers the status if it is the worst. Any thread.
  void Fail(const std::string& words, ExitStatus status);
  // The worst so far.
  ExitStatus status() const;

  TransferProgress& progress() { return progress_; }
  // Takes what a transfer has done by now, from its start on; for one transfer.
  std::function<void(uint64_t done_bytes)> ProgressOfOne();

 private:
  const Interrupt* const interrupt_;
  TransferProgress progress_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  ExitStatus status_ = ExitStatus::kOk;  // guarded by mutex_
};

}  // namespace smile::cat
