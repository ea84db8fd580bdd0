// A value that one thread sets, once, and another one waits for.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace smile {

template <class T>
class WaitFor {
 public:
  // Notifies under the lock: this object may be destroyed as soon as the lock is released.
  void Set(T value) {
    const std::lock_guard lock(mutex_);
    value_.emplace(std::move(value));
    set_.notify_one();
  }
  // Blocks until the value was set.
  T Take() {
    std::unique_lock lock(mutex_);
    set_.wait(lock, [this] { return value_.has_value(); });
    return std::move(*value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable set_;
  std::optional<T> value_;
};

}  // namespace smile
