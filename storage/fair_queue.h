// A queue in which everybody who waits gets a turn, however much one of them has brought.
//
// Each item comes from a source and costs something. Sources that have items take turns, each of
// about a quantum's worth; within a source, items keep their order. This is deficit round robin
// (M. Shreedhar and G. Varghese, "Efficient fair queueing using deficit round robin", SIGCOMM
// 1995), so that who brings large items gets no more than who brings small ones.
//
// Single-threaded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

#include "base/check.h"

namespace smile {

template <class T>
class FairQueue {
 public:
  explicit FairQueue(size_t quantum) : quantum_(quantum) {}

  // `source` is any number that tells who brings the item. A cost of more than a few quanta counts
  // for so many, so that nothing waits longer than for a few rounds.
  void Push(uint64_t source, size_t cost, T item) {
    Lane& lane = lanes_[source];
    if (lane.items.empty()) turns_.push_back(source);
    lane.items.push_back({std::min(cost, kMostQuanta * quantum_), std::move(item)});
    ++size_;
  }

  // The next in turn, which Pop takes. There is one (CHECK).
  T& Front() { return LaneInTurn()->second.items.front().item; }

  T Pop() {
    const auto at = LaneInTurn();
    Lane& lane = at->second;
    lane.credit -= lane.items.front().cost;
    T item = std::move(lane.items.front().item);
    lane.items.pop_front();
    --size_;
    if (lane.items.empty()) {  // what it had left is forgotten
      lanes_.erase(at);
      EndTurn();
    }
    return item;
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kMostQuanta = 8;

  struct Waiting {
    size_t cost;
    T item;
  };
  struct Lane {
    std::deque<Waiting> items;
    size_t credit = 0;
  };
  using Lanes = std::unordered_map<uint64_t, Lane>;

  // Of the source whose turn it is, with credit enough for its next item.
  typename Lanes::iterator LaneInTurn() {
    CHECK(size_ > 0);
    for (;;) {
      const auto at = lanes_.find(turns_.front());
      Lane& lane = at->second;
      if (!turn_has_begun_) lane.credit += quantum_;
      turn_has_begun_ = true;
      if (lane.items.front().cost <= lane.credit) return at;
      EndTurn();
      turns_.push_back(at->first);
    }
  }

  void EndTurn() {
    turns_.pop_front();
    turn_has_begun_ = false;
  }

  const size_t quantum_;
  Lanes lanes_;
  std::deque<uint64_t> turns_;  // of sources that have items; the first one's it is
  bool turn_has_begun_ = false;
  size_t size_ = 0;
};

}  // namespace smile
