// Ranges of user ids.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace smile {

// From the first to the last, inclusive.
struct UserRange {
  uint64_t first = 0;
  uint64_t last = UINT64_MAX;
};

inline bool Contains(const std::vector<UserRange>& ranges, uint64_t user) {
  return std::any_of(ranges.begin(), ranges.end(), [user](const UserRange& range) {
    return range.first <= user && user <= range.last;
  });
}

}  // namespace smile
