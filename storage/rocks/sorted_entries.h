// All entries of a memtable in order, for a flush: the partitions are sorted, and each is in order
// already. Most comparisons of the sort look at eight adjacent bytes.
#pragma once

#include <cstddef>
#include <vector>

#include "base/prefetch.h"
#include "storage/rocks/partition_buckets.h"

namespace smile {

class SortedEntries {
 public:
  SortedEntries() = default;
  // `partitions`: in any order, each once. `entries`: about how many they have. All memory belongs
  // to the memtable.
  SortedEntries(const std::vector<const MemtablePartition*>& partitions, size_t entries);

  size_t size() const { return sorted_.size(); }
  const char* operator[](size_t index) const { return sorted_[index]; }
  // The index of the first entry that is not before `key`; size(): there is none.
  size_t LowerBound(const InternalKey& key) const;

  // For a walk that has reached `index`. Adjacent entries are anywhere in memory: each is
  // prefetched while earlier ones are processed.
  void PrefetchBehind(size_t index) const {
    constexpr size_t kAhead = 8;
    constexpr size_t kUsualBytes = 192;
    if (index + kAhead < sorted_.size()) Prefetch(sorted_[index + kAhead], kUsualBytes);
  }

 private:
  std::vector<const char*> sorted_;
};

}  // namespace smile
