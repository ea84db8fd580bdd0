#include "storage/rocks/memory_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include "storage/cached_page.h"
#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "storage/rocks/multi_get.h"

namespace smile {

MemoryReader::MemoryReader(const RocksDatabase* database, RecordCache* cache, const Clock* clock)
    : database_(database), cache_(cache), clock_(clock) {
  options_.read_tier = rocksdb::kBlockCacheTier;
}

// What RocksDB's answer says of the key; the record is a view into `stored`.
PeekResult MemoryReader::Take(const CacheKey& key, const RecordCache::Ticket& ticket,
                              const rocksdb::Status& status, ByteView stored,
                              RecordView* record) const {
  if (status.IsNotFound()) {
    cache_->Fill(key, ticket, nullptr);
    return PeekResult::kAbsent;
  }
  if (!status.ok()) return PeekResult::kUnknown;
  const Result<RecordView> parsed = ParseAndVerifyRecord(stored);
  if (!parsed.ok()) return PeekResult::kUnknown;
  *record = *parsed;
  cache_->Fill(key, ticket, record);
  if (record->expires_ms != 0 && record->ExpiredAt(clock_->WallMillis())) {
    return PeekResult::kAbsent;
  }
  return PeekResult::kFound;
}

PeekResult MemoryReader::Peek(const KeyView& key,
                              FunctionRef<void(const RecordView&)> found) const {
  const EncodedKey encoded(key);
  const CacheKey cache_key = cache_->KeyOf(key.table, encoded.view());
  RecordCache::Ticket ticket;
  switch (cache_->Find(cache_key, *clock_, found, &ticket)) {
    case RecordCache::Found::kRecord:
      return PeekResult::kFound;
    case RecordCache::Found::kAbsent:
      return PeekResult::kAbsent;
    case RecordCache::Found::kNothing:
      break;
  }
  const UseGate::Use use = database_->Enter();
  if (!use) return PeekResult::kUnknown;
  rocksdb::PinnableSlice stored;
  const rocksdb::Status status =
      database_->db()->Get(options_, database_->family(key.table), encoded.view(), &stored);
  RecordView record;
  const PeekResult result =
      Take(cache_key, ticket, status, {stored.data(), stored.size()}, &record);
  if (result == PeekResult::kFound) found(record);
  return result;
}

bool MemoryReader::PeekScan(const ScanRequest& request, FoundPage found) const {
  if (!IsForFirstPage(request)) return false;
  const EncodedKey partition({request.table, request.partition, {}});
  bool answered = false;
  const auto show = [&](const RecordView& stored) {
    CachedPage page(stored.value);
    answered = page.Answers(request);
    if (answered) found(page.entries(), page.more());
  };
  RecordCache::Ticket ticket;
  (void)cache_->Find(cache_->PageKeyOf(request.table, partition.view()), *clock_, show, &ticket);
  return answered;
}

// Up to kMultiGetKeys keys that are looked at together.
class MemoryReader::Chunk {
 public:
  Chunk(const MemoryReader& reader, std::span<const KeyView> keys)
      : reader_(reader), count_(keys.size()) {
    for (size_t i = 0; i < count_; ++i) {
      encoded_[i].emplace(keys[i]);
      keys_[i] = reader.cache_->KeyOf(keys[i].table, encoded_[i]->view());
    }
    reader.cache_->Prefetch({keys_.data(), count_});
  }

  // False: `each` wants no more.
  bool Show(size_t first_index, PeekEach each) {
    bool go_on = true;
    const size_t shown = ShowHits(first_index, each, &go_on);
    return go_on && (shown == count_ || ShowRest(first_index, shown, each));
  }

 private:
  size_t ShowHits(size_t first_index, PeekEach each, bool* go_on) const;
  bool ShowRest(size_t first_index, size_t from, PeekEach each) const;

