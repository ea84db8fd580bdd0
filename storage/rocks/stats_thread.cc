#include "storage/rocks/stats_thread.h"

#include <utility>

#include "base/check.h"
#include "base/thread_name.h"

namespace smile {

StatsThread::StatsThread(std::function<EngineStats()> gather)
    : gather_(std::move(gather)), thread_([this] { Run(); }) {}

StatsThread::~StatsThread() {
  Close();
  CHECK(waiting_.empty(), "every call was answered");
}

void StatsThread::Ask(Done done) {
  CHECK(done);
  {
    const std::lock_guard lock(mutex_);
    if (!closing_) {
      waiting_.push_back(std::move(done));
      changed_.notify_one();
      return;
    }
  }
  done({});
}

void StatsThread::Close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void StatsThread::Run() {
  NameThisThread("smile-stats");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || closing_; });
    if (waiting_.empty()) return;
    const std::vector<Done> waiting = std::exchange(waiting_, {});
    lock.unlock();
    const EngineStats stats = gather_();
    for (const Done& done : waiting) done(stats);
    lock.lock();
  }
}

}  // namespace smile
