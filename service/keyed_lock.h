// Locks for coroutines: one holder for each key at a time, others wait in order without a thread.
//
//   const auto held = co_await locks.Lock(key);   // until `held` goes
//
// A waiter goes on on the thread that releases the lock; if that happens inside another release on
// this thread, when that one returns, so that many waiters do not nest. Any thread.
#pragma once

#include <coroutine>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"

namespace smile {

template <class Key>
class KeyedLock {
 public:
  // Held until it is destroyed.
  class Held {
   public:
    Held(KeyedLock* lock, const Key& key) : lock_(lock), key_(key) {}
    Held(Held&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)), key_(other.key_) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (lock_ != nullptr) lock_->Release(key_);
    }

   private:
    KeyedLock* lock_;
    const Key key_;
  };

  class Waiting {
   public:
    Waiting(KeyedLock* lock, const Key& key) : lock_(lock), key_(key) {}
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) { return !lock_->Take(key_, waiter); }
    Held await_resume() { return Held(lock_, key_); }

   private:
    KeyedLock* const lock_;
    const Key key_;
  };

  ~KeyedLock() { CHECK(waiters_.empty(), "locks are released before they go"); }

  Waiting Lock(const Key& key) { return Waiting(this, key); }

 private:
  // False: `waiter` waits.
  bool Take(const Key& key, std::coroutine_handle<> waiter) {
    const std::lock_guard lock(mutex_);
    const auto [entry, is_free] = waiters_.try_emplace(key);
    if (!is_free) entry->second.push_back(waiter);
    return is_free;
  }

  void Release(const Key& key) {
    std::coroutine_handle<> next;
    {
      const std::lock_guard lock(mutex_);
      const auto entry = waiters_.find(key);
      CHECK(entry != waiters_.end());
      if (entry->second.empty()) {
        waiters_.erase(entry);
      } else {
        next = entry->second.front();
        entry->second.pop_front();
      }
    }
    if (next) ResumeInTurn(next);
  }

  static void ResumeInTurn(std::coroutine_handle<> waiter) {
    thread_local std::deque<std::coroutine_handle<>>* in_turn = nullptr;
    if (in_turn != nullptr) return in_turn->push_back(waiter);
    std::deque<std::coroutine_handle<>> waiters(1, waiter);
    in_turn = &waiters;
    while (!waiters.empty()) {
      const std::coroutine_handle<> next = waiters.front();
      waiters.pop_front();
      next.resume();
    }
    in_turn = nullptr;
  }

  std::mutex mutex_;
  std::map<Key, std::deque<std::coroutine_handle<>>> waiters_;  // of each key that is locked
};

}  // namespace smile
