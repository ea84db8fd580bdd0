#include "client/call_slots.h"

#include <utility>

namespace smile {
namespace {

// An id is a slot's number and, above it, a count of its uses.
constexpr uint32_t kSlotBits = 16;
static_assert(CallSlots::kMost == (uint32_t{1} << kSlotBits) - 1);

}  // namespace

uint32_t CallSlots::Take(std::unique_ptr<OpenCall> call) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t number = free_.back();
  free_.pop_back();
  ++in_use_;
  Slot& slot = slots_[number];
  slot.id = (slot.uses++ << kSlotBits) | (number + 1);
  slot.call = std::move(call);
  return slot.id;
}

CallSlots::Slot* CallSlots::Find(uint32_t id) {
  const uint32_t number = (id & kMost) - 1;  // 0 wraps to more slots than there are
  if (number >= slots_.size() || slots_[number].id != id) return nullptr;
  return &slots_[number];
}

void CallSlots::Free(Slot* slot) {
  slot->id = 0;
  slot->partitions.clear();
  --in_use_;
  free_.push_back(static_cast<uint32_t>(slot - slots_.data()));
}

void CallSlots::Clear() {
  slots_.clear();
  free_.clear();
  in_use_ = 0;
}

std::unique_ptr<OpenCall> CallSlots::GiveUp(Slot* slot) {
  if (slot->call->writes()) {
    slot->partitions = slot->call->Partitions();
    slot->order = slot->call->order;
  }
  return std::move(slot->call);
}

LastOrders CallSlots::Orders() const {
  LastOrders orders;
  for (const Slot& slot : slots_) {
    orders.Add(slot.partitions, slot.order);
    if (slot.call != nullptr) orders.Add(slot.call->Partitions(), slot.call->order);
  }
  return orders;
}

}  // namespace smile
