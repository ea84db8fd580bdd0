#include "storage/rocks/read_jobs.h"

#include <fmt/format.h>

#include <utility>

#include "base/limits.h"
#include "model/path.h"
#include "storage/cached_page.h"
#include "storage/record_format.h"
#include "storage/rocks/slices.h"

namespace smile {
namespace {

// Before a slice: whether RocksDB is open and may stay so for it.
bool MayGoOn(const RocksDatabase& database, std::unique_ptr<rocksdb::Iterator>* iterator,
             UseGate::Use* use) {
  if (!*use) *use = database.Enter();
  if (*use && !database.closing()) return true;
  iterator->reset();
  *use = {};
  return false;
}

}  // namespace

// --- Scan -------------------------------------------------------------------------------------

void ReadSlice::Count(size_t bytes) {
  ++records_;
  bytes_ += bytes;
  over_ = records_ >= limits::kMaxReadSliceRecords || bytes_ >= limits::kMaxReadSliceBytes;
}

ScanJob::ScanJob(const RocksDatabase* database, RecordCache* cache, const Clock* clock,
                 ScanRequest request, Done done)
    : Job(request.deadline_nanos, request.source),
      database_(database),
      cache_(cache),
      clock_(clock),
      request_(std::move(request)),
      done_(std::move(done)),
      range_(EncodeRange({request_.table, request_.partition}, request_.from, request_.to,
                         request_.after)),
      upper_(range_.upper) {}

ReaderPool::Job::Progress ScanJob::Run() {
  if (!MayGoOn(*database_, &iterator_, &use_)) {
    done_(RocksDatabase::Reopening());
    return Progress::kDone;
  }
  if (iterator_ == nullptr && !range_.empty()) Seek();
  slice_.Begin();
  bool more = iterator_ != nullptr;
  while (more && iterator_->Valid()) {
    if (slice_.over()) return Progress::kMore;
    Result<bool> taken = Take();
    if (!taken.ok()) {
      done_(taken.status());
      return Progress::kDone;
    }
    more = *taken;
    if (more) iterator_->Next();
  }
  const rocksdb::Status status = iterator_ == nullptr ? rocksdb::Status() : iterator_->status();
  if (!status.ok()) {
    done_(database_->damage().FailedRead(request_.table, range_.lower, status));
    return Progress::kDone;
  }
  if (IsForFirstPage(request_)) OfferPage();
  done_(std::move(page_));
  return Progress::kDone;
}

void ScanJob::OfferPage() {
  if (something_expires_ || !IsWorthKeeping(request_, page_)) return;
  if (EncodedPageSize(page_) > limits::kMaxCachedValueBytes) return;
  const Bytes encoded = EncodePage(page_);
  const RecordView record{.value = encoded};
  cache_->Fill(cache_->PageKeyOf(request_.table, range_.lower), ticket_, &record);
}

void ScanJob::Seek() {
  // Before there is an iterator: its view of the data must not be older than the ticket.
  if (IsForFirstPage(request_)) {
    ticket_ = cache_->TicketFor(cache_->PageKeyOf(request_.table, range_.lower));
  }
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  if (!range_.upper.empty()) options.iterate_upper_bound = &upper_;
  iterator_.reset(database_->db()->NewIterator(options, database_->family(request_.table)));
  iterator_->Seek(range_.lower);
}

// Takes the record under the iterator into the page if it is seen and fits. False: the page is
// full.
Result<bool> ScanJob::Take() {
  const ByteView stored = ViewOf(iterator_->value());
  slice_.Count(stored.size());
  const ByteView key = ViewOf(iterator_->key());
  Bytes sort;
  const bool is_key = DecodeSort(request_.table, key, &sort);
  Result<RecordView> record = ParseAndVerifyRecord(stored);
  if (!is_key || !record.ok()) {
    const Status why = record.ok() ? Status(Code::kCorrupt, "its key is damaged") : record.status();
    return Status(
        why.code(),
        fmt::format("{}: {}", FormatKey({request_.table, request_.partition, sort}), why.words()));
  }
  something_expires_ = something_expires_ || record->expires_ms != 0;
  if (record->ExpiredAt(clock_->WallMillis())) return true;
  if (request_.keys_only) record->value = {};
  value_bytes_ += record->value.size();
  page_.more = page_.size() == request_.limit ||
               (page_.size() > 0 && value_bytes_ > request_.max_value_bytes);
  if (page_.more) return false;
  page_.Add(sort, *record);
  return true;
}

// --- List -------------------------------------------------------------------------------------

ListJob::ListJob(const RocksDatabase* database, const Clock* clock, ListRequest request, Done done)
    : Job(request.deadline_nanos, request.source),
      database_(database),
      clock_(clock),
      request_(std::move(request)),
      done_(std::move(done)) {}

ReaderPool::Job::Progress ListJob::Run() {
  if (!MayGoOn(*database_, &iterator_, &use_)) {
    done_(RocksDatabase::Reopening());
    return Progress::kDone;
  }
  if (iterator_ == nullptr) Seek();
  slice_.Begin();
  while (iterator_->Valid() && !page_.more) {
    if (slice_.over()) return Progress::kMore;
    if (Status status = Take(); !status.ok()) {
      done_(std::move(status));
      return Progress::kDone;
    }
  }
  if (const rocksdb::Status status = iterator_->status(); !status.ok()) {
    done_(database_->damage().FailedRead(request_.table, {}, status));
  } else {
    done_(std::move(page_));
  }
  return Progress::kDone;
}

void ListJob::Seek() {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  iterator_.reset(database_->db()->NewIterator(options, database_->family(request_.table)));
  if (request_.after.empty()) {
    iterator_->SeekToFirst();
    return;
  }
  const Bytes begin = EncodedPartitionEnd({request_.table, request_.after});
  if (begin.empty()) {
    page_.more = false;
    iterator_->SeekToLast();
    if (iterator_->Valid()) iterator_->Next();  // behind the last possible partition
  } else {
    iterator_->Seek(begin);
  }
}

// Looks at the record under the iterator and goes on: to the next partition if this one is seen by
// it, else to the next record.
Status ListJob::Take() {
  slice_.Count(iterator_->value().size());
  const ByteView key = ViewOf(iterator_->key());
  const Result<RecordView> record = ParseRecord(ViewOf(iterator_->value()));
  Bytes partition;
  if (!DecodePartition(request_.table, key, &partition)) {
    return {Code::kCorrupt, fmt::format("a key in {} is damaged", InfoOf(request_.table).name)};
  }
  // A record that cannot be read is one nevertheless.
  if (record.ok() && record->ExpiredAt(clock_->WallMillis())) {
    iterator_->Next();
    return {};
  }
  page_.more = page_.partitions.size() == request_.limit;
  if (page_.more) return {};
  page_.partitions.push_back(std::move(partition));
  SkipPartition(EncodedPartitionSize(request_.table, key));
  return {};
}

// Small partitions are stepped over, large ones jumped over.
void ListJob::SkipPartition(size_t partition_size) {
  const Bytes prefix(ViewOf(iterator_->key()).substr(0, partition_size));
  iterator_->Next();
  if (!iterator_->Valid() || !ViewOf(iterator_->key()).starts_with(prefix)) return;
  const Bytes end = PrefixEnd(prefix);
  if (end.empty()) {
    iterator_->SeekToLast();
    iterator_->Next();
  } else {
    iterator_->Seek(end);
  }
}

}  // namespace smile
