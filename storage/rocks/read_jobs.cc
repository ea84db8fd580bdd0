#include "storage/rocks/read_jobs.h"

#include <fmt/format.h>

#include <utility>

#include "base/limits.h"
#include "model/path.h"
#include "storage/cached_page.h"
#include "storage/record_format.h"
#include "storage/rocks/slices.h"

namespace smile {

// --- Scan -------------------------------------------------------------------------------------

ScanJob::ScanJob(const RocksDatabase* database, RecordCache* cache, const WalkBudget* budget,
                 const Clock* clock, ScanRequest request, Done done)
    : Job(request.deadline_nanos, request.source, Kind::kWalk, request.caller),
      database_(database),
      cache_(cache),
      budget_(budget),
      clock_(clock),
      request_(std::move(request)),
      done_(std::move(done)),
      range_(EncodeRange({request_.table, request_.partition}, request_.from, request_.to,
                         request_.after)),
      upper_(range_.upper) {}

ReaderPool::Job::Progress ScanJob::Run() {
  if (Status status = RunSlice(); !status.ok()) {
    done_(std::move(status));
    return Progress::kDone;
  }
  const bool nothing_yet = page_.more && page_.size() == 0;
  if (nothing_yet && ++slices_ < budget_->slices && caller() == Caller::State::kWaiting) {
    return Progress::kMore;
  }
  if (IsForFirstPage(request_)) OfferPage();
  done_(std::move(page_));
  return Progress::kDone;
}

// The iterator ends before the use of RocksDB does.
Status ScanJob::RunSlice() {
  const UseGate::Use use = database_->Enter();
  Status status = use ? WalkSlice() : RocksDatabase::Reopening();
  iterator_.reset();
  return status;
}

// Leaves page_.more as the slice's end makes it.
Status ScanJob::WalkSlice() {
  page_.more = false;
  page_.resume_from.reset();
  if (range_.empty()) return {};
  SliceMeter meter(*budget_);
  Seek(&meter);
  while (iterator_->Valid()) {
    SMILE_ASSIGN(const bool fits, Take(&meter));
    if (!fits) break;
    iterator_->Next();
    if (!meter.over() || !iterator_->Valid()) continue;
    SMILE_TRY(GoOnFrom(ViewOf(iterator_->key())));
    break;
  }
  const rocksdb::Status status = iterator_->status();
  if (status.IsIncomplete()) SMILE_TRY(GoOnFrom(PlaceOf(iterator_.get())));
  set_work(meter.work());
  if (status.ok() || status.IsIncomplete()) return {};
  return database_->damage().FailedRead(request_.table, range_.lower, status);
}

// The slice ends before this key.
Status ScanJob::GoOnFrom(ByteView key) {
  Bytes sort;
  if (!DecodeSort(request_.table, key, &sort)) {
    return {Code::kCorrupt, fmt::format("{}: a key is damaged",
                                        FormatKey({request_.table, request_.partition, sort}))};
  }
  range_.lower = key;
  page_.more = true;
  page_.resume_from = std::move(sort);
  return {};
}

void ScanJob::OfferPage() {
  if (something_expires_ || !IsWorthKeeping(request_, page_)) return;
  if (EncodedPageSize(page_) > limits::kMaxCachedValueBytes) return;
  const Bytes encoded = EncodePage(page_);
  const RecordView record{.value = encoded};
  const EncodedKey partition({request_.table, request_.partition, {}});
  cache_->Fill(cache_->PageKeyOf(request_.table, partition.view()), ticket_, &record);
}

void ScanJob::Seek(SliceMeter* meter) {
  // Before there is an iterator: its view of the data must not be older than the ticket.
  if (slices_ == 0 && IsForFirstPage(request_)) {
    ticket_ = cache_->TicketFor(cache_->PageKeyOf(request_.table, range_.lower));
  }
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  if (!range_.upper.empty()) options.iterate_upper_bound = &upper_;
  meter->Bound(&options);
  meter->CountSeek();
  iterator_.reset(database_->db()->NewIterator(options, database_->family(request_.table)));
  iterator_->Seek(range_.lower);
}

// Takes the record under the iterator into the page if it is seen and fits. False: the page is
// full.
Result<bool> ScanJob::Take(SliceMeter* meter) {
  const ByteView stored = ViewOf(iterator_->value());
  meter->CountBytes(stored.size());
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
  if (!TryTake(request_.memory, ScanPage::EntryBytes(sort, *record))) {
    if (page_.size() == 0) return NoMemoryForResult();
    page_.more = true;  // so the page is not one that the cache takes
    return false;
  }
  page_.Add(sort, *record);
  return true;
}

// --- List -------------------------------------------------------------------------------------

ListJob::ListJob(const RocksDatabase* database, const WalkBudget* budget, const Clock* clock,
                 ListRequest request, Done done)
    : Job(request.deadline_nanos, request.source, Kind::kWalk, request.caller),
      database_(database),
      budget_(budget),
      clock_(clock),
      request_(std::move(request)),
      done_(std::move(done)),
      lower_(Beginning()) {}

std::optional<Bytes> ListJob::Beginning() const {
  if (request_.from.has_value()) {
    const ListPlace& from = *request_.from;
    return Bytes(EncodedKey({request_.table, from.partition, from.sort}).view());
  }
  if (request_.after.empty()) return Bytes();
  Bytes end = EncodedPartitionEnd({request_.table, request_.after});
  if (end.empty()) return std::nullopt;
  return end;
}

ReaderPool::Job::Progress ListJob::Run() {
  if (Status status = RunSlice(); !status.ok()) {
    done_(std::move(status));
    return Progress::kDone;
  }
  const bool nothing_yet = page_.more && page_.partitions.empty();
  if (nothing_yet && ++slices_ < budget_->slices && caller() == Caller::State::kWaiting) {
    return Progress::kMore;
  }
  done_(std::move(page_));
  return Progress::kDone;
}

// The iterator ends before the use of RocksDB does.
Status ListJob::RunSlice() {
  const UseGate::Use use = database_->Enter();
  Status status = use ? WalkSlice() : RocksDatabase::Reopening();
  iterator_.reset();
  return status;
}

// Leaves page_.more as the slice's end makes it.
Status ListJob::WalkSlice() {
  page_.more = false;
  page_.resume_from.reset();
  if (!lower_.has_value()) return {};
  SliceMeter meter(*budget_);
  Seek(&meter);
  while (iterator_->Valid() && lower_.has_value()) {
    SMILE_TRY(Take(&meter));
    if (page_.more) break;
    if (!meter.over() || !iterator_->Valid()) continue;
    SMILE_TRY(GoOnFrom(ViewOf(iterator_->key())));
    break;
  }
  const rocksdb::Status status = iterator_->status();
  if (status.IsIncomplete()) SMILE_TRY(GoOnFrom(PlaceOf(iterator_.get())));
  set_work(meter.work());
  if (status.ok() || status.IsIncomplete()) return {};
  return database_->damage().FailedRead(request_.table, lower_.value_or(Bytes()), status);
}

void ListJob::Seek(SliceMeter* meter) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  meter->Bound(&options);
  meter->CountSeek();
  iterator_.reset(database_->db()->NewIterator(options, database_->family(request_.table)));
  iterator_->Seek(*lower_);
}

