// A queue that is fair to its sources: each one that has items waiting gets its turn, however many
// items another has.
//
// Each item has a source and a cost. Sources that have items take turns of about one quantum each;
// within a source, items keep their order. This is deficit round robin (M. Shreedhar and
// G. Varghese, "Efficient fair queueing using deficit round robin", SIGCOMM 1995), so a source with
// large items gets no more than one with small items.
//
// If the cost of an item is known only after it was served, the item is pushed with an estimate and
// taken with PopToSettle, and Settle corrects the estimate. A source that cost more than its turn
// allowed owes the difference and is skipped for the corresponding number of turns. Debts are
// forgiven when nothing waits.
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
  explicit FairQueue(size_t quantum) : quantum_(quantum) {
    CHECK(quantum > 0, "a turn without credit would never end");
    CHECK(quantum <= INT64_MAX / (4 * kMaxQuantaOwed), "credits are signed");
  }

  // `source` is any number that identifies who adds the item. A cost counts as at most kMaxQuanta
  // quanta, so that no item waits for more than a few rounds.
  void Push(uint64_t source, size_t cost, T item) {
    const auto [at, is_new] = lanes_.try_emplace(source);
    if (is_new) turns_.push_back(source);
    at->second.items.push_back({std::min(cost, kMaxQuanta * quantum_), std::move(item)});
    ++size_;
  }

  // The next item, which Pop will take. The queue is not empty (CHECK).
  T& Front() { return LaneInTurn()->second.items.front().item; }

  T Pop() { return TakeFrom(LaneInTurn()); }

  // Like Pop; sets *source. Settle must follow.
  T PopToSettle(uint64_t* source) {
    const auto at = LaneInTurn();
    *source = at->first;
    ++at->second.in_service;
    return TakeFrom(at);
  }

  // An item from PopToSettle was served: it cost `cost`, and was pushed with `estimate`. A debt is
  // at most kMaxQuantaOwed quanta.
  void Settle(uint64_t source, size_t estimate, size_t cost) {
    const auto at = lanes_.find(source);
    CHECK(at != lanes_.end(), "a source stays while items of it are in service");
    Lane& lane = at->second;
    CHECK(lane.in_service > 0, "Settle follows PopToSettle");
    --lane.in_service;
    const size_t max_debt = kMaxQuantaOwed * quantum_;
    lane.credit += Signed(std::min(estimate, max_debt)) - Signed(std::min(cost, 2 * max_debt));
    lane.credit = std::max(lane.credit, -Signed(max_debt));
    if (lane.items.empty()) lane.credit = std::min<int64_t>(lane.credit, 0);
    if (size_ == 0) ForgiveAll();
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kMaxQuanta = 8;
  static constexpr size_t kMaxQuantaOwed = 64;
  static_assert(kMaxQuanta <= kMaxQuantaOwed);

  struct Waiting {
    size_t cost;
    T item;
  };
  struct Lane {
    std::deque<Waiting> items;
    int64_t credit = 0;       // at most 0 while the source has no items
    uint32_t in_service = 0;  // items that Settle is expected for
  };
  using Lanes = std::unordered_map<uint64_t, Lane>;

  static int64_t Signed(size_t amount) { return static_cast<int64_t>(amount); }

  // The lane of the source whose turn it is, with enough credit for its next item. Sources without
  // items that owe something have turns too, to pay their debt.
  typename Lanes::iterator LaneInTurn() {
    CHECK(size_ > 0);
    for (;;) {
      CHECK(turns_.size() == lanes_.size(), "every lane has one turn");
      const auto at = lanes_.find(turns_.front());
      CHECK(at != lanes_.end());
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
    CHECK(!lane.items.empty() && lane.items.front().cost <= static_cast<uint64_t>(lane.credit));
    lane.credit -= Signed(lane.items.front().cost);
    T item = std::move(lane.items.front().item);
    lane.items.pop_front();
    --size_;
    if (lane.items.empty()) {
      lane.credit = std::min<int64_t>(lane.credit, 0);  // unused credit is lost
      EndTurn(at);
    }
    return item;
  }

  // Ends the turn of the first source in turns_. The source is removed if it has no items, no debt
  // and nothing to settle.
  void EndTurn(typename Lanes::iterator at) {
    CHECK(at->first == turns_.front());
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
  std::deque<uint64_t> turns_;  // the sources of all lanes; the first one has its turn
  bool turn_has_begun_ = false;
  size_t size_ = 0;
};

}  // namespace smile
