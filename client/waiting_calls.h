// Calls that wait to be sent, in their order, except that bulk calls let all others go first: a
// piece of a video does not delay a small request that is made after it. For the channel's thread.
#pragma once

#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/function_ref.h"
#include "client/pending_call.h"

namespace smile {

class WaitingCalls {
 public:
  bool empty() const { return calls_.empty() && bulk_.empty(); }
  // Whether there is a call that is not bulk.
  bool has_small() const { return !calls_.empty(); }

  void Add(std::unique_ptr<PendingCall> call) {
    (call->is_bulk() ? bulk_ : calls_).push_back(std::move(call));
  }
  // Before those that wait.
  void AddFirst(std::vector<std::unique_ptr<PendingCall>> calls) {
    const auto first_bulk = std::stable_partition(
        calls.begin(), calls.end(), [](const auto& call) { return !call->is_bulk(); });
    calls_.insert(calls_.begin(), std::make_move_iterator(calls.begin()),
                  std::make_move_iterator(first_bulk));
    bulk_.insert(bulk_.begin(), std::make_move_iterator(first_bulk),
                 std::make_move_iterator(calls.end()));
  }

  // Removes the next call.
  std::unique_ptr<PendingCall> Take() {
    CHECK(!empty());
    auto& from = calls_.empty() ? bulk_ : calls_;
    std::unique_ptr<PendingCall> call = std::move(from.front());
    from.pop_front();
    return call;
  }
  // Removes those for which `takes` is true.
  std::vector<std::unique_ptr<PendingCall>> TakeIf(FunctionRef<bool(const PendingCall&)> takes) {
    std::vector<std::unique_ptr<PendingCall>> taken;
    for (auto* const calls : {&calls_, &bulk_}) {
      for (std::unique_ptr<PendingCall>& call : *calls) {
        if (takes(*call)) taken.push_back(std::move(call));
      }
      std::erase(*calls, nullptr);
    }
    return taken;
  }

 private:
  std::deque<std::unique_ptr<PendingCall>> calls_;
  std::deque<std::unique_ptr<PendingCall>> bulk_;
};

}  // namespace smile