// Looks at the record under the iterator and goes on: to the next partition if this one is seen by
// it, else to the next record.
Status ListJob::Take(SliceMeter* meter) {
  meter->CountBytes(iterator_->value().size());
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
  if (!TryTake(request_.memory, sizeof(Bytes) + AllocatedBytes(partition.size() + 1))) {
    if (page_.partitions.empty()) return NoMemoryForResult();
    page_.more = true;
    return {};
  }
  page_.partitions.push_back(std::move(partition));
  SkipPartition(EncodedPartitionSize(request_.table, key), meter);
  return {};
}

// Small partitions are stepped over, large ones jumped over.
void ListJob::SkipPartition(size_t partition_size, SliceMeter* meter) {
  const Bytes prefix(ViewOf(iterator_->key()).substr(0, partition_size));
  lower_ = PrefixEnd(prefix);
  if (lower_->empty()) {  // it is the last that there can be
    lower_.reset();
    return;
  }
  iterator_->Next();
  if (!iterator_->Valid() || !ViewOf(iterator_->key()).starts_with(prefix)) return;
  meter->CountSeek();
  iterator_->Seek(*lower_);
}

// The slice ends before this key. It may be of the partition that was listed last: then what is
// left of that is passed over.
Status ListJob::GoOnFrom(ByteView key) {
  page_.more = true;
  if (key < *lower_) return {};
  ListPlace place;
  if (!DecodePartition(request_.table, key, &place.partition) ||
      !DecodeSort(request_.table, key, &place.sort)) {
    return {Code::kCorrupt, fmt::format("a key in {} is damaged", InfoOf(request_.table).name)};
  }
  lower_ = key;
  page_.resume_from = std::move(place);
  return {};
}

}  // namespace smile
