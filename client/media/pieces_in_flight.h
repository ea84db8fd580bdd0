// Counts the bytes of the pieces that are in flight, so that a coroutine waits while there are
// many.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace smile {

// One coroutine adds and waits; answers come on any thread. The coroutine waits for 0 before it
// destroys the object.
class PiecesInFlight {
 public:
  // `progress` may be null; called with the bytes that are done, under a lock.
  explicit PiecesInFlight(std::function<void(uint64_t)> progress)
      : progress_(std::move(progress)) {}

  void Add(size_t bytes) {
    const std::lock_guard lock(mutex_);
    in_flight_ += bytes;
  }
  // Bytes that need not be sent.
  void Skip(size_t bytes) {
    const std::lock_guard lock(mutex_);
    Count(bytes);
  }
  // A piece was answered. May continue the coroutine.
  void OnAnswer(size_t bytes, const Status& status) {
    std::coroutine_handle<> waiter;
    {
      const std::lock_guard lock(mutex_);
      CHECK(in_flight_ >= bytes, "a piece is answered once");
      in_flight_ -= bytes;
      if (status.ok()) Count(bytes);
      if (failure_.ok()) failure_ = status;
      if (in_flight_ <= awaited_) waiter = std::exchange(waiter_, nullptr);
    }
    if (waiter) waiter.resume();
  }

  // The first failure of a piece.
  Status failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

  // `co_await AtMost(n)`: until at most `n` bytes are in flight.
  auto AtMost(size_t bytes) { return AtMostAwait{this, bytes}; }

 private:
  struct AtMostAwait {
    PiecesInFlight* const pieces;
    const size_t bytes;

    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) const {
      const std::lock_guard lock(pieces->mutex_);
      if (pieces->in_flight_ <= bytes) return false;
      pieces->awaited_ = bytes;
      pieces->waiter_ = waiter;
      return true;
    }
    void await_resume() const {}
  };

  void Count(size_t bytes) {
    done_ += bytes;
    if (progress_) progress_(done_);
  }

  mutable std::mutex mutex_;
  size_t in_flight_ = 0;
  uint64_t done_ = 0;
  Status failure_;
  size_t awaited_ = 0;
  std::coroutine_handle<> waiter_;
  const std::function<void(uint64_t)> progress_;
};

}  // namespace smile
