// The calls that were sent on a connection and are not yet answered, by the ids that they were
// given. Ids are not used again while they are open: a call that ended before its answer came keeps
// its slot. For the channel's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "client/held_calls.h"
#include "client/open_call.h"

namespace smile {

class CallSlots {
 public:
  struct Slot {
    std::unique_ptr<OpenCall> call;
    uint32_t id = 0;    // 0: free
    uint32_t uses = 0;  // makes ids of one slot differ
    // Of a write that ended before its answer came, and may still take effect.
    std::vector<uint64_t> partitions;
    uint64_t order = 0;
  };

  static constexpr uint32_t kMost = (uint32_t{1} << 16) - 1;

  size_t in_use() const { return in_use_; }

  // Gives the call an id, which is not 0. At most kMost at a time.
  uint32_t Take(std::unique_ptr<OpenCall> call);
  // Null if there is none of this id.
  Slot* Find(uint32_t id);
  void Free(Slot* slot);
  void Clear();

  // The call of a slot, which ends now although the server may still execute it.
  static std::unique_ptr<OpenCall> GiveUp(Slot* slot);

  // Of all that the server may still execute.
  LastOrders Orders() const;

  // Free ones have no call.
  std::vector<Slot>& all() { return slots_; }

 private:
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t in_use_ = 0;
};

}  // namespace smile
