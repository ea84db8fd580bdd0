// Keeps one connection's operations on one partition in order, while those on different
// partitions overtake each other freely.
//
// An operation is an Entry in the lane of each partition that it touches (most touch one, MGET any
// number). In a lane
//   * an operation may run once everything before it has finished; only writes need not wait for
//     writes, because their committer keeps them in the order of their arrival. So a read sees the
//     writes that were sent before it, none that were sent after it, and nothing older than the
//     read before it saw (docs/decisions/0015-reads-in-order.md);
//   * an operation leaves (its reply may go out) once everything before it has left.
// Entries enter all their lanes at once and lanes are first in, first out, so no two entries can
// wait for each other.
//
// Pure and single-threaded. Partitions are told apart by a 64-bit hash; two that collide are only
// kept in order without need.
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

  // One operation under way. Owned by the caller, and not moved, from Enter until it has left.
  struct Entry {
    Access access = Access::kRead;
    bool finished = false;
    uint32_t lanes_not_granted = 0;  // lanes in which it may not run yet
    uint32_t lanes_not_first = 0;    // lanes in which something is still before it
    std::vector<uint64_t> partitions;
  };

  // What a call has set free, in the order in which it has to happen: first everything in `leave`,
  // then everything in `run`.
  struct Freed {
    std::vector<Entry*> leave;
    std::vector<Entry*> run;
  };

  // Whether nothing is under way on this partition.
  bool IsFree(uint64_t partition) const { return lanes_.empty() || !lanes_.contains(partition); }

  // Puts `entry` behind what is there. `partitions` are sorted and each there once; none is fine.
  // Answers whether the operation may run now; else a later Freed names it.
  bool Enter(Entry* entry, Access access, std::vector<uint64_t> partitions);

  // `entry`, which was allowed to run, has finished. Valid until the next Finish.
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

  Freed freed_;  // kept from one Finish to the next for its memory
  std::unordered_map<uint64_t, Lane> lanes_;
};

}  // namespace smile
