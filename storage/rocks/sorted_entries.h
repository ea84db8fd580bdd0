// All entries of a memtable in order, as they are written out: its partitions are sorted, and each
// is in order already. Most comparisons of the sort look at eight bytes that lie side by side.
#pragma once

#include <cstddef>
#include <vector>

#include "base/prefetch.h"
#include "storage/rocks/partition_buckets.h"

namespace smile {

class SortedEntries {
 public:
  SortedEntries() = default;
  // `partitions` are in any order, each once, and have about so many entries. All belongs to the
  // memtable.
  SortedEntries(const std::vector<const MemtablePartition*>& partitions, size_t entries);

  size_t size() const { return sorted_.size(); }
  const char* operator[](size_t index) const { return sorted_[index]; }
  // Where the first is that does not stand before `key`; size(): there is none.
  size_t LowerBound(const InternalKey& key) const;

  // For a walk that has come to `index`. In order, entries lie anywhere in memory: each is fetched
  // while others before it are worked on.
  void PrefetchBehind(size_t index) const {
    constexpr size_t kAhead = 8;
    constexpr size_t kUsualBytes = 192;
    if (index + kAhead < sorted_.size()) Prefetch(sorted_[index + kAhead], kUsualBytes);
  }

 private:
  std::vector<const char*> sorted_;
};

}  // namespace smile
