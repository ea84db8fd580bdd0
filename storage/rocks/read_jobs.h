// What a reader thread does for Scan and List.
#pragma once

#include <rocksdb/iterator.h>

#include <functional>
#include <memory>

#include "base/clock.h"
#include "storage/engine.h"
#include "storage/key_encoding.h"
#include "storage/reader_pool.h"
#include "storage/record_cache.h"
#include "storage/rocks/rocks_database.h"

namespace smile {

// The database and the clock outlive the jobs.

// How much a job that walks has done in its present slice. Over the bounds it lets others go first;
// its iterator keeps the place, and one view of the data from beginning to end.
class ReadSlice {
 public:
  void Begin() { *this = ReadSlice(); }
  void Count(size_t bytes);
  bool over() const { return over_; }

 private:
  size_t records_ = 0;
  size_t bytes_ = 0;
  bool over_ = false;
};

class ScanJob final : public ReaderPool::Job {
 public:
  using Done = std::function<void(Result<ScanPage>)>;

  // A partition's first page it offers to the cache, which outlives the job too.
  ScanJob(const RocksDatabase* database, RecordCache* cache, const Clock* clock,
          ScanRequest request, Done done);
  Progress Run() override;
  void Refuse(Status why) override { done_(std::move(why)); }

 private:
  void Seek();
  Result<bool> Take();
  void OfferPage();

  const RocksDatabase* const database_;
  RecordCache* const cache_;
  const Clock* const clock_;
  const ScanRequest request_;
  const Done done_;
  const EncodedRange range_;
  const rocksdb::Slice upper_;  // the iterator's
  UseGate::Use use_;            // as long as there is an iterator
  std::unique_ptr<rocksdb::Iterator> iterator_;
  ReadSlice slice_;
  RecordCache::Ticket ticket_;  // of the page, if it is a partition's first
  bool something_expires_ = false;
  size_t value_bytes_ = 0;
  ScanPage page_;
};

class ListJob final : public ReaderPool::Job {
 public:
  using Done = std::function<void(Result<ListPage>)>;

  ListJob(const RocksDatabase* database, const Clock* clock, ListRequest request, Done done);
  Progress Run() override;
  void Refuse(Status why) override { done_(std::move(why)); }

 private:
  void Seek();
  Status Take();
  void SkipPartition(size_t partition_size);

  const RocksDatabase* const database_;
  const Clock* const clock_;
  const ListRequest request_;
  const Done done_;
  UseGate::Use use_;  // as long as there is an iterator
  std::unique_ptr<rocksdb::Iterator> iterator_;
  ReadSlice slice_;
  ListPage page_;
};

}  // namespace smile
