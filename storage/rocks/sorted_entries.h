// All entries of a memtable in order, as they are written out. Most comparisons of the sort look at
// eight bytes that lie side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"
#include "storage/rocks/entry_list.h"

namespace smile {

class SortedEntries {
 public:
  SortedEntries() = default;
  // `entries` are in any order, no two of them with the same key. They belong to the memtable.
  explicit SortedEntries(const std::vector<const char*>& entries);

  size_t size() const { return sorted_.size(); }
  const char* operator[](size_t index) const { return sorted_[index].entry; }
  // Where the first is that does not stand before `key`; size(): there is none.
  size_t LowerBound(const InternalKey& key) const;

  // For a walk that has come to `index`. In order, entries lie anywhere in memory: each is fetched
  // while others before it are worked on.
  void PrefetchBehind(size_t index) const {
    if (index + kAhead < sorted_.size()) Prefetch(sorted_[index + kAhead].entry, kUsualBytes);
  }

 private:
  struct Item {
    uint64_t begin;  // of the user key, as a number that sorts as it does
    const char* entry;

    bool operator<(const Item& other) const;
  };

  static constexpr size_t kAhead = 8;
  static constexpr size_t kUsualBytes = 192;

  std::vector<Item> sorted_;
};

}  // namespace smile
