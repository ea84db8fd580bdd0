#include "service/watches/watch_hub.h"

#include "base/check.h"

namespace smile {

WatchHub::~WatchHub() {
  CHECK(members_.empty(), "groups go before their hub");
  CHECK(counters_.watches == 0 && counters_.targets == 0 && counters_.watch_bytes == 0,
        "no watch is left");
}

void WatchHub::OnChanges(std::span<const AppliedChange> changes) {
  if (history_.Append(changes)) has_news_ = true;
}

void WatchHub::OnGap() {
  history_.AppendGap();
  has_news_ = true;
}

void WatchHub::OnAnswered() {
  if (has_news_.exchange(false)) WakeAll();
}

// The lock is held during the calls, so that none is made after Remove.
void WatchHub::WakeAll() {
  const std::lock_guard lock(members_mutex_);
  for (Member* const member : members_) {
    if (member->has_watches && !member->is_woken.exchange(true)) member->wake();
  }
}

void WatchHub::Add(Member* member) {
  const std::lock_guard lock(members_mutex_);
  members_.push_back(member);
}

void WatchHub::Remove(Member* member) {
  const std::lock_guard lock(members_mutex_);
  CHECK(std::erase(members_, member) == 1);
}

bool WatchHub::TryTakeBytes(size_t bytes) {
  const size_t before = counters_.watch_bytes.fetch_add(bytes);
  if (before + bytes <= limits_.watch_bytes) return true;
  GiveBytes(bytes);
  return false;
}

void WatchHub::GiveBytes(size_t bytes) {
  CHECK(counters_.watch_bytes.fetch_sub(bytes) >= bytes, "what is given back was taken");
}

WatchStats WatchHub::Stats() const {
  return {.watches = counters_.watches,
          .targets = counters_.targets,
          .watch_bytes = counters_.watch_bytes,
          .history_bytes = history_.size().bytes,
          .events = counters_.events,
          .gaps = counters_.gaps,
          .ended_slow = counters_.ended_slow};
}

}  // namespace smile
