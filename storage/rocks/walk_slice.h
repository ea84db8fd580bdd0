// How much of a walk over records one reader does at a time, and where it goes on.
#pragma once

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"

namespace smile {

// What a walk may do before it hands back its page. The records of a slice are at least
// kLeastSliceRecords: then a slice gets past at least one key, however often that was written.
struct WalkBudget {
  static constexpr size_t kLeastSliceRecords = 32;

  size_t slice_records = limits::kMaxReadSliceRecords;
  uint32_t slices = limits::kMaxWalkSlices;
};

// Counts the work of one slice, in records: what RocksDB's iterators pass over counts as well,
// tombstones and versions that are hidden by newer ones. On one thread, which walks nothing else
// meanwhile.
class SliceMeter {
 public:
  // Begins the slice.
  explicit SliceMeter(const WalkBudget& budget);

  void CountBytes(size_t bytes) { bytes_ += bytes; }
  void CountSeek();
  size_t work() const;
  const WalkBudget& budget() const { return budget_; }
  bool over() const { return work() >= budget_.slice_records; }

  // For an iterator that ends the slice by itself, with Incomplete, when it passes over too much at
  // once; PlaceOf says where.
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

// The key from which a walk goes on that has ended with Incomplete: nothing that is to be seen
// stands before it. It may itself be there, deleted, or newer than the iterator.
Bytes PlaceOf(rocksdb::Iterator* stopped);

}  // namespace smile
