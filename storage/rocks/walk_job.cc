#include "storage/rocks/walk_job.h"

#include "base/check.h"
#include "storage/rocks/slices.h"

namespace smile {

ReaderPool::Job::Progress WalkJob::Run() {
  CHECK(slices_ < parts_.budget->slices);
  if (Status status = RunSlice(); !status.ok()) {
    Refuse(std::move(status));
    return Progress::kDone;
  }
  const bool goes_on = HasNothingYet() && ++slices_ < parts_.budget->slices &&
                       call().caller_state() == Caller::State::kWaiting;
  if (goes_on) return Progress::kMore;
  End();
  return Progress::kDone;
}

// The iterator is destroyed before the use of RocksDB ends.
Status WalkJob::RunSlice() {
  CHECK(iterator_ == nullptr, "between slices there is no iterator");
  const UseGate::Use use = database().Enter();
  if (!use) return RocksDatabase::Reopening();
  SliceMeter meter(*parts_.budget);
  Status status = WalkSlice(&meter);
  set_work(meter.work());
  iterator_.reset();
  return status;
}

void WalkJob::Seek(const rocksdb::ReadOptions& options, ByteView from, SliceMeter* meter) {
  iterator_.reset(database().db()->NewIterator(options, database().family(table_)));
  wall_millis_ = parts_.clock->WallMillis();
  SeekOn(from, meter);
}

void WalkJob::SeekOn(ByteView from, SliceMeter* meter) {
  CHECK(iterator_ != nullptr);
  meter->CountSeek();
  iterator_->Seek(rocksdb::Slice(from.data(), from.size()));
}

std::optional<Bytes> WalkJob::Place() const {
  if (iterator_->Valid()) return Bytes(ViewOf(iterator_->key()));
  return KeyOfDamagedValue(table_, iterator_.get());
}

}  // namespace smile
