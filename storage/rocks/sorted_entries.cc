#include "storage/rocks/sorted_entries.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/coding.h"

namespace smile {
namespace {

struct Item {
  uint64_t begin;  // the beginning of the id, as a number with the same order
  const MemtablePartition* partition;

  bool operator<(const Item& other) const {
    if (begin != other.begin) return begin < other.begin;
    return partition->id() < other.partition->id();
  }
};

// An entry is prefetched while this many others are processed.
constexpr size_t kAhead = 8;

}  // namespace

SortedEntries::SortedEntries(const std::vector<const MemtablePartition*>& partitions,
                             size_t entries) {
  std::vector<Item> items;
  items.reserve(partitions.size());
  for (const MemtablePartition* partition : partitions) {
    char begin[sizeof(uint64_t)] = {};
    partition->id().copy(begin, sizeof(begin));
    items.push_back({LoadBig<uint64_t>(begin), partition});
  }
  std::sort(items.begin(), items.end());
  if (kExpensiveChecks) {
    const auto same = [](const Item& a, const Item& b) { return !(a < b); };
    CHECK(std::adjacent_find(items.begin(), items.end(), same) == items.end());
  }

  sorted_.reserve(entries);
  for (size_t i = 0; i < items.size(); ++i) {
    if (i + 2 * kAhead < items.size()) {
      Prefetch(items[i + 2 * kAhead].partition, sizeof(MemtablePartition));
    }
    if (i + kAhead < items.size()) {
      Prefetch(items[i + kAhead].partition->list.First(), sizeof(EntryNode));
    }
    for (const EntryNode* node = items[i].partition->list.First(); node != nullptr;
         node = node->next()) {
      sorted_.push_back(node->entry());
    }
  }
  if (kExpensiveChecks) {
    const auto before = [](const char* a, const char* b) {
      return InternalKey::OfEntry(a).Before(InternalKey::OfEntry(b));
    };
    CHECK(std::is_sorted(sorted_.begin(), sorted_.end(), before));
  }
}

size_t SortedEntries::LowerBound(const InternalKey& key) const {
  const auto found = std::partition_point(sorted_.begin(), sorted_.end(), [&](const char* entry) {
    return InternalKey::OfEntry(entry).Before(key);
  });
  return static_cast<size_t>(found - sorted_.begin());
}

}  // namespace smile
