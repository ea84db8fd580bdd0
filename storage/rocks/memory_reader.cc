#include "storage/rocks/memory_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include "storage/cached_page.h"
#include "storage/first_sort.h"
#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "storage/rocks/rocks_options.h"

namespace smile {
namespace {

// Keys whose cache entries are prefetched together.
constexpr size_t kPrefetchedKeys = 32;

}  // namespace

MemoryReader::MemoryReader(const RocksDatabase* database, RecordCache* cache, const Clock* clock)
    : database_(database),
      cache_(cache),
      clock_(clock),
      options_(InMemoryReadOptions()),
      large_looks_(clock) {}

// Interprets RocksDB's result for a key; *record is a view into `stored`.
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
  return Look(cache_->KeyOf(key.table, encoded.view()), found);
}

PeekResult MemoryReader::Look(const CacheKey& key,
                              FunctionRef<void(const RecordView&)> found) const {
  RecordCache::Ticket ticket;
  switch (cache_->Find(key, *clock_, found, &ticket)) {
    case RecordCache::Found::kRecord:
      return PeekResult::kFound;
    case RecordCache::Found::kAbsent:
      return PeekResult::kAbsent;
    case RecordCache::Found::kNothing:
      break;
  }
  if (!large_looks_.Allowed()) return PeekResult::kUnknown;
  const UseGate::Use use = database_->Enter();
  if (!use) return PeekResult::kUnknown;
  rocksdb::PinnableSlice stored;
  const rocksdb::Status status =
      database_->db()->Get(options_, database_->family(key.table()), key.encoded(), &stored);
  large_looks_.Count(stored.size());
  RecordView record;
  const PeekResult result = Take(key, ticket, status, {stored.data(), stored.size()}, &record);
  if (result == PeekResult::kFound) found(record);
  return result;
}

bool MemoryReader::PeekScan(const ScanRequest& request, FoundPage found) const {
  if (!IsForFirstPage(request)) return false;
  const EncodedKey prefix({request.table, request.partition, request.from});
  bool answered = false;
  const auto show = [&](const RecordView& stored) {
    CachedPage page(stored.value);
    answered = page.Answers(request);
    if (answered) found(page.entries(), page.more());
  };
  RecordCache::Ticket ticket;
  (void)cache_->Find(cache_->PageKeyOf(request.table, prefix.view()), *clock_, show, &ticket);
  return answered;
}

// From the cache alone.
void MemoryReader::PeekFirst(Table table, std::span<const Bytes> partitions,
                             PeekFirstEach each) const {
  std::array<std::optional<EncodedKey>, kPrefetchedKeys> encoded;
  std::array<CacheKey, kPrefetchedKeys> cache_keys;
  for (size_t begin = 0; begin < partitions.size(); begin += kPrefetchedKeys) {
    const size_t count = std::min(kPrefetchedKeys, partitions.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      encoded[i].emplace(KeyView{table, partitions[begin + i], {}});
      cache_keys[i] = cache_->FirstKeyOf(table, encoded[i]->view());
    }
    cache_->Prefetch({cache_keys.data(), count});
    for (size_t i = 0; i < count; ++i) {
      PeekResult result = PeekResult::kUnknown;
      FirstSort first;
      const auto show = [&](const RecordView& record) {
        first = FirstSort::Decode(record.value);
        result = first.sort() ? PeekResult::kFound : PeekResult::kAbsent;
      };
      RecordCache::Ticket ticket;
      (void)cache_->Find(cache_keys[i], *clock_, show, &ticket);
      each(begin + i, result, first.sort().value_or(ByteView()));
    }
  }
}

// One key after the other, so that those of one partition are looked up in order. RocksDB's
// MultiGet would be somewhat cheaper, but reads data blocks from the disk in any tier.
void MemoryReader::PeekMany(std::span<const KeyView> keys, PeekEach each) const {
  std::array<std::optional<EncodedKey>, kPrefetchedKeys> encoded;
  std::array<CacheKey, kPrefetchedKeys> cache_keys;
  for (size_t begin = 0; begin < keys.size(); begin += kPrefetchedKeys) {
    const size_t count = std::min(kPrefetchedKeys, keys.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      encoded[i].emplace(keys[begin + i]);
      cache_keys[i] = cache_->KeyOf(keys[begin + i].table, encoded[i]->view());
    }
    cache_->Prefetch({cache_keys.data(), count});
    for (size_t i = 0; i < count; ++i) {
      bool go_on = true;
      const auto show = [&](const RecordView& record) {
        go_on = each(begin + i, PeekResult::kFound, record);
      };
      const PeekResult result = Look(cache_keys[i], show);
      if (result != PeekResult::kFound) go_on = each(begin + i, result, {});
      if (!go_on) return;
    }
  }
}

}  // namespace smile
