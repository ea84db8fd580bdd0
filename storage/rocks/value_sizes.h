// How large the values of each table have lately been, so that a fetch of many takes no more of
// them at once than it needs to. Any thread.
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
  // Blobs are large until they are seen to be small; of other tables it is learned with the first
  // fetch.
  ValueSizes() { Of(Table::kBlobs).store(limits::kMaxValueBytes); }

  // About the largest of the last fetches.
  uint64_t Expected(Table table) const {
    return sizes_[static_cast<size_t>(table)].load(std::memory_order_relaxed);
  }
  // The largest of one fetch. After some tens of fetches of small ones a large one is forgotten.
  void Note(Table table, uint64_t largest) {
    const uint64_t before = Expected(table);
    Of(table).store(std::max(largest, before - before / 8), std::memory_order_relaxed);
  }

 private:
  std::atomic<uint64_t>& Of(Table table) { return sizes_[static_cast<size_t>(table)]; }

  std::array<std::atomic<uint64_t>, kTables.size() + 1> sizes_{};
};

}  // namespace smile
