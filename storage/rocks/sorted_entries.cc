#include "storage/rocks/sorted_entries.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/coding.h"

namespace smile {

bool SortedEntries::Item::operator<(const Item& other) const {
  if (begin != other.begin) return begin < other.begin;
  return InternalKey::OfEntry(entry).Before(InternalKey::OfEntry(other.entry));
}

SortedEntries::SortedEntries(const std::vector<const char*>& entries) {
  sorted_.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i + kAhead < entries.size()) Prefetch(entries[i + kAhead], kUsualBytes);
    const ByteView key = InternalKey::OfEntry(entries[i]).user_key;
    char begin[sizeof(uint64_t)] = {};
    key.copy(begin, sizeof(begin));
    sorted_.push_back({LoadBig<uint64_t>(begin), entries[i]});
  }
  std::sort(sorted_.begin(), sorted_.end());
}

size_t SortedEntries::LowerBound(const InternalKey& key) const {
  const auto found = std::partition_point(sorted_.begin(), sorted_.end(), [&](const Item& item) {
    return InternalKey::OfEntry(item.entry).Before(key);
  });
  return static_cast<size_t>(found - sorted_.begin());
}

}  // namespace smile
