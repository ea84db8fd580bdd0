#include "client/held_calls.h"

#include <algorithm>
#include <utility>

namespace smile {

void LastOrders::Add(const std::vector<uint64_t>& partitions, uint64_t order) {
  for (const uint64_t partition : partitions) {
    uint64_t& last = orders_[partition];
    last = std::max(last, order);
  }
}

bool LastOrders::HasAfter(const std::vector<uint64_t>& partitions, uint64_t order) const {
  return std::any_of(partitions.begin(), partitions.end(), [&](uint64_t partition) {
    const auto found = orders_.find(partition);
    return found != orders_.end() && found->second > order;
  });
}

bool MayHaveBeenExecuted(Code code) {
  return code == Code::kOk || code == Code::kNotFound || code == Code::kConditionFailed ||
         code == Code::kCorrupt || code == Code::kOutcomeUnknown;
}

bool HeldCalls::HoldsBack(const OpenCall& call) const {
  const std::vector<uint64_t> partitions = call.Partitions();
  return std::any_of(partitions.begin(), partitions.end(),
                     [&](uint64_t partition) { return partitions_.contains(partition); });
}

bool HeldCalls::Add(std::unique_ptr<OpenCall> call, int64_t not_before, Status refusal,
                    const ErrorDetail& detail) {
  Held held{.call = std::move(call),
            .partitions = {},
            .not_before = not_before,
            .refusal = std::move(refusal),
            .detail = detail};
  held.partitions = held.call->Partitions();
  partitions_.insert(held.partitions.begin(), held.partitions.end());
  const auto place =
      std::upper_bound(held_.begin(), held_.end(), held.call->order,
                       [](uint64_t order, const Held& other) { return order < other.call->order; });
  const bool last = place == held_.end();
  held_.insert(place, std::move(held));
  return last;
}

std::vector<std::unique_ptr<OpenCall>> HeldCalls::Release(int64_t now,
                                                          const LastOrders& in_flight) {
  std::vector<std::unique_ptr<OpenCall>> released;
  partitions_.clear();
  for (Held& held : held_) {
    const bool behind = std::any_of(held.partitions.begin(), held.partitions.end(),
                                    [&](uint64_t p) { return partitions_.contains(p); });
    if (behind || held.not_before > now || in_flight.HasAfter(held.partitions, held.call->order)) {
      partitions_.insert(held.partitions.begin(), held.partitions.end());
    } else {
      released.push_back(std::move(held.call));
    }
  }
  std::erase_if(held_, [](const Held& held) { return held.call == nullptr; });
  return released;
}

std::vector<HeldCalls::Held> HeldCalls::TakeRefusedBefore(const std::vector<uint64_t>& partitions,
                                                          uint64_t order) {
  return TakeIf([&](const Held& held) {
    return !held.refusal.ok() && held.call->order < order &&
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
  return next;
}

std::vector<HeldCalls::Held> HeldCalls::TakeIf(FunctionRef<bool(const Held&)> ends) {
  std::vector<Held> taken;
  for (Held& held : held_) {
    if (ends(held)) taken.push_back(std::move(held));
  }
  std::erase_if(held_, [](const Held& held) { return held.call == nullptr; });
  if (held_.empty()) partitions_.clear();
  return taken;
}

}  // namespace smile
