// What people who are online are told at once: who makes friends with them, likes a post of theirs,
// or comments on it. The store tells it, and what a write of this process causes is awaited, to see
// that it comes and how long that takes.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "bench/network/network_store.h"
#include "bench/smilebench/histogram.h"

namespace smile::bench {

// Belongs to the thread of the store's loop.
class Notifications {
 public:
  // Both outlive it.
  Notifications(const Clock* clock, NetworkStore* store) : clock_(*clock), store_(*store) {}

  // A person who is online, with those of her posts of which she wants to know.
  void Add(uint64_t person, const std::vector<uint64_t>& posts);
  // After the last Add. Calls `done` when everybody is told from now on.
  void Begin(std::function<void(const Status&)> done);

  // A write of this process is about to be sent. If it concerns somebody who is online, she will be
  // told.
  void Expect(const Notice& notice);
  // It changed nothing, or failed.
  void Forget(const Notice& notice) { expected_.erase(notice); }

  // How many are still expected.
  size_t expected() const { return expected_.size(); }
  // Nanoseconds from Expect until the store told it.
  const Histogram& told() const { return told_; }
  // What the store watches for it.
  uint64_t watched() const { return watched_; }
  void ResetTold() { told_ = {}; }

 private:
  struct NoticeHash {
    size_t operator()(const Notice& notice) const;
  };

  void OnNotice(const Notice& notice);

  const Clock& clock_;
  NetworkStore& store_;
  std::vector<Interest> interests_;                           // until it begins
  std::unordered_set<uint64_t> concerned_;                    // these people and posts
  std::unordered_map<Notice, int64_t, NoticeHash> expected_;  // since when
  Histogram told_;
  uint64_t watched_ = 0;
};

}  // namespace smile::bench
