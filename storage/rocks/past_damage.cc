#include "storage/rocks/past_damage.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "storage/rocks/gap_end.h"
#include "storage/rocks/rocks_status.h"
#include "storage/rocks/slices.h"

namespace smile {
namespace {

constexpr std::string_view kTableFileEnding = ".sst";

// The table file that RocksDB's error message names: "... in /data/rocksdb/000022.sst offset 24405
// size 1229".
std::optional<uint64_t> TableFileIn(const rocksdb::Status& status) {
  const std::string words = status.ToString();
  const size_t end = words.find(kTableFileEnding);
  if (end == std::string::npos) return std::nullopt;
  const size_t slash = words.rfind('/', end);
  if (slash == std::string::npos) return std::nullopt;
  uint64_t number = 0;
  const char* const last = words.data() + end;
  const auto [stop, error] = std::from_chars(words.data() + slash + 1, last, number);
  if (error != std::errc() || stop != last) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Bytes> KeyOfDamagedValue(Table table, rocksdb::Iterator* ended) {
  if (table != Table::kBlobs || ended->Valid()) return std::nullopt;  // others have no blob files
  const rocksdb::Status status = ended->status();
  if (!IsDamage(status)) return std::nullopt;
  if (status.ToString().find(kTableFileEnding) != std::string::npos) return std::nullopt;
  return PlaceOf(ended);
}

Bytes Following(ByteView key) {
  return Bytes(key) + '\0';
}

Gap::Gap(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Table table,
         const rocksdb::ReadOptions& options, Bytes from, SliceMeter* meter)
    : db_(db),
      family_(family),
      table_(table),
      options_(options),
      from_(std::move(from)),
      meter_(meter) {
  FindParts();
}

std::unique_ptr<rocksdb::Iterator> Gap::Seek(const rocksdb::ReadOptions& options, ByteView key) {
  if (meter_ != nullptr) meter_->CountSeek();
  std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options, family_));
  iterator->Seek(rocksdb::Slice(key.data(), key.size()));
  return iterator;
}

// The first position at or after a key at which a walk can continue; the record there may be
// deleted. Empty: there is none. Nothing: unknown, because of *damage.
std::optional<Bytes> Gap::FirstFrom(ByteView key, rocksdb::Status* damage) {
  ++probes_;
  const auto iterator = Seek(options_, key);
  if (iterator->Valid()) return Bytes(ViewOf(iterator->key()));
  if (iterator->status().ok()) return Bytes();
  if (iterator->status().IsIncomplete()) return PlaceOf(iterator.get());
  *damage = iterator->status();
  return KeyOfDamagedValue(table_, iterator.get());
}

// As smile::Probe. RocksDB's error message identifies the block; empty: all damage is the same.
std::optional<Bytes> Gap::Probe(ByteView key, const std::string& same_words) {
  rocksdb::Status damage;
  std::optional<Bytes> first = FirstFrom(key, &damage);
  if (!first.has_value()) {
    if (same_words.empty() || damage.ToString() == same_words) return std::nullopt;
    return Bytes(key);
  }
  const bool is_first = !first->empty() && (!readable_.has_value() || *first < *readable_);
  if (is_first) readable_ = first;
  return first;
}

// Block by block, so that what is readable between two damaged blocks is not skipped; but where
// many follow each other, those after the first few together.
void Gap::FindParts() {
  const rocksdb::Slice* const upper = options_.iterate_upper_bound;
  Bytes at = from_;
  while (true) {
    rocksdb::Status damage;
    if (std::optional<Bytes> first = FirstFrom(at, &damage)) {
      end_ = std::move(*first);
      return;
    }
    if (probes_ >= 3 * limits::kMaxGapProbes) break;
    const bool together = probes_ >= limits::kMaxGapProbes;
    const std::string words = together ? "" : damage.ToString();
    const auto probe = [&](ByteView key) { return Probe(key, words); };
    Bytes next = FindGapEnd(table_, at, upper == nullptr ? ByteView() : ViewOf(*upper), probe);
    CHECK(parts_.empty() || !parts_.back().end.empty(), "only the last part is unbounded");
    parts_.push_back({damage, next});
    if (next.empty()) return;
    if (next <= at) break;
    at = std::move(next);
  }
  const bool is_left = readable_.has_value() && *readable_ > at;
  if (is_left) end_ = std::move(*readable_);
  if (!parts_.empty()) parts_.back().end = end_;
}

bool Gap::over() const {
  return meter_ != nullptr && meter_->work() - work_before_ >= meter_->budget().slice_records;
}

Bytes Gap::ForEachReadable(Each each) {
  if (meter_ != nullptr) work_before_ = meter_->work();
  Bytes at = from_;
  for (const Part& part : parts_) {
    if (!part.end.empty() && at >= part.end) continue;
    if (std::optional<Bytes> stopped = ForEachIn(part, &at, each)) return *stopped;
    at = std::max(at, part.end);
  }
  return end_;
}

// The candidates are the keys in the other files; files that turn out to be damaged there too are
// excluded then.
std::optional<Bytes> Gap::ForEachIn(const Part& part, Bytes* at, Each each) {
  std::set<uint64_t> damaged;
  rocksdb::ReadOptions options = options_;
  const rocksdb::Slice upper(part.end);
  if (!part.end.empty()) options.iterate_upper_bound = &upper;
  options.table_filter = [&damaged](const rocksdb::TableProperties& properties) {
    return !damaged.contains(properties.orig_file_number);
  };
  rocksdb::Status status = part.damage;
  while (IsDamage(status)) {
    const std::optional<uint64_t> file = TableFileIn(status);
    if (!file.has_value() || !damaged.insert(*file).second) break;
    const auto iterator = Seek(options, *at);
    if (std::optional<Bytes> stopped = Walk(iterator.get(), at, each)) return stopped;
    status = iterator->status();
  }
  return std::nullopt;
}

// Where the walk stopped; nothing if the iterator ended (not with a damaged value): then *at is
// where to continue.
std::optional<Bytes> Gap::Walk(rocksdb::Iterator* iterator, Bytes* at, Each each) {
  while (true) {
    if (const auto unread = KeyOfDamagedValue(table_, iterator)) {
      *at = Following(*unread);
      if (meter_ != nullptr) meter_->CountSeek();
      iterator->Seek(*at);
    } else if (iterator->Valid()) {
      const Bytes key(ViewOf(iterator->key()));
      std::optional<Bytes> next = Show(key, each);
      if (!next.has_value()) return key;
      if (next->empty()) return end_;
      CHECK(*next > key, "a walk goes forward");
      *at = std::move(*next);
      iterator->Next();
      if (iterator->Valid() && ViewOf(iterator->key()) < *at) iterator->Seek(*at);
    } else {
      if (!iterator->status().IsIncomplete()) return std::nullopt;
      return end_.empty() ? PlaceOf(iterator) : std::min(PlaceOf(iterator), end_);
    }
    if (over() && iterator->Valid()) return Bytes(ViewOf(iterator->key()));
  }
}

std::optional<Bytes> Gap::Show(ByteView key, Each each) {
  if (meter_ != nullptr) meter_->CountSeek();
  rocksdb::ReadOptions options;
  options.snapshot = options_.snapshot;
  rocksdb::PinnableSlice stored;
  const rocksdb::Status status =
      db_->Get(options, family_, rocksdb::Slice(key.data(), key.size()), &stored);
  return status.ok() ? each(key, ViewOf(stored)) : Following(key);
}

}  // namespace smile
