#include "client/call_slots.h"

#include <utility>

#include "base/check.h"

namespace smile {
namespace {

// An id consists of the slot's index plus 1 and, in the upper bits, a count of its uses.
constexpr uint32_t kSlotBits = 16;
static_assert(CallSlots::kMaxInUse == (uint32_t{1} << kSlotBits) - 1);

}  // namespace

uint32_t CallSlots::Take(std::unique_ptr<PendingCall> call) {
  CHECK(call != nullptr && in_use_ < kMaxInUse);
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  ++in_use_;
  Slot& slot = slots_[index];
  CHECK(slot.id == 0 && slot.call == nullptr && slot.partitions.empty(), "a free slot is empty");
  slot.id = (slot.uses++ << kSlotBits) | (index + 1);
  slot.call = std::move(call);
  CheckCounts();
  CHECK(Find(slot.id) == &slot, "a reply with this id finds the slot");
  return slot.id;
}

CallSlots::Slot* CallSlots::Find(uint32_t id) {
  const uint32_t index = (id & kMaxInUse) - 1;  // 0 wraps around to more than there are slots
  if (index >= slots_.size() || slots_[index].id != id) return nullptr;
  return &slots_[index];
}

void CallSlots::Free(Slot* slot) {
  CHECK(slot->id != 0 && in_use_ > 0, "a slot is freed once");
  CHECK(slot->call == nullptr, "a call outlives its slot");
  slot->id = 0;
  slot->partitions.clear();
  slot->order = 0;
  --in_use_;
  free_.push_back(static_cast<uint32_t>(slot - slots_.data()));
  CheckCounts();
}

void CallSlots::Clear() {
  for (const Slot& slot : slots_) CHECK(slot.call == nullptr, "every call was taken out");
  slots_.clear();
  free_.clear();
  in_use_ = 0;
}

std::unique_ptr<PendingCall> CallSlots::Abandon(Slot* slot) {
  CHECK(slot->id != 0 && slot->call != nullptr, "only a call in flight is abandoned");
  if (slot->call->writes()) {
    slot->partitions = slot->call->Partitions();
    slot->order = slot->call->order;
  }
  return std::move(slot->call);
}

LastOrders CallSlots::Orders() const {
  LastOrders orders;
  for (const Slot& slot : slots_) {
    CHECK(slot.call == nullptr || slot.partitions.empty(), "in flight or abandoned, not both");
    orders.Add(slot.partitions, slot.order);
    if (slot.call != nullptr) orders.Add(slot.call->Partitions(), slot.call->order);
  }
  return orders;
}

void CallSlots::CheckCounts() const {
  CHECK(in_use_ + free_.size() == slots_.size(), "a slot is free or in use");
  if (!kExpensiveChecks) return;
  size_t with_id = 0;
  for (const Slot& slot : slots_) {
    with_id += slot.id != 0;
    CHECK(slot.id != 0 || slot.call == nullptr, "a free slot has no call");
  }
  CHECK(with_id == in_use_);
}

}  // namespace smile
