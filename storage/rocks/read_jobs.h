// What a reader thread does for Scan and List: walks over records, a slice at a time.
//
// A slice is one look of RocksDB's iterator at the data, from where the slice before it ended, and
// the iterator goes with the slice: it would keep memtables and files alive. So all entries of a
// page come from one slice: a page ends with the slice that found something. A slice that found
// nothing is followed by the next, up to WalkBudget::slices of them.
#pragma once

#include <rocksdb/iterator.h>

#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "storage/engine.h"
#include "storage/key_encoding.h"
#include "storage/reader_pool.h"
#include "storage/record_cache.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/walk_slice.h"

namespace smile {

// The database, the budget and the clock outlive the jobs.

class ScanJob final : public ReaderPool::Job {
 public:
  using Done = std::function<void(Result<ScanPage>)>;

  // A partition's first page it offers to the cache, which outlives the job too.
  ScanJob(const RocksDatabase* database, RecordCache* cache, const WalkBudget* budget,
          const Clock* clock, ScanRequest request, Done done);
  Progress Run() override;
  void Refuse(Status why) override { done_(std::move(why)); }
  void End() override { done_(std::move(page_)); }

 private:
  Status RunSlice();
  Status WalkSlice();
  void Seek(SliceMeter* meter);
  Result<bool> Take(SliceMeter* meter);
  Status GoOnFrom(ByteView key);
  void OfferPage();

  const RocksDatabase* const database_;
  RecordCache* const cache_;
  const WalkBudget* const budget_;
  const Clock* const clock_;
  const ScanRequest request_;
  const Done done_;
  EncodedRange range_;                           // what is left of it
  const rocksdb::Slice upper_;                   // the iterator's
  std::unique_ptr<rocksdb::Iterator> iterator_;  // during a slice
  uint32_t slices_ = 0;
  RecordCache::Ticket ticket_;  // of the page, if it is a partition's first
  bool something_expires_ = false;
  size_t value_bytes_ = 0;
  ScanPage page_;
};

class ListJob final : public ReaderPool::Job {
 public:
  using Done = std::function<void(Result<ListPage>)>;

  ListJob(const RocksDatabase* database, const WalkBudget* budget, const Clock* clock,
          ListRequest request, Done done);
  Progress Run() override;
  void Refuse(Status why) override { done_(std::move(why)); }
  void End() override { done_(std::move(page_)); }

 private:
  std::optional<Bytes> Beginning() const;
  Status RunSlice();
  Status WalkSlice();
  void Seek(SliceMeter* meter);
  Status Take(SliceMeter* meter);
  void SkipPartition(size_t partition_size, SliceMeter* meter);
  Status GoOnFrom(ByteView key);

  const RocksDatabase* const database_;
  const WalkBudget* const budget_;
  const Clock* const clock_;
  const ListRequest request_;
  const Done done_;
  // Encoded: nothing before it is still to be listed. None: the table is at its end.
  std::optional<Bytes> lower_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // during a slice
  uint32_t slices_ = 0;
  ListPage page_;
};

}  // namespace smile
