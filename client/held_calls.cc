#include "client/held_calls.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace smile {

void LastOrders::Add(const std::vector<uint64_t>& partitions, uint64_t order) {
  for (const uint64_t partition : partitions) {
    uint64_t& last = orders_[partition];
    last = std::max(last, order);
  }
}

bool LastOrders::AnyAfter(const std::vector<uint64_t>& partitions, uint64_t order) const {
  return std::any_of(partitions.begin(), partitions.end(), [&](uint64_t partition) {
    const auto found = orders_.find(partition);
    return found != orders_.end() && found->second > order;
  });
}

bool MayHaveBeenExecuted(Code code) {
  return code == Code::kOk || code == Code::kNotFound || code == Code::kConditionFailed ||
         code == Code::kCorrupt || code == Code::kOutcomeUnknown;
}

bool HeldCalls::HoldsBack(const PendingCall& call) const {
  const std::vector<uint64_t> partitions = call.Partitions();
  return std::any_of(partitions.begin(), partitions.end(),
                     [&](uint64_t partition) { return partitions_.contains(partition); });
}

bool HeldCalls::Add(std::unique_ptr<PendingCall> call, int64_t not_before, Status rejection,
                    const ErrorDetail& detail) {
  CHECK(call->retry() || rejection.ok(), "a call without retry ends when it is rejected");
  CHECK(!rejection.ok() || not_before == 0, "a call that was not sent waits for no time");
  CHECK(!MayHaveBeenExecuted(rejection.code()) || rejection.ok() || call->repeatable(),
        "only what had no effect waits");
  Held held{.call = std::move(call),
            .partitions = {},
            .not_before = not_before,
            .rejection = std::move(rejection),
            .detail = detail};
  held.partitions = held.call->Partitions();
  partitions_.insert(held.partitions.begin(), held.partitions.end());
  const auto place =
      std::upper_bound(held_.begin(), held_.end(), held.call->order,
                       [](uint64_t order, const Held& other) { return order < other.call->order; });
  const bool last = place == held_.end();
  held_.insert(place, std::move(held));
  CheckOrder();
  return last;
}

std::vector<std::unique_ptr<PendingCall>> HeldCalls::Release(int64_t now,
                                                             const LastOrders& in_flight) {
  std::vector<std::unique_ptr<PendingCall>> released;
  partitions_.clear();
  for (Held& held : held_) {
    const bool must_wait = std::any_of(held.partitions.begin(), held.partitions.end(),
                                       [&](uint64_t p) { return partitions_.contains(p); });
    if (must_wait || held.not_before > now ||
        in_flight.AnyAfter(held.partitions, held.call->order)) {
      partitions_.insert(held.partitions.begin(), held.partitions.end());
    } else {
      released.push_back(std::move(held.call));
    }
  }
  std::erase_if(held_, [](const Held& held) { return held.call == nullptr; });
  CHECK(!held_.empty() || partitions_.empty(), "only a held call holds others back");
  CheckOrder();
  return released;
}

std::vector<HeldCalls::Held> HeldCalls::TakeRejectedBefore(const std::vector<uint64_t>& partitions,
                                                           uint64_t order) {
  return TakeIf([&](const Held& held) {
    return !held.rejection.ok() && held.call->order < order &&
           std::any_of(partitions.begin(), partitions.end(), [&](uint64_t partition) {
             return std::find(held.partitions.begin(), held.partitions.end(), partition) !=
                    held.partitions.end();
           });
  });
}

int64_t HeldCalls::NextTime(int64_t now) const {
  int64_t next = INT64_MAX;
  for (const Held& held : held_) {
    if (held.not_before > now) next = std::min(next, held.not_before);
  }
  CHECK(next > now);
  return next;
}

std::vector<HeldCalls::Held> HeldCalls::TakeIf(FunctionRef<bool(const Held&)> ends) {
  const size_t before = held_.size();
  std::vector<Held> taken;
  for (Held& held : held_) {
    if (ends(held)) taken.push_back(std::move(held));
  }
  std::erase_if(held_, [](const Held& held) { return held.call == nullptr; });
  if (held_.empty()) partitions_.clear();
  CHECK(taken.size() + held_.size() == before, "a held call is taken out or stays");
  return taken;
}

void HeldCalls::CheckOrder() const {
  if (!kExpensiveChecks) return;
  uint64_t last = 0;
  for (const Held& held : held_) {
    CHECK(held.call != nullptr && held.call->order > last, "each call has an order of its own");
    last = held.call->order;
    for (const uint64_t partition : held.partitions) {
      CHECK(partitions_.contains(partition), "later calls of its partitions wait too");
    }
  }
}

}  // namespace smile
