// A queue in which everybody who waits gets a turn, however much one of them has brought.
//
// Each item comes from a source and costs something. Sources that have items take turns, each of
// about a quantum's worth; within a source, items keep their order. This is deficit round robin
// (M. Shreedhar and G. Varghese, "Efficient fair queueing using deficit round robin", SIGCOMM
// 1995), so that who brings large items gets no more than who brings small ones.
//
// Where the cost of an item is known only after it was served, it is pushed with an estimate, taken
// with PopToSettle, and Settle corrects the estimate. A source that took more than its turn was
// worth owes the rest: it is passed over until as many turns as that are over. Debts are forgiven
// when nobody waits.
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
    const auto [at, is_new] = lanes_.try_emplace(source);
    if (is_new) turns_.push_back(source);
    at->second.items.push_back({std::min(cost, kMostQuanta * quantum_), std::move(item)});
    ++size_;
  }

  // The next in turn, which Pop takes. There is one (CHECK).
  T& Front() { return LaneInTurn()->second.items.front().item; }

  T Pop() { return TakeFrom(LaneInTurn()); }

  // The same; `source` is whose it is. Settle has to follow.
  T PopToSettle(uint64_t* source) {
    const auto at = LaneInTurn();
    *source = at->first;
    ++at->second.in_service;
    return TakeFrom(at);
  }

  // An item that PopToSettle gave was served, and cost `cost` where `estimate` was pushed. A debt
  // is bounded like a cost, by more quanta.
  void Settle(uint64_t source, size_t estimate, size_t cost) {
    Lane& lane = lanes_.at(source);
    --lane.in_service;
    lane.credit += Signed(estimate) - Signed(cost);
    lane.credit = std::max(lane.credit, -Signed(kMostQuantaOwed * quantum_));
    if (lane.items.empty()) lane.credit = std::min<int64_t>(lane.credit, 0);
    if (size_ == 0) ForgiveAll();
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kMostQuanta = 8;
  static constexpr size_t kMostQuantaOwed = 64;

  struct Waiting {
    size_t cost;
    T item;
  };
  struct Lane {
    std::deque<Waiting> items;
    int64_t credit = 0;       // not above 0 while nothing of it waits
    uint32_t in_service = 0;  // items to be settled
  };
  using Lanes = std::unordered_map<uint64_t, Lane>;

  static int64_t Signed(size_t amount) { return static_cast<int64_t>(amount); }

  // Of the source whose turn it is, with credit enough for its next item. Sources without items
  // that owe something have turns too, by which they pay.
  typename Lanes::iterator LaneInTurn() {
    CHECK(size_ > 0);
    for (;;) {
      const auto at = lanes_.find(turns_.front());
      Lane& lane = at->second;
      if (!turn_has_begun_) lane.credit += Signed(quantum_);
      turn_has_begun_ = true;
      if (lane.items.empty()) {
        lane.credit = std::min<int64_t>(lane.credit, 0);
      } else if (Signed(lane.items.front().cost) <= lane.credit) {
        return at;
      }
      EndTurn(at);
    }
  }

  T TakeFrom(typename Lanes::iterator at) {
    Lane& lane = at->second;
    lane.credit -= Signed(lane.items.front().cost);
    T item = std::move(lane.items.front().item);
    lane.items.pop_front();
    --size_;
    if (lane.items.empty()) {
      lane.credit = std::min<int64_t>(lane.credit, 0);  // what it had left is forgotten
      EndTurn(at);
    }
    return item;
  }

  // Of the first in turns_. Who has nothing waiting, owes nothing and has nothing to be settled
  // leaves.
  void EndTurn(typename Lanes::iterator at) {
    const Lane& lane = at->second;
    const bool leaves = lane.items.empty() && lane.credit >= 0 && lane.in_service == 0;
    if (!leaves) turns_.push_back(at->first);
    turns_.pop_front();
    turn_has_begun_ = false;
    if (leaves) lanes_.erase(at);
  }

  void ForgiveAll() {
    turns_.clear();
    turn_has_begun_ = false;
    std::erase_if(lanes_, [](const auto& entry) { return entry.second.in_service == 0; });
    for (auto& [source, lane] : lanes_) {
      lane.credit = 0;
      turns_.push_back(source);
    }
  }

  const size_t quantum_;
  Lanes lanes_;
  std::deque<uint64_t> turns_;  // of all lanes; the first one's it is
  bool turn_has_begun_ = false;
  size_t size_ = 0;
};

}  // namespace smile
