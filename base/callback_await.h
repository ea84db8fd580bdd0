// Awaits functions that answer through a callback:
//
//   Task<int> Sum(Store* store) {
//     const int one = co_await FromCallback<int>([&](auto done) { store->Read(1, done); });
//     const int two = co_await FromCallback<int>([&](auto done) { store->Read(2, done); });
//     co_return one + two;
//   }
#pragma once

#include <atomic>
#include <coroutine>
#include <functional>
#include <optional>
#include <utility>

#include "base/task.h"

namespace smile {

// `co_await FromCallback<T>(start)`: calls `start` with a callback, and is the T that this callback
// is called with: once, on any thread, possibly before `start` returns.
template <class T, class Start>
class CallbackAwait {
 public:
  explicit CallbackAwait(Start start) : start_(std::move(start)) {}

  bool await_ready() const { return false; }
  // False: the value is there already.
  bool await_suspend(std::coroutine_handle<> waiter) {
    start_(std::function<void(T)>([this, waiter](T value) {
      value_.emplace(std::move(value));
      if (second_.exchange(true)) waiter.resume();
    }));
    // Whichever comes second goes on with the coroutine, and with it this object.
    return !second_.exchange(true);
  }
  T await_resume() { return std::move(*value_); }

 private:
  Start start_;
  std::optional<T> value_;
  std::atomic<bool> second_{false};
};

// See CallbackAwait.
template <class T, class Start>
CallbackAwait<T, Start> FromCallback(Start start) {
  return CallbackAwait<T, Start>(std::move(start));
}

}  // namespace smile
