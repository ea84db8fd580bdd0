// ChangeObserver: is told of the changes of an engine (Engine::Observe).
#pragma once

#include <cstdint>
#include <span>

#include "model/key.h"
#include "model/record.h"

namespace smile {

// One mutation that took effect. Borrows everything.
struct AppliedChange {
  PartitionView partition;
  const MutationView* mutation = nullptr;  // never null
  uint64_t version = 0;                    // of the mutation; deletes have one, too
};

// The engine calls OnChanges and OnGap one at a time, all on any thread, possibly with a lock of
// its own held: they do not block and do not call the engine.
class ChangeObserver {
 public:
  virtual ~ChangeObserver() = default;

  // The changes of one or more writes, which are durable and visible and not answered yet. Writes
  // are never divided. Versions increase, within a call and from call to call.
  virtual void OnChanges(std::span<const AppliedChange> changes) = 0;

  // There may be changes that OnChanges is never told of: the outcome of some writes is unknown
  // (before they are answered so), or was settled without telling which took effect (before the
  // first change after that).
  virtual void OnGap() = 0;

  // Writes were answered. Called after each OnChanges and OnGap, when those that it was about were,
  // possibly once for several; also without anything to tell.
  virtual void OnAnswered() = 0;
};

}  // namespace smile
