// The requests that were sent on a connection and are not yet answered, by id. An id is not reused
// while it is in use: a call that ends before its reply arrives leaves its slot occupied until the
// reply comes. For the channel's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "client/held_calls.h"
#include "client/pending_call.h"

namespace smile {

class CallSlots {
 public:
  // In one of three states: free (id 0, no call), in flight (id and call), abandoned (id, no call).
  struct Slot {
    std::unique_ptr<PendingCall> call;
    uint32_t id = 0;
    uint32_t uses = 0;  // makes successive ids of a slot differ
    // Of an abandoned write, which may still take effect; otherwise empty and 0.
    std::vector<uint64_t> partitions;
    uint64_t order = 0;
  };

  static constexpr uint32_t kMaxInUse = (uint32_t{1} << 16) - 1;

  // Slots that are not free.
  size_t in_use() const { return in_use_; }

  // Assigns an id, which is not 0, to the call. Fewer than kMaxInUse slots are in use.
  uint32_t Take(std::unique_ptr<PendingCall> call);
  // The slot of this id, which came from the server; null if it is not in use.
  Slot* Find(uint32_t id);
  // Frees a slot whose call was taken out of it.
  void Free(Slot* slot);
  // Frees all slots; their calls were taken out.
  void Clear();

  // Takes out a call that ends although the server may still execute its request.
  static std::unique_ptr<PendingCall> Abandon(Slot* slot);

  // The last call on each partition that the server may still execute.
  LastOrders Orders() const;

  // All slots, free ones too.
  std::vector<Slot>& all() { return slots_; }

 private:
  void CheckCounts() const;

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;  // indexes of free slots
  size_t in_use_ = 0;
};

}  // namespace smile
