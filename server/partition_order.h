// Keeps the operations of one connection on one partition in order; operations on different
// partitions may overtake each other.
//
// An operation is an Entry in the lane of each partition that it touches (most touch one, MGET any
// number). In a lane
//   * an operation may run when all before it have finished; except that writes do not wait for
//     writes, because the committer keeps them in order. So a read sees the writes that were sent
//     before it, none that were sent after it, and nothing older than the read before it
//     (docs/decisions/0015-reads-in-order.md);
//   * an operation leaves (its reply may be sent) when all before it have left.
// Entries enter all their lanes at once and lanes are first in, first out, so there are no
// deadlocks.
//
// Pure and single-threaded. Partitions are identified by a 64-bit hash; a collision only causes
// unnecessary ordering.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace smile {

class PartitionOrder {
 public:
  enum class Access : uint8_t { kRead, kWrite };

  // An operation in flight. Owned by the caller, and not moved, from Enter() until it has left.
  struct Entry {
    Access access = Access::kRead;
    bool finished = false;
    uint32_t lanes_not_granted = 0;  // lanes in which it may not run yet
    uint32_t lanes_not_first = 0;    // lanes in which it is not the first
    std::vector<uint64_t> partitions;
  };

  // Entries that may now leave or run. The caller handles all of `leave`, then all of `run`, in
  // order.
  struct Freed {
    std::vector<Entry*> leave;
    std::vector<Entry*> run;
  };

  // Whether nothing is in flight on this partition.
  bool IsFree(uint64_t partition) const { return lanes_.empty() || !lanes_.contains(partition); }

  // Appends `entry` to its lanes. `partitions` are sorted and unique, possibly empty. Returns
  // whether the operation may run now; otherwise a later Freed contains it.
  bool Enter(Entry* entry, Access access, std::vector<uint64_t> partitions);

  // `entry`, which was allowed to run, has finished. The result is valid until the next Finish().
  const Freed& Finish(Entry* entry);

  bool empty() const { return lanes_.empty(); }

 private:
  struct Lane {
    // Entries that have not left are entries[first..]; those before `granted` may run.
    std::vector<Entry*> entries;
    size_t first = 0;
    size_t granted = 0;
    uint32_t running = 0;  // one read, or any number of writes
  };

  static bool NextMayRun(const Lane& lane);
  void GrantFrom(Lane* lane, std::vector<Entry*>* run);
  void Leave(Entry* entry, Freed* freed);

  Freed freed_;  // reused, to avoid allocations
  std::unordered_map<uint64_t, Lane> lanes_;
};

}  // namespace smile
