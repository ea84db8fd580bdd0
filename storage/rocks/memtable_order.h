// The partitions of a memtable in order, for walks over all of them (LIST). Built when somebody
// walks, and shared by all who do: the first pays for sorting what is there, the next only for the
// partitions that have come since.
//
// Like a log-structured merge tree it consists of sorted runs, each at least about twice as long as
// the one after it: new partitions become a run, and runs that have become alike are merged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "storage/rocks/partition_buckets.h"

namespace smile {

// A partition and the beginning of its id, as a number that sorts as it does: most comparisons look
// at no more than that.
struct OrderedPartition {
  explicit OrderedPartition(const MemtablePartition* of);

  bool operator<(const OrderedPartition& other) const {
    if (begin != other.begin) return begin < other.begin;
    return partition->id() < other.partition->id();
  }

  uint64_t begin;
  const MemtablePartition* partition;
};

// Sorted runs; never changed once made. Each partition is in one of them.
struct MemtableOrder {
  using Run = std::shared_ptr<const std::vector<OrderedPartition>>;

  std::vector<Run> runs;
  const MemtablePartition* newest = nullptr;  // the last that is in it
};

// Of one memtable. Any thread.
class MemtableOrderKeeper {
 public:
  // All partitions up to `newest`, by MemtablePartition::made_before, and possibly newer ones.
  std::shared_ptr<const MemtableOrder> UpTo(const MemtablePartition* newest);

 private:
  std::mutex mutex_;
  std::shared_ptr<const MemtableOrder> order_ = std::make_shared<MemtableOrder>();
};

// A walk over the entries of a memtable in order. What is put in meanwhile it may see or not.
class OrderedWalk {
 public:
  explicit OrderedWalk(std::shared_ptr<const MemtableOrder> order);

  // To the first entry that does not stand before the key. (No partition's id is the beginning of
  // another's.)
  void Seek(const InternalKey& key);
  // The entry's node; null: at the end.
  const EntryNode* node() const { return node_; }
  void Next();

 private:
  void FindFirst();

  std::shared_ptr<const MemtableOrder> order_;
  std::vector<size_t> at_;  // in each run: the first partition that is not passed
  size_t run_ = 0;          // the one whose partition is walked through; only while node_ is set
  const EntryNode* node_ = nullptr;
};

}  // namespace smile
