#include "storage/rocks/scan_job.h"

#include <fmt/format.h>
#include <rocksdb/snapshot.h>

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "model/path.h"
#include "storage/cached_page.h"
#include "storage/first_sort.h"
#include "storage/record_format.h"
#include "storage/rocks/rocks_status.h"
#include "storage/rocks/slices.h"

namespace smile {

ScanJob::ScanJob(const RocksDatabase* database, RecordCache* cache, const WalkBudget* budget,
                 const Clock* clock, ScanRequest request, Done done)
    : WalkJob({database, budget, clock}, request),
      cache_(cache),
      request_(std::move(request)),
      done_(std::move(done)),
      range_(EncodeRange({request_.table, request_.partition}, request_.from, request_.to,
                         request_.after)),
      upper_(range_.upper) {}

void ScanJob::End() {
  CHECK(page_.CanContinue() && page_.size() <= request_.limit);
  if (IsForFirstPage(request_)) {
    OfferPage();
    if (HasFirstSort(request_.table)) OfferFirst();
  }
  done_(std::move(page_));
}

void ScanJob::OfferPage() {
  if (!may_be_cached_ || !IsWorthKeeping(request_, page_)) return;
  if (EncodedPageSize(page_) > limits::kMaxCachedValueBytes) return;
  const Bytes encoded = EncodePage(page_);
  const RecordView record{.value = encoded};
  const EncodedKey prefix({request_.table, request_.partition, request_.from});
  cache_->Fill(cache_->PageKeyOf(request_.table, prefix.view()), ticket_, &record);
}

void ScanJob::OfferFirst() {
  if (!may_be_cached_ || !page_.whole() || (page_.size() == 0 && page_.more)) return;
  const FirstSort first = page_.size() == 0 ? FirstSort() : FirstSort(page_[0].sort);
  const RecordView record{.value = first.encoded()};
  const EncodedKey partition({request_.table, request_.partition, {}});
  cache_->Fill(cache_->FirstKeyOf(request_.table, partition.view()), first_ticket_, &record);
}

rocksdb::ReadOptions ScanJob::Options(const SliceMeter& meter) const {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  if (!range_.upper.empty()) options.iterate_upper_bound = &upper_;
  meter.Bound(&options);
  return options;
}

void ScanJob::SeekBeginning(SliceMeter* meter) {
  // Before the iterator is created: its view of the data must not be older than the ticket.
  if (in_first_slice() && IsForFirstPage(request_)) {
    ticket_ = cache_->TicketFor(cache_->PageKeyOf(request_.table, range_.lower));
    if (HasFirstSort(request_.table)) {
      first_ticket_ = cache_->TicketFor(cache_->FirstKeyOf(request_.table, range_.lower));
    }
  }
  Seek(Options(*meter), range_.lower, meter);
}

// Sets page_.more and page_.resume_from at the end of the slice.
Status ScanJob::WalkSlice(SliceMeter* meter) {
  CHECK(page_.size() == 0, "the entries of a page are from one slice");
  page_.more = false;
  page_.resume_from.reset();
  if (range_.empty()) return {};
  SeekBeginning(meter);
  while (true) {
    if (iterator()->Valid()) {
      const ByteView key = ViewOf(iterator()->key());
      if (!Take(key, ViewOf(iterator()->value()), meter)) return EndPageBefore(key);
      iterator()->Next();
    } else if (const auto unread = KeyOfDamagedValue(request_.table, iterator())) {
      if (!TakeUnread(*unread)) return EndPageBefore(*unread);
      (void)database().damage().FailedRead(request_.table, *unread, iterator()->status());
      SeekOn(Following(*unread), meter);
    } else {
      return EndSlice(meter);
    }
    if (!meter->over()) continue;
    if (const std::optional<Bytes> place = Place()) return GoOnFrom(*place);
  }
}

// The iterator has ended.
Status ScanJob::EndSlice(SliceMeter* meter) {
  const rocksdb::Status status = iterator()->status();
  if (status.ok()) return {};
  if (status.IsIncomplete()) return GoOnFrom(PlaceOf(iterator()));
  if (!IsDamage(status)) {
    return database().damage().FailedRead(request_.table, range_.lower, status);
  }
  page_.more = page_.size() > 0 && !page_.ends_in_gap();
  return page_.more ? Status() : PassGap(status, meter);
}

// Adds what cannot be read from range_.lower on as gaps, and the readable records between.
Status ScanJob::PassGap(const rocksdb::Status& damage, SliceMeter* meter) {
  may_be_cached_ = false;
  (void)database().damage().FailedRead(request_.table, range_.lower, damage);
  rocksdb::ManagedSnapshot moment(database().db());
  rocksdb::ReadOptions options = Options(*meter);
  options.snapshot = moment.snapshot();
  Gap gap(database().db(), database().family(request_.table), request_.table, options, range_.lower,
          meter);
  Bytes told = range_.lower;  // everything before it is on the page, as an entry or a gap
  const auto each = [&](ByteView key, ByteView stored) -> std::optional<Bytes> {
    if (key != told && !AddGap()) return std::nullopt;
    if (!Take(key, stored, meter)) return std::nullopt;
    told = Following(key);
    return told;
  };
  const Bytes place = gap.ForEachReadable(each);
  const bool full = told != place && !AddGap();
  if (no_memory_) return NoMemoryForResult();
  if (full) return {};  // the next page starts after the last entry
  page_.more = false;
  return place.empty() ? Status() : GoOnFrom(place);
}

// Adds a record to the page if it is visible. False: the page is full.
bool ScanJob::Take(ByteView key, ByteView stored, SliceMeter* meter) {
  meter->CountBytes(stored.size());
  Result<RecordView> record = ParseAndVerifyRecord(stored);
  if (!record.ok()) {
    if (!TakeUnread(key)) return false;
    database().damage().DamagedRecord(request_.table, key, record.status());
    return true;
  }
  may_be_cached_ = may_be_cached_ && record->expires_ms == 0;
  if (IsExpired(*record)) {
    if (page_.size() == 0) range_.lower = Following(key);
    return true;
  }
  if (request_.keys_only) record->value = {};
  Bytes sort;
  if (!DecodeSort(request_.table, key, &sort)) {
    if (!AddGap()) return false;
    database().damage().DamagedRecord(request_.table, key, {Code::kCorrupt, "the key is damaged"});
    return true;
  }
  if (!MakeRoom(sort, *record)) return false;
  page_.Add(sort, *record);
  return true;
}

// Adds a record whose value cannot be read. False: the page is full.
bool ScanJob::TakeUnread(ByteView key) {
  Bytes sort;
  if (!DecodeSort(request_.table, key, &sort)) return AddGap();
  if (!MakeRoom(sort, {})) return false;
  page_.AddCorrupt(sort);
  return true;
}

bool ScanJob::AddGap() {
  if (page_.ends_in_gap()) return true;
  if (!MakeRoom({}, {})) return false;
  page_.AddGap();
  return true;
}

// Reserves room for one more entry. False: the page is full and must be continued.
bool ScanJob::MakeRoom(ByteView sort, const RecordView& record) {
  value_bytes_ += record.value.size();
  page_.more = page_.size() == request_.limit ||
               (page_.size() > 0 && value_bytes_ > request_.max_value_bytes);
  if (page_.more) return false;
  if (TryTake(request_.call.memory, ScanPage::EntryBytes(sort, record))) return true;
  page_.more = true;  // so that the page is not cached
  no_memory_ = page_.size() == 0;
  return false;
}

// The page is full; `key` is the first that is not on it.
Status ScanJob::EndPageBefore(ByteView key) {
  CHECK(page_.more);
  if (no_memory_) return NoMemoryForResult();
  return page_.ends_in_gap() ? GoOnFrom(key) : Status();
}

// The slice ends before this key.
Status ScanJob::GoOnFrom(ByteView key) {
  Bytes sort;
  if (!DecodeSort(request_.table, key, &sort)) {
    return {Code::kCorrupt, fmt::format("a stored key in {} is damaged",
                                        FormatPartition({request_.table, request_.partition}))};
  }
  range_.lower = key;
  page_.more = true;
  page_.resume_from = std::move(sort);
  return {};
}

}  // namespace smile
