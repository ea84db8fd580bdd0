// The partitions of a memtable in order, for walks over all of them (LIST). Built for the first
// walk and shared by all: the first pays for sorting what is there, later ones only for the
// partitions that were added since.
//
// Like a log-structured merge tree it consists of sorted runs, each at least about twice as long as
// the next: new partitions become a run, and runs of similar length are merged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "storage/rocks/partition_buckets.h"

namespace smile {

// A partition and the beginning of its id, as a number with the same order: most comparisons need
// only that.
struct OrderedPartition {
  explicit OrderedPartition(const MemtablePartition* of);

  bool operator<(const OrderedPartition& other) const {
    if (begin != other.begin) return begin < other.begin;
    return partition->id() < other.partition->id();
  }

  uint64_t begin;
  const MemtablePartition* partition;
};

// Sorted runs, immutable. Each partition is in one of them.
struct MemtableOrder {
  using Run = std::shared_ptr<const std::vector<OrderedPartition>>;

  std::vector<Run> runs;
  const MemtablePartition* newest = nullptr;  // the last partition in it
};

// For one memtable. Any thread.
class MemtableOrderKeeper {
 public:
  // Contains all partitions up to `newest`, by MemtablePartition::made_before, and possibly newer
  // ones.
  std::shared_ptr<const MemtableOrder> UpTo(const MemtablePartition* newest);

 private:
  std::mutex mutex_;
  std::shared_ptr<const MemtableOrder> order_ = std::make_shared<MemtableOrder>();
};

// A walk over the entries of a memtable in order. It may or may not see entries that are inserted
// meanwhile.
class OrderedWalk {
 public:
  explicit OrderedWalk(std::shared_ptr<const MemtableOrder> order);

  // Moves to the first entry that is not before the key. (No partition's id is a prefix of
  // another's.)
  void Seek(const InternalKey& key);
  // The node of the current entry; null: at the end.
  const EntryNode* node() const { return node_; }
  void Next();

 private:
  void FindFirst();

  std::shared_ptr<const MemtableOrder> order_;
  std::vector<size_t> at_;  // for each run, the first partition that was not passed
  size_t run_ = 0;          // the run of the current partition; valid while node_ is set
  const EntryNode* node_ = nullptr;
};

}  // namespace smile
