// WatchGroup, continued: telling what is new, a slice at a time.
#include <utility>

#include "base/check.h"
#include "service/watches/watch_group.h"

namespace smile {

bool WatchGroup::Run() {
  CHECK(!is_running_, "a sink does not call Run");
  is_running_ = true;
  // Before the history is looked at: what comes later wakes the group again.
  member_.is_woken = false;
  size_t left = hub_->limits_.slice_work;
  bool more = true;
  while (left > 0 && more) {
    more = FindWork();
    if (!more) break;
    if (gap_.has_value()) {
      ContinueGap(&left);
    } else {
      ContinueBatch(&left);
    }
  }
  is_running_ = false;
  PublishCounts();
  if (!watches_.empty()) return more;
  Rest();
  return false;
}

bool WatchGroup::FindWork() {
  if (watches_.empty()) return false;
  if (gap_.has_value() || batch_ < taken_.size()) return true;
  batch_ = change_ = 0;
  taken_.clear();
  WatchHistory::Taken taken = hub_->history_.Take(position_);
  if (taken.too_late) {
    // Whoever reads the partition now needs nothing of what is left.
    position_ = taken.end.next;
    gap_ = GapForAll{.before = position_, .after = taken.end.newest};
    return true;
  }
  taken_ = std::move(taken.batches);
  position_ += taken_.size();
  return !taken_.empty();
}

void WatchGroup::ContinueGap(size_t* left) {
  while (*left > 0) {
    const auto found = watches_.lower_bound(gap_->next_watch);
    if (found == watches_.end()) return gap_.reset();
    --*left;
    OneWatch& watch = found->second;
    gap_->next_watch = watch.id + 1;
    if (watch.start < gap_->before) TellGap(&watch, std::nullopt, gap_->after);
  }
}

void WatchGroup::ContinueBatch(size_t* left) {
  const BatchPointer batch = taken_[batch_];
  if (batch->is_gap) {
    --*left;
    ++batch_;
    gap_ = GapForAll{.before = position_ - taken_.size() + batch_, .after = batch->newest};
    return;
  }
  while (*left > 0 && change_ < batch->changes.size()) {
    ContinueChange(batch, batch->changes[change_], left);
  }
  if (change_ < batch->changes.size()) return;
  ++batch_;
  change_ = 0;
  told_through_ = batch->newest;
}

void WatchGroup::ContinueChange(const BatchPointer& batch, const HistoryChange& change,
                                size_t* left) {
  if (current_ == nullptr) {
    --*left;
    const auto found = partitions_.find(change.key);
    if (found == partitions_.end()) {
      ++change_;
      return;
    }
    current_ = &*found;
    current_->second.is_in_use = true;
    subscriber_ = 0;
  }
  // Sinks may add to the list meanwhile: watches that begin after this change.
  Subscribers& subscribers = current_->second;
  while (*left > 0 && subscriber_ < subscribers.list.size()) {
    --*left;
    const Subscriber subscriber = subscribers.list[subscriber_++];
    if (subscriber.watch == nullptr || change.version <= subscriber.after) continue;
    TellEvent(subscriber.watch, subscriber.target, batch, change);
  }
  if (subscriber_ < subscribers.list.size()) return;
  subscribers.is_in_use = false;
  Tidy(std::exchange(current_, nullptr));
  ++change_;
}

// With nothing left to tell, also changes of tables that are not watched were looked at.
uint64_t WatchGroup::ToldThrough() const {
  if (gap_.has_value() || batch_ < taken_.size()) return told_through_;
  const WatchHistory::End end = hub_->history_.end();
  return position_ == end.next ? end.newest : told_through_;
}

void WatchGroup::Rest() {
  member_.has_watches = false;
  taken_.clear();
  batch_ = change_ = 0;
  gap_.reset();
  current_ = nullptr;
  partitions_.clear();  // of a change that was not told to the end
}

void WatchGroup::PublishCounts() {
  hub_->counters_.events += std::exchange(events_, 0);
  hub_->counters_.gaps += std::exchange(gaps_, 0);
}

}  // namespace smile
