// A walk over records on a reader thread, a slice at a time.
//
// A slice is one look of RocksDB's iterator at the data, from where the slice before it ended, and
// the iterator goes with the slice: it would keep memtables and files alive. So all entries of a
// page come from one slice: a page ends with the slice that found something. A slice that found
// nothing is followed by the next, up to WalkBudget::slices of them.
//
// Damage is met in the same way by all walks. A page ends before it; the next one, which begins
// with it, tells what cannot be read, gives what can be, and ends where it ends (past_damage.h).
#pragma once

#include <rocksdb/iterator.h>

#include <memory>

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
    // All of them outlive the jobs.
    const RocksDatabase* database;
    const WalkBudget* budget;
    const Clock* clock;
  };

  // `request`: of either kind.
  template <class Request>
  WalkJob(const Parts& parts, const Request& request)
      : Job(request.deadline_nanos, request.source, Kind::kWalk, request.caller),
        parts_(parts),
        table_(request.table) {}

  const RocksDatabase& database() const { return *parts_.database; }
  bool in_first_slice() const { return slices_ == 0; }
  bool IsExpired(const RecordView& record) const {
    return record.ExpiredAt(parts_.clock->WallMillis());
  }
  rocksdb::Iterator* iterator() const { return iterator_.get(); }
  void Seek(const rocksdb::ReadOptions& options, ByteView from, SliceMeter* meter);
  // The same iterator again.
  void SeekOn(ByteView from, SliceMeter* meter);
  // Where the iterator stands, if the walk can go on there.
  std::optional<Bytes> Place() const;

 private:
  // Walks until the slice, the page or the data is at its end.
  virtual Status WalkSlice(SliceMeter* meter) = 0;
  // The page is to be continued and has nothing on it.
  virtual bool HasNothingYet() const = 0;
  Status RunSlice();

  const Parts parts_;
  const Table table_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // during a slice
  uint32_t slices_ = 0;
};

}  // namespace smile
