// A walk over records on a reader thread, in slices.
//
// A slice starts where the previous one ended, with a new RocksDB iterator that is destroyed at the
// end of the slice, because it keeps memtables and files alive. So that the entries of a page are a
// snapshot, they all come from one slice: a page ends with the slice that found something. A slice
// that found nothing is followed by another, up to WalkBudget::slices of them.
//
// All walks handle damage in the same way. A page ends before the damage; the next one, which
// starts with it, says what cannot be read, contains what can be, and ends after it
// (past_damage.h).
#pragma once

#include <rocksdb/iterator.h>

#include <memory>

#include "base/check.h"
#include "base/clock.h"
#include "storage/reader_pool.h"
#include "storage/rocks/past_damage.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/walk_slice.h"

namespace smile {

class WalkJob : public ReaderPool::Job {
 public:
  Progress Run() final;

 protected:
  struct Parts {
    // All outlive the jobs.
    const RocksDatabase* database;
    const WalkBudget* budget;
    const Clock* clock;
  };

  // `request`: a ScanRequest or ListRequest.
  template <class Request>
  WalkJob(const Parts& parts, const Request& request)
      : Job(request.call), parts_(parts), table_(request.table) {
    CHECK(request.limit > 0, "a page has room for an entry");
  }

  const RocksDatabase& database() const { return *parts_.database; }
  bool in_first_slice() const { return slices_ == 0; }
  // As of the last Seek.
  bool IsExpired(const RecordView& record) const { return record.ExpiredAt(wall_millis_); }
  rocksdb::Iterator* iterator() const { return iterator_.get(); }
  void Seek(const rocksdb::ReadOptions& options, ByteView from, SliceMeter* meter);
  // Seeks with the iterator of this slice.
  void SeekOn(ByteView from, SliceMeter* meter);
  // The iterator's position, if the walk can continue from there.
  std::optional<Bytes> Place() const;

 private:
  // Walks to the end of the slice, the page or the data.
  virtual Status WalkSlice(SliceMeter* meter) = 0;
  // The page is empty and must be continued.
  virtual bool HasNothingYet() const = 0;
  Status RunSlice();

  const Parts parts_;
  const Table table_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // during a slice
  int64_t wall_millis_ = 0;
  uint32_t slices_ = 0;
};

}  // namespace smile
