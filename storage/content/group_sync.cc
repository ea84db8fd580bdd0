#include "storage/content/group_sync.h"

#include <map>
#include <utility>

#include "base/check.h"
#include "base/thread_name.h"

namespace smile {

GroupSync::GroupSync() : thread_([this] { Run(); }) {}

GroupSync::~GroupSync() {
  Close();
}

void GroupSync::Add(std::shared_ptr<Segment> segment, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!closing_) {
      waiting_.push_back({std::move(segment), std::move(done)});
      done = nullptr;
    }
  }
  if (done != nullptr) return done({Code::kShuttingDown, "the server is stopping"});
  changed_.notify_one();
}

void GroupSync::Close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void GroupSync::Run() {
  NameThisThread("smile-sync");
  LowerPriorityOfThisThread(15);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::vector<Waiting> group = std::exchange(waiting_, {});
    lock.unlock();
    Sync(group);
    group.clear();
    lock.lock();
  }
}

void GroupSync::Sync(const std::vector<Waiting>& group) {
  std::map<Segment*, Status> synced;
  for (const Waiting& waiting : group) {
    const auto [entry, is_new] = synced.try_emplace(waiting.segment.get());
    if (is_new) entry->second = waiting.segment->Sync();
  }
  for (const Waiting& waiting : group) waiting.done(synced.at(waiting.segment.get()));
}

}  // namespace smile
