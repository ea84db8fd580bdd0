// A Scan on a reader thread.
#pragma once

#include <functional>

#include "storage/engine.h"
#include "storage/key_encoding.h"
#include "storage/record_cache.h"
#include "storage/rocks/walk_job.h"

namespace smile {

class ScanJob final : public WalkJob {
 public:
  using Done = std::function<void(Result<ScanPage>)>;

  // Offers the first page of a partition to the cache. The arguments outlive it.
  ScanJob(const RocksDatabase* database, RecordCache* cache, const WalkBudget* budget,
          const Clock* clock, ScanRequest request, Done done);
  void Refuse(Status why) override { done_(std::move(why)); }
  void End() override;

 private:
  Status WalkSlice(SliceMeter* meter) override;
  bool HasNothingYet() const override { return page_.more && page_.size() == 0; }
  rocksdb::ReadOptions Options(const SliceMeter& meter) const;
  void SeekBeginning(SliceMeter* meter);
  Status EndSlice(SliceMeter* meter);
  Status PassGap(const rocksdb::Status& damage, SliceMeter* meter);
  bool Take(ByteView key, ByteView stored, SliceMeter* meter);
  bool TakeUnread(ByteView key);
  bool AddGap();
  bool MakeRoom(ByteView sort, const RecordView& record);
  Status EndPageBefore(ByteView key);
  Status GoOnFrom(ByteView key);
  void OfferPage();
  void OfferFirst();

  RecordCache* const cache_;
  const ScanRequest request_;
  const Done done_;
  EncodedRange range_;                // what remains to be scanned, while the page is empty
  const rocksdb::Slice upper_;        // the upper bound of the iterator
  RecordCache::Ticket ticket_;        // of the page, if it is the first of its partition
  RecordCache::Ticket first_ticket_;  // likewise of the first sort key
  bool may_be_cached_ = true;
  bool no_memory_ = false;  // not even for the first entry
  size_t value_bytes_ = 0;
  ScanPage page_;
};

}  // namespace smile
