#include "storage/rocks/walk_slice.h"

#include <rocksdb/perf_context.h>

#include "base/check.h"

namespace smile {
namespace {

// Of a seek, in records that are stepped to: it looks into every file that may have the key.
constexpr size_t kSeekWork = 8;

}  // namespace

SliceMeter::SliceMeter(const WalkBudget& budget)
    : budget_(budget), passed_before_(PassedByThisThread()) {
  CHECK(budget.slice_records >= WalkBudget::kLeastSliceRecords);
}

void SliceMeter::CountSeek() {
  extra_ += kSeekWork;
}

// RocksDB counts these for each thread unless its perf level is below kEnableCount, which is the
// default.
uint64_t SliceMeter::PassedByThisThread() {
  const rocksdb::PerfContext* const context = rocksdb::get_perf_context();
  return context->internal_key_skipped_count + context->internal_delete_skipped_count +
         context->internal_recent_skipped_count;
}

size_t SliceMeter::work() const {
  constexpr size_t kBytesPerRecord = limits::kMaxReadSliceBytes / limits::kMaxReadSliceRecords;
  return PassedByThisThread() - passed_before_ + extra_ + bytes_ / kBytesPerRecord;
}

Bytes PlaceOf(rocksdb::Iterator* stopped) {
  Bytes key;
  const rocksdb::Status status = stopped->GetProperty("rocksdb.iterator.internal-key", &key);
  CHECK(status.ok(), "RocksDB knows where an iterator stopped");
  return key;
}

}  // namespace smile
