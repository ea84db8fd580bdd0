// How much of a walk over records a reader does at a time, and where the walk continues.
#pragma once

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"

namespace smile {

// The maximum work of a walk for one page. A slice has at least kLeastSliceRecords records, so that
// it gets past at least one key, however often that was written.
struct WalkBudget {
  static constexpr size_t kLeastSliceRecords = 32;
  static_assert(kLeastSliceRecords <= limits::kMaxReadSliceRecords && limits::kMaxWalkSlices >= 1);

  size_t slice_records = limits::kMaxReadSliceRecords;
  uint32_t slices = limits::kMaxWalkSlices;
};

// Counts the work of one slice, in records, including what RocksDB's iterators skip: tombstones and
// versions that are hidden by newer ones. Used by one thread, which does no other walk meanwhile.
class SliceMeter {
 public:
  // Starts the slice. The budget outlives it.
  explicit SliceMeter(const WalkBudget& budget);

  void CountBytes(size_t bytes) { bytes_ += bytes; }
  void CountSeek();
  size_t work() const;
  const WalkBudget& budget() const { return budget_; }
  bool over() const { return work() >= budget_.slice_records; }

  // Makes an iterator stop by itself, with Incomplete, when it skips too much at once; PlaceOf
  // returns where.
  void Bound(rocksdb::ReadOptions* options) const {
    options->max_skippable_internal_keys = budget_.slice_records;
  }

 private:
  static uint64_t PassedByThisThread();

  const WalkBudget& budget_;
  const uint64_t passed_before_;
  size_t bytes_ = 0;
  size_t extra_ = 0;
};

// The key at which a walk continues after an iterator ended with Incomplete: no visible record is
// before it. The key itself may be visible, deleted, or newer than the iterator.
Bytes PlaceOf(rocksdb::Iterator* stopped);

}  // namespace smile
