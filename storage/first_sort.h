// The first sort key of a partition, as the record cache holds it (see storage/record_cache.h). It
// tells which of many timelines have something new. Never stored.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "base/check.h"
#include "model/tables.h"

namespace smile {

// Whether the first sort keys of this table's partitions are cached: where feeds are made of them.
constexpr bool HasFirstSort(Table table) {
  return table == Table::kPosts;
}

// A first sort key, or that the partition has no records. Always of the same size, so that a cache
// entry can be updated in place.
class FirstSort {
 public:
  FirstSort() = default;
  // `sort` is a whole sort key of a table with HasFirstSort() (CHECK).
  explicit FirstSort(ByteView sort) {
    CHECK(sort.size() == kSortBytes);
    bytes_[0] = 1;
    std::memcpy(bytes_.data() + 1, sort.data(), kSortBytes);
  }
  // From encoded() (CHECK).
  static FirstSort Decode(ByteView encoded) {
    FirstSort first;
    CHECK(encoded.size() == first.bytes_.size());
    std::memcpy(first.bytes_.data(), encoded.data(), encoded.size());
    return first;
  }

  // None: the partition has no records.
  std::optional<ByteView> sort() const {
    if (bytes_[0] == 0) return std::nullopt;
    return ByteView(bytes_.data() + 1, kSortBytes);
  }
  ByteView encoded() const { return {bytes_.data(), bytes_.size()}; }

  // Whether a record with this key would be the first. These tables are newest first.
  bool ComesAfter(ByteView sort) const {
    static_assert(InfoOf(Table::kPosts).newest_first);
    return !this->sort() || *this->sort() < sort;
  }

 private:
  static constexpr size_t kSortBytes = 8;
  std::array<char, 1 + kSortBytes> bytes_{};
};

}  // namespace smile
