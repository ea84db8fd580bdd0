// A thread that does blocking work for coroutines, one piece at a time.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/callback_await.h"
#include "base/task.h"

namespace smile {

class OwnThread {
 public:
  OwnThread();
  // Ends the thread; no work is in flight. On the thread itself it does not wait for the end.
  ~OwnThread();
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;

  // Runs `work` on the thread, and continues there with what it returns. One call at a time.
  template <class T>
  Task<T> Run(std::function<T()> work) {
    co_return co_await FromCallback<T>([&](std::function<void(T)> done) {
      Start([work = std::move(work), done = std::move(done)] { done(work()); });
    });
  }

 private:
  struct Shared;
  void Start(std::function<void()> work);

  const std::shared_ptr<Shared> shared_;
};

}  // namespace smile