  const MemoryReader& reader_;
  const size_t count_;
  std::array<std::optional<EncodedKey>, kMultiGetKeys> encoded_;
  std::array<CacheKey, kMultiGetKeys> keys_;
};

// Shows records from where they lie in the cache, up to the first key that is not there, and
// answers how many keys that were.
size_t MemoryReader::Chunk::ShowHits(size_t first_index, PeekEach each, bool* go_on) const {
  for (size_t i = 0; i < count_; ++i) {
    const auto show = [&](const RecordView& record) {
      *go_on = each(first_index + i, PeekResult::kFound, record);
    };
    RecordCache::Ticket ticket;
    const auto found = reader_.cache_->Find(keys_[i], *reader_.clock_, show, &ticket);
    if (found == RecordCache::Found::kNothing) return i;
    if (found == RecordCache::Found::kAbsent) {
      *go_on = each(first_index + i, PeekResult::kAbsent, {});
    }
    if (!*go_on) return i + 1;
  }
  return count_;
}

// Puts aside what the cache has, asks RocksDB for the others in one question, and then shows all in
// the order of the keys. False: `each` wants no more.
//
// RocksDB answers from one snapshot, taken after the cache was looked at. So what the cache has of
// a partition of which a key before it was missed may be older than what RocksDB says of that key:
// such a key is asked of RocksDB too.
bool MemoryReader::Chunk::ShowRest(size_t first_index, size_t from, PeekEach each) const {
  ScanPage hits;
  std::array<RecordCache::Found, kMultiGetKeys> found;
  std::array<RecordCache::Ticket, kMultiGetKeys> tickets;
  std::array<TableKeyView, kMultiGetKeys> missed;
  size_t misses = 0;
  const auto partition_was_missed = [&](size_t i) {
    const ByteView partition = encoded_[i]->view().substr(0, encoded_[i]->partition_size());
    return std::any_of(missed.begin(), missed.begin() + misses, [&](const TableKeyView& other) {
      return other.table == keys_[i].table() && other.encoded.starts_with(partition);
    });
  };
  for (size_t i = from; i < count_; ++i) {
    bool in_order = true;
    const auto put_aside = [&](const RecordView& record) {
      in_order = !partition_was_missed(i);
      if (in_order) hits.Add({}, record);
    };
    tickets[misses] = {};  // a hit gives none
    found[i] = reader_.cache_->Find(keys_[i], *reader_.clock_, put_aside, &tickets[misses]);
    if (found[i] == RecordCache::Found::kAbsent) in_order = !partition_was_missed(i);
    if (!in_order) found[i] = RecordCache::Found::kNothing;
    if (found[i] != RecordCache::Found::kNothing) continue;
    missed[misses++] = {keys_[i].table(), keys_[i].encoded()};
  }
  const UseGate::Use use = reader_.database_->Enter();  // as long as values are pinned
  std::array<rocksdb::PinnableSlice, kMultiGetKeys> values;
  std::array<rocksdb::Status, kMultiGetKeys> statuses;
  if (use) {
    MultiGetAtOnce(*reader_.database_, reader_.options_, {missed.data(), misses}, values.data(),
                   statuses.data());
  } else {
    statuses.fill(rocksdb::Status::Incomplete());
  }
  size_t next_hit = 0, next_miss = 0;
  for (size_t i = from; i < count_; ++i) {
    RecordView record;
    PeekResult result = PeekResult::kAbsent;
    if (found[i] == RecordCache::Found::kRecord) {
      record = hits[next_hit++].record;
      result = PeekResult::kFound;
    } else if (found[i] == RecordCache::Found::kNothing) {
      const rocksdb::PinnableSlice& value = values[next_miss];
      result = reader_.Take(keys_[i], tickets[next_miss], statuses[next_miss],
                            {value.data(), value.size()}, &record);
      ++next_miss;
    }
    if (!each(first_index + i, result, record)) return false;
  }
  return true;
}

void MemoryReader::PeekMany(std::span<const KeyView> keys, PeekEach each) const {
  for (size_t begin = 0; begin < keys.size(); begin += kMultiGetKeys) {
    const size_t count = std::min(kMultiGetKeys, keys.size() - begin);
    if (!Chunk(*this, keys.subspan(begin, count)).Show(begin, each)) return;
  }
}

}  // namespace smile
