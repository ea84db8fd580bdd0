#include "storage/rocks/walk_slice.h"

#include <rocksdb/perf_context.h>

#include "base/check.h"

namespace smile {
namespace {

// The cost of a seek in records: it searches every file that may contain the key.
constexpr size_t kSeekWork = 8;

}  // namespace

SliceMeter::SliceMeter(const WalkBudget& budget)
    : budget_(budget), passed_before_(PassedByThisThread()) {
  CHECK(budget.slice_records >= WalkBudget::kLeastSliceRecords && budget.slices >= 1);
}

void SliceMeter::CountSeek() {
  extra_ += kSeekWork;
}

// RocksDB counts these per thread unless its perf level is below kEnableCount, the default.
uint64_t SliceMeter::PassedByThisThread() {
  const rocksdb::PerfContext* const context = rocksdb::get_perf_context();
  return context->internal_key_skipped_count + context->internal_delete_skipped_count +
         context->internal_recent_skipped_count;
}

size_t SliceMeter::work() const {
  constexpr size_t kBytesPerRecord = limits::kMaxReadSliceBytes / limits::kMaxReadSliceRecords;
  static_assert(kBytesPerRecord > 0);
  const uint64_t passed = PassedByThisThread();
  CHECK(passed >= passed_before_, "a slice is walked by one thread");
  return passed - passed_before_ + extra_ + bytes_ / kBytesPerRecord;
}

Bytes PlaceOf(rocksdb::Iterator* stopped) {
  Bytes key;
  const rocksdb::Status status = stopped->GetProperty("rocksdb.iterator.internal-key", &key);
  CHECK(status.ok(), "RocksDB knows where an iterator stopped");
  return key;
}

}  // namespace smile
