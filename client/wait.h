// A value that one thread waits for and another one brings, once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace smile {

template <class T>
class WaitFor {
 public:
  // Told under the lock: as soon as it is released, this object may be gone.
  void Set(T value) {
    const std::lock_guard lock(mutex_);
    value_.emplace(std::move(value));
    set_.notify_one();
  }
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
