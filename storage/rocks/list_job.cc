#include "storage/rocks/list_job.h"

#include <fmt/format.h>
#include <rocksdb/snapshot.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "storage/rocks/rocks_status.h"
#include "storage/rocks/slices.h"

namespace smile {

ListJob::ListJob(const RocksDatabase* database, const WalkBudget* budget, const Clock* clock,
                 ListRequest request, Done done)
    : WalkJob({database, budget, clock}, request),
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

rocksdb::ReadOptions ListJob::Options(const SliceMeter& meter) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  meter.Bound(&options);
  return options;
}

// Sets page_.more and page_.resume_from at the end of the slice.
Status ListJob::WalkSlice(SliceMeter* meter) {
  CHECK(page_.partitions.empty(), "the entries of a page are from one slice");
  page_.more = false;
  page_.resume_from.reset();
  if (!lower_.has_value()) return {};
  Seek(Options(*meter), *lower_, meter);
  while (true) {
    const std::optional<Bytes> key = Place();
    if (!key.has_value()) return EndSlice(meter);
    const rocksdb::Slice stored = iterator()->Valid() ? iterator()->value() : rocksdb::Slice();
    if (!iterator()->Valid()) {
      (void)database().damage().FailedRead(request_.table, *key, iterator()->status());
    }
    if (!Take(*key, ViewOf(stored), meter)) return EndPage();
    if (!lower_.has_value()) return {};
    StepOver(*key, meter);
    if (!meter->over()) continue;
    if (const std::optional<Bytes> place = Place()) return GoOnFrom(*place);
  }
}

// The iterator has ended.
Status ListJob::EndSlice(SliceMeter* meter) {
  const rocksdb::Status status = iterator()->status();
  if (status.ok()) return {};
  if (status.IsIncomplete()) return GoOnFrom(PlaceOf(iterator()));
  if (!IsDamage(status)) return database().damage().FailedRead(request_.table, *lower_, status);
  page_.more = !page_.partitions.empty();
  return page_.more ? Status() : PassGap(status, meter);
}

// Lists what can be read from lower_ on, until a walk can continue.
Status ListJob::PassGap(const rocksdb::Status& damage, SliceMeter* meter) {
  page_.gap = true;
  (void)database().damage().FailedRead(request_.table, *lower_, damage);
  rocksdb::ManagedSnapshot moment(database().db());
  rocksdb::ReadOptions options = Options(*meter);
  options.snapshot = moment.snapshot();
  Gap gap(database().db(), database().family(request_.table), request_.table, options, *lower_,
          meter);
  const auto each = [&](ByteView key, ByteView stored) -> std::optional<Bytes> {
    if (!Take(key, stored, meter)) return std::nullopt;
    return lower_.has_value() ? std::max(*lower_, Following(key)) : Bytes();
  };
  const Bytes place = gap.ForEachReadable(each);
  page_.more = false;
  if (no_memory_) return NoMemoryForResult();
  return place.empty() || !lower_.has_value() ? Status() : GoOnFrom(place);
}

// Lists the partition of a record if it is visible; one that cannot be read counts as visible.
// False: the page is full.
bool ListJob::Take(ByteView key, ByteView stored, SliceMeter* meter) {
  meter->CountBytes(stored.size());
  const Result<RecordView> record = ParseRecord(stored);
  Bytes partition;
  if (!DecodePartition(request_.table, key, &partition)) {
    page_.gap = true;
    database().damage().DamagedRecord(request_.table, key, {Code::kCorrupt, "the key is damaged"});
  } else if (!record.ok() || !IsExpired(*record)) {
    return Add(key, partition);
  }
  if (page_.partitions.empty()) lower_ = Following(key);
  return true;
}

bool ListJob::Add(ByteView key, ByteView partition) {
  page_.more = page_.partitions.size() == request_.limit;
  if (page_.more) return false;
  if (!TryTake(request_.call.memory, sizeof(Bytes) + AllocatedBytes(partition.size() + 1))) {
    page_.more = true;
    no_memory_ = page_.partitions.empty();
    return false;
  }
  page_.partitions.emplace_back(partition);
  lower_ = PrefixEnd(key.substr(0, EncodedPartitionSize(request_.table, key)));
  if (lower_->empty()) lower_.reset();  // it is the last possible partition
  CHECK(!lower_.has_value() || *lower_ > key, "a walk goes forward");
  return true;
}

// Moves past this key, and past the rest of its partition if that was listed: with a step, or with
// a seek if the partition is large.
void ListJob::StepOver(ByteView key, SliceMeter* meter) {
  CHECK(lower_.has_value());
  if (!iterator()->Valid()) return SeekOn(std::max(*lower_, Following(key)), meter);
  iterator()->Next();
  if (iterator()->Valid() && ViewOf(iterator()->key()) < *lower_) SeekOn(*lower_, meter);
}

// The slice ends before this key. If the key is in the partition that was listed last, the rest of
// that partition is skipped.
Status ListJob::GoOnFrom(ByteView key) {
  CHECK(lower_.has_value());
  page_.more = true;
  if (key < *lower_) return {};
  ListPlace place;
  if (!DecodePartition(request_.table, key, &place.partition) ||
      !DecodeSort(request_.table, key, &place.sort)) {
    return {Code::kCorrupt,
            fmt::format("a stored key in {} is damaged", InfoOf(request_.table).name)};
  }
  lower_ = key;
  page_.resume_from = std::move(place);
  return {};
}

}  // namespace smile
