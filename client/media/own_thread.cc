#include "client/media/own_thread.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.h"

namespace smile {

struct OwnThread::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void()> work;  // guarded by mutex, as is the next
  bool ending = false;
  std::thread thread;

  void Run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return work != nullptr || ending; });
      if (work == nullptr) return;
      const std::function<void()> next = std::exchange(work, nullptr);
      lock.unlock();
      next();
      lock.lock();
    }
  }
};

OwnThread::OwnThread() : shared_(std::make_shared<Shared>()) {
  shared_->thread = std::thread([shared = shared_] { shared->Run(); });
}

OwnThread::~OwnThread() {
  {
    const std::lock_guard lock(shared_->mutex);
    CHECK(shared_->work == nullptr, "no work is in flight");
    shared_->ending = true;
    shared_->changed.notify_one();
  }
  if (shared_->thread.get_id() == std::this_thread::get_id()) {
    shared_->thread.detach();
  } else {
    shared_->thread.join();
  }
}

void OwnThread::Start(std::function<void()> work) {
  const std::lock_guard lock(shared_->mutex);
  CHECK(shared_->work == nullptr, "one piece of work at a time");
  shared_->work = std::move(work);
  shared_->changed.notify_one();
}

}  // namespace smile
