// The progress of transfers that run on other threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/progress.h"
#include "client/smilecat/media_tools.h"

namespace smile::cat {

class TransferProgress {
 public:
  explicit TransferProgress(const MediaTools& tools)
      : watch_(tools.watch), progress_(stderr, tools.clock) {}

  // Any thread. Of all transfers together.
  void AddDone(uint64_t bytes) { done_ += bytes; }
  // Unknown unless it is called.
  void SetWhole(uint64_t bytes) { whole_ = bytes; }

  // Draws. Called a few times per second by one thread.
  void Update();
  // Prints a line on stdout, or a complaint on stderr, between two drawings. Any thread.
  void Print(std::string_view line);
  void Complain(const std::string& words);

  uint64_t done() const { return done_; }
  double seconds() const { return progress_.seconds(); }

 private:
  const ServerWatch* const watch_;
  std::atomic<uint64_t> done_{0};
  std::optional<uint64_t> whole_;
  std::mutex mutex_;
  Progress progress_;  // guarded by mutex_
};

}  // namespace smile::cat
