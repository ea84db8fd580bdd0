#include "storage/cache_shard.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "base/limits.h"
#include "base/prefetch.h"

namespace smile {
namespace {

constexpr size_t kFirstBuckets = 8;
constexpr size_t kSmallShare = 10;  // the small queue has a tenth, as the paper advises

// So many that few readers are refused for the write of another key, unless that were more than a
// small part of the memory.
constexpr size_t kMostSlots = 1024;
constexpr size_t kSlotsShare = 64;

size_t SlotsFor(size_t max_bytes) {
  const size_t share = max_bytes / kSlotsShare / sizeof(CacheShard::Slot);
  return std::bit_floor(std::clamp(share, size_t{1}, kMostSlots));
}

uint32_t FingerprintOf(uint64_t hash) {
  return static_cast<uint32_t>(hash >> 32) | 1;  // 0 stands for none
}

// The value has the size that the entry was made for.
void SetRecord(CacheShard::Entry* entry, const RecordView* record) {
  entry->is_record = record != nullptr;
  if (record == nullptr) return;
  entry->version = record->version;
  entry->checksum = record->checksum;
  entry->expires_ms = record->expires_ms;
  record->value.copy(entry->bytes() + entry->key_size, record->value.size());
}

CacheShard::Entry* MakeEntry(const CacheKey& key, const RecordView* record) {
  const size_t value_size = record == nullptr ? 0 : record->value.size();
  void* const memory =
      ::operator new(sizeof(CacheShard::Entry) + key.encoded().size() + value_size);
  auto* const entry = new (memory) CacheShard::Entry;
  entry->hash = key.hash();
  entry->kind = key.kind();
  entry->table = key.table();
  entry->key_size = static_cast<uint16_t>(key.encoded().size());
  entry->value_size = static_cast<uint32_t>(value_size);
  key.encoded().copy(entry->bytes(), key.encoded().size());
  SetRecord(entry, record);
  return entry;
}

void FreeEntry(CacheShard::Entry* entry) {
  ::operator delete(entry);
}

}  // namespace

CacheShard::CacheShard(size_t max_bytes)
    : max_bytes_(max_bytes),
      buckets_(kFirstBuckets),
      ghosts_(kFirstBuckets),
      slots_(SlotsFor(max_bytes)) {}

CacheShard::~CacheShard() {
  for (Entry* entry : buckets_) {
    while (entry != nullptr) {
      Entry* const next = entry->chain;
      FreeEntry(entry);
      entry = next;
    }
  }
}

// Where the pointer to the key's entry is, or would be.
CacheShard::Entry** CacheShard::Place(const CacheKey& key) {
  Entry** place = &buckets_[BucketIndex(key.hash())];
  while (*place != nullptr &&
         ((*place)->hash != key.hash() || (*place)->kind != key.kind() ||
          (*place)->table != key.table() || (*place)->key() != key.encoded())) {
    place = &(*place)->chain;
  }
  return place;
}

void CacheShard::PrefetchEntry(const CacheKey& key) const {
  constexpr size_t kUsualBytes = 256;  // header, key and a value of usual size
  const Entry* const entry = buckets_[BucketIndex(key.hash())];
  if (entry != nullptr) Prefetch(entry, kUsualBytes);
}

const CacheShard::Entry* CacheShard::Find(const CacheKey& key) {
  Entry* const entry = *Place(key);
  if (entry == nullptr || entry->writes_under_way > 0) {
    ++CountsOf(key.kind()).misses;
    return nullptr;
  }
  ++CountsOf(key.kind()).hits;
  if (entry->uses < kMostUses) ++entry->uses;
  return entry;
}

void CacheShard::Fill(const CacheKey& key, const RecordView* record) {
  Entry* const entry = *Place(key);
  if (entry != nullptr && key.kind() == CacheKey::Kind::kRecord) return;  // it says the same
  const bool in_main = entry != nullptr && entry->in_main;
  if (entry != nullptr) Remove(entry);  // a page that was too short
  Insert(key, record, in_main);
}

bool CacheShard::BeginWrite(const CacheKey& key) {
  Slot& slot = slots_[SlotIndex(key)];
  ++slot.begun;
  ++slot.under_way;
  Entry* const entry = *Place(key);
  if (entry == nullptr) return false;
  ++entry->writes_under_way;
  return true;
}

void CacheShard::EndWrite(const CacheKey& key, bool known, const RecordView* record) {
  --slots_[SlotIndex(key)].under_way;
  Entry* const entry = *Place(key);
  // An entry knows of all writes of its key: while there are any, none is made for it.
  if (entry == nullptr || --entry->writes_under_way > 0) return;
  const size_t value_size = record == nullptr ? 0 : record->value.size();
  if (known && entry->value_size == value_size) return SetRecord(entry, record);
  const bool in_main = entry->in_main;
  Remove(entry);
  if (known) Insert(key, record, in_main);
}

// There is no entry of this key.
void CacheShard::Insert(const CacheKey& key, const RecordView* record, bool in_main) {
  const size_t value_size = record == nullptr ? 0 : record->value.size();
  const size_t size = Entry::SizeOf(key.encoded().size(), value_size);
  if (value_size > limits::kMaxCachedValueBytes || own_bytes() + size > max_bytes_) return;
  MakeRoom(size);
  Entry* const entry = MakeEntry(key, record);
  Enqueue(entry, in_main || TakeGhost(key.hash()));
  Entry** const place = &buckets_[BucketIndex(key.hash())];
  entry->chain = *place;
  *place = entry;
  ++entries_;
  ++CountsOf(key.kind()).entries;
  if (entries_ > buckets_.size()) Grow();
}

void CacheShard::Remove(Entry* entry) {
  Unchain(entry);
  Dequeue(entry);
  FreeEntry(entry);
}

void CacheShard::Unchain(Entry* entry) {
  Entry** place = &buckets_[BucketIndex(entry->hash)];
  while (*place != entry) place = &(*place)->chain;
  *place = entry->chain;
  --entries_;
  --CountsOf(entry->kind).entries;
}

void CacheShard::Enqueue(Entry* entry, bool in_main) {
  Queue& queue = in_main ? main_ : small_;
  entry->in_main = in_main;
  entry->uses = 0;
  entry->newer = nullptr;
  entry->older = queue.newest;
  (queue.newest == nullptr ? queue.oldest : queue.newest->newer) = entry;
  queue.newest = entry;
  queue.bytes += entry->size();
}

void CacheShard::Dequeue(Entry* entry) {
  Queue& queue = entry->in_main ? main_ : small_;
  (entry->older == nullptr ? queue.oldest : entry->older->newer) = entry->newer;
  (entry->newer == nullptr ? queue.newest : entry->newer->older) = entry->older;
  queue.bytes -= entry->size();
}

// There are entries enough that would make it if they left.
void CacheShard::MakeRoom(size_t bytes) {
  while (this->bytes() + bytes > max_bytes_) {
    const bool small_is_full = small_.bytes > max_bytes_ / kSmallShare;
    if (main_.oldest == nullptr || (small_is_full && small_.oldest != nullptr)) {
      EvictFromSmall();
    } else {
      EvictFromMain();
    }
  }
}

// One that was asked for while it was here goes on to the main queue; another leaves a fingerprint.
void CacheShard::EvictFromSmall() {
  Entry* const entry = small_.oldest;
  Dequeue(entry);
  if (entry->uses > 0) return Enqueue(entry, /*in_main=*/true);
  ghosts_[BucketIndex(entry->hash)] = FingerprintOf(entry->hash);
  Unchain(entry);
  FreeEntry(entry);
}

// One that was asked for gets another round, with one use less to its name.
void CacheShard::EvictFromMain() {
  Entry* const entry = main_.oldest;
  const uint8_t uses = entry->uses;
  Dequeue(entry);
  if (uses > 0) {
    Enqueue(entry, /*in_main=*/true);
    entry->uses = uses - 1;
    return;
  }
  Unchain(entry);
  FreeEntry(entry);
}

bool CacheShard::TakeGhost(uint64_t hash) {
  uint32_t& ghost = ghosts_[BucketIndex(hash)];
  if (ghost != FingerprintOf(hash)) return false;
  ghost = 0;
  return true;
}

// There are more entries than buckets, and each takes more than the larger tables have for it. They
// are there beside the old ones for a moment.
void CacheShard::Grow() {
  const size_t count = buckets_.size() * 2;
  static_assert(Entry::SizeOf(0, 0) > TableBytes(2));
  MakeRoom(TableBytes(count));
  std::vector<Entry*> grown(count);
  for (Entry* entry : buckets_) {
    while (entry != nullptr) {
      Entry* const next = entry->chain;
      Entry** const place = &grown[entry->hash & (count - 1)];
      entry->chain = *place;
      *place = entry;
      entry = next;
    }
  }
  buckets_.swap(grown);
  ghosts_ = std::vector<uint32_t>(count);
}

void CacheShard::AddCounts(RecordCache::Counts* sum) const {
  const auto add = [this](CacheKey::Kind kind, RecordCache::KindCounts* to) {
    const RecordCache::KindCounts& own = counts_[static_cast<size_t>(kind)];
    to->hits += own.hits;
    to->misses += own.misses;
    to->entries += own.entries;
  };
  add(CacheKey::Kind::kRecord, &sum->records);
  add(CacheKey::Kind::kPage, &sum->pages);
  sum->bytes += bytes();
}

}  // namespace smile
