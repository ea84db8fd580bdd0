#include "storage/record_cache.h"

#include <mutex>

#include "storage/cache_shard.h"

namespace smile {

CacheKey::CacheKey(const SecretHash& hash, Kind kind, Table table, ByteView encoded)
    : kind_(kind),
      table_(table),
      encoded_(encoded),
      // An odd constant (the golden ratio) distributes one user's keys in different tables.
      hash_(hash(encoded) ^ ((static_cast<uint64_t>(table) << 2 | static_cast<uint64_t>(kind)) *
                             0x9e3779b97f4a7c15ULL)) {}

RecordCache::RecordCache(size_t max_bytes, const SecretHash& hash) : hash_(hash) {
  for (auto& shard : shards_) shard = std::make_unique<CacheShard>(max_bytes / kShards);
}

RecordCache::~RecordCache() = default;

// By the top bits: those below select bucket and slot inside the shard.
CacheShard& RecordCache::ShardOf(const CacheKey& key) const {
  return *shards_[(key.hash() >> 56) % kShards];
}

void RecordCache::Prefetch(std::span<const CacheKey> keys) {
  for (const CacheKey& key : keys) ShardOf(key).PrefetchBucket(key);
  for (const CacheKey& key : keys) {
    CacheShard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex());
    shard.PrefetchEntry(key);
  }
}

RecordCache::Found RecordCache::Find(const CacheKey& key, const Clock& clock,
                                     FunctionRef<void(const RecordView&)> show, Ticket* ticket) {
  CacheShard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex());
  const CacheShard::Entry* const entry = shard.Find(key);
  if (entry == nullptr) {
    *ticket = shard.TicketFor(key);
    return Found::kNothing;
  }
  if (!entry->is_record) return Found::kAbsent;
  const RecordView record = entry->record();
  if (record.expires_ms != 0 && record.ExpiredAt(clock.WallMillis())) return Found::kAbsent;
  show(record);
  return Found::kRecord;
}

bool RecordCache::Caches(const CacheKey& key, const RecordView* record) {
  return key.table() != Table::kBlobs || record == nullptr;
}

RecordCache::Ticket RecordCache::TicketFor(const CacheKey& key) {
  CacheShard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex());
  return shard.TicketFor(key);
}

void RecordCache::Fill(const CacheKey& key, const Ticket& ticket, const RecordView* record) {
  if (!ticket.good || !Caches(key, record)) return;
  CacheShard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex());
  // None has begun since, so none is in progress either.
  if (shard.SlotOf(key).begun == ticket.writes_begun) shard.Fill(key, record);
}

bool RecordCache::BeginWrite(const CacheKey& key) {
  CacheShard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex());
  return shard.BeginWrite(key);
}

void RecordCache::EndWrite(const CacheKey& key, bool known, const RecordView* record) {
  CacheShard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex());
  shard.EndWrite(key, known && Caches(key, record), record);
}

void RecordCache::EndPageWrite(const CacheKey& key, PageChange change) {
  CacheShard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex());
  shard.EndPageWrite(key, change);
}

void RecordCache::EndFirstWrite(const CacheKey& key, bool known, ByteView put) {
  CacheShard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex());
  shard.EndFirstWrite(key, known, put);
}

RecordCache::Counts RecordCache::counts() const {
  Counts sum;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex());
    shard->AddCounts(&sum);
  }
  return sum;
}

}  // namespace smile
