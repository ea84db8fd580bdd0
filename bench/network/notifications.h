// What people who are online are told at once: who makes friends with them, likes a post of theirs,
// or comments on it. Each of them has a watch on it, and what a write of this process causes is
// awaited, to see that it comes and how long that takes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "bench/network/network_connections.h"
#include "bench/smilebench/histogram.h"
#include "client/watch.h"

namespace smile::bench {

// Belongs to the thread of the connections' loop.
class Notifications {
 public:
  // Both outlive it.
  Notifications(const Clock* clock, NetworkConnections* connections)
      : clock_(*clock), connections_(*connections) {}

  // Watches all that a person and these posts of hers are linked to, and the comments on the posts.
  void Add(uint64_t person, const std::vector<uint64_t>& posts);
  // After the last Add. Calls `done` when all watches have begun.
  void Begin(std::function<void()> done);

  // A write of this process is about to be sent, which changes the record. If somebody watches it,
  // she will be told.
  void Expect(const Key& record);
  // It changed nothing, or failed.
  void Forget(const Key& record) { expected_.erase(record); }

  // How many are still expected.
  size_t expected() const { return expected_.size(); }
  // Nanoseconds from Expect until the watch was told.
  const Histogram& told() const { return told_; }
  size_t watched() const { return watched_.size(); }
  void ResetTold() { told_ = {}; }

 private:
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return Hash64(key.partition) ^ Hash64(key.sort) * 31 ^ static_cast<size_t>(key.table);
    }
  };

  void OnMessage(const op::Watch::Response& message);

  const Clock& clock_;
  NetworkConnections& connections_;
  std::vector<Key> partitions_;                         // to be watched; without sort keys
  std::unordered_set<Key, KeyHash> watched_;            // the same
  std::unordered_map<Key, int64_t, KeyHash> expected_;  // since when
  Histogram told_;
  size_t watches_ = 0, begun_ = 0;
  std::function<void()> all_begun_;
};

}  // namespace smile::bench
