#include "service/sweeper.h"

#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/thread_name.h"

namespace smile {

Sweeper::~Sweeper() {
  Stop();
}

void Sweeper::Start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] { Run(); });
}

void Sweeper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Sweeper::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Sweeper::Run() {
  NameThisThread("smile-sweeper");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    // A failure is that of the engine, which reports it; the items wait.
    (void)Sweep();
    lock.lock();
    changed_.wait_for(lock, std::chrono::milliseconds(limits::kSweepMillis),
                      [this] { return stopping_; });
  }
}

Status Sweeper::Postpone(WorkItem item, uint64_t now_ms) const {
  WorkItem later = item;
  later.due_ms = now_ms + limits::kWorkGraceMillis;
  if (Status added = log_.Add(std::move(later)).Wait(); !added.ok()) return added;
  return log_.Remove(std::move(item)).Wait();
}

Result<uint64_t> Sweeper::Sweep() {
  if (also_ != nullptr) (void)also_().Wait();  // repeated with the next sweep
  uint64_t done = 0;
  const auto now_ms = static_cast<uint64_t>(clock_.WallMillis());
  for (;;) {
    const auto items = log_.Due(now_ms, limits::kSweptItems).Wait();
    if (!items.ok()) return items.status();
    for (const WorkItem& item : *items) {
      if (stopping()) return done;
      if (finish_(item).Wait().ok()) {
        SMILE_TRY(log_.Remove(item).Wait());
        ++done;
        ++finished_;
      } else {
        SMILE_TRY(Postpone(item, now_ms));
        ++postponed_;
      }
    }
    if (items->size() < limits::kSweptItems) return done;
  }
}

EngineStats Sweeper::Stats() const {
  return {{"sweeper.finished_count", finished_}, {"sweeper.postponed_count", postponed_}};
}

}  // namespace smile
