// Tracks the recent sizes of values per table, so that a fetch of many values reads no more of them
// at once than necessary. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "base/limits.h"
#include "model/tables.h"

namespace smile {

class ValueSizes {
 public:
  // Blobs are assumed to be large until they are seen to be small; for other tables the first fetch
  // shows it.
  ValueSizes() { Of(Table::kBlobs).store(limits::kMaxValueBytes); }

  // About the largest value of recent fetches.
  uint64_t Expected(Table table) const {
    return sizes_[static_cast<size_t>(table)].load(std::memory_order_relaxed);
  }
  // The largest value of one fetch. A large one is forgotten after some tens of fetches of small
  // ones.
  void Note(Table table, uint64_t largest) {
    const uint64_t before = Expected(table);
    Of(table).store(std::max(largest, before - before / 8), std::memory_order_relaxed);
  }

 private:
  std::atomic<uint64_t>& Of(Table table) { return sizes_[static_cast<size_t>(table)]; }

  std::array<std::atomic<uint64_t>, kTables.size() + 1> sizes_{};
};

}  // namespace smile
