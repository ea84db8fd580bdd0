#include "storage/cache_shard.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "base/check.h"
#include "base/limits.h"
#include "storage/first_sort.h"
#include "storage/key_encoding.h"

namespace smile {
namespace {

constexpr size_t kFirstBuckets = 8;
constexpr size_t kSmallShare = 10;  // the small queue has a tenth, as the paper advises

// Enough that few fills are rejected because of a write of another key, but only a small part of
// the memory.
constexpr size_t kMaxSlots = 1024;
constexpr size_t kSlotsShare = 64;

static_assert(std::has_single_bit(kFirstBuckets) && std::has_single_bit(kMaxSlots));
static_assert(kMaxEncodedKeyBytes <= UINT16_MAX && limits::kMaxCachedValueBytes <= UINT32_MAX,
              "an entry has room for the sizes of its key and value");

size_t SlotsFor(size_t max_bytes) {
  const size_t share = max_bytes / kSlotsShare / sizeof(CacheShard::Slot);
  return std::bit_floor(std::clamp(share, size_t{1}, kMaxSlots));
}

uint32_t FingerprintOf(uint64_t hash) {
  return static_cast<uint32_t>(hash >> 32) | 1;  // 0 stands for none
}

// The value has the size that the entry was allocated for.
void SetRecord(CacheShard::Entry* entry, const RecordView* record) {
  CHECK(entry->value_size == (record == nullptr ? 0 : record->value.size()));
  entry->is_record = record != nullptr;
  if (record == nullptr) return;
  entry->version = record->version;
  entry->checksum = record->checksum;
  entry->expires_ms = record->expires_ms;
  record->value.copy(entry->bytes() + entry->key_size, record->value.size());
}

CacheShard::Entry* MakeEntry(const CacheKey& key, const RecordView* record) {
  const size_t value_size = record == nullptr ? 0 : record->value.size();
  CHECK(key.encoded().size() <= kMaxEncodedKeyBytes);
  CHECK(value_size <= limits::kMaxCachedValueBytes);
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
      slots_(SlotsFor(max_bytes)) {
  SetHint();
}

CacheShard::~CacheShard() {
  if (kExpensiveChecks) CheckConsistency();
  for (Entry* entry : buckets_) {
    while (entry != nullptr) {
      Entry* const next = entry->chain;
      FreeEntry(entry);
      entry = next;
    }
  }
}

// The pointer to the key's entry, or where it would be inserted.
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
  if (entry == nullptr || entry->writes_in_progress > 0) {
    ++CountsOf(key.kind()).misses;
    return nullptr;
  }
  ++CountsOf(key.kind()).hits;
  entry->kept_up = false;
  if (entry->uses < kMaxUses) ++entry->uses;
  return entry;
}

void CacheShard::Fill(const CacheKey& key, const RecordView* record) {
  CHECK(SlotOf(key).in_progress == 0, "nothing is inserted while it is written");
  Entry* const entry = *Place(key);
  if (entry != nullptr && key.kind() != CacheKey::Kind::kPage) return;  // it is the same
  const bool in_main = entry != nullptr && entry->in_main;
  if (entry != nullptr) Remove(entry);  // a page that was too short
  Insert(key, record, in_main);
}

bool CacheShard::BeginWrite(const CacheKey& key) {
  Slot& slot = slots_[SlotIndex(key)];
  ++slot.begun;
  ++slot.in_progress;
  Entry* const entry = *Place(key);
  if (entry == nullptr) return false;
  ++entry->writes_in_progress;
  CHECK(entry->writes_in_progress <= slot.in_progress);
  return true;
}

CacheShard::Entry* CacheShard::LeaveWrite(const CacheKey& key) {
  Slot& slot = slots_[SlotIndex(key)];
  CHECK(slot.in_progress > 0, "each write that ends has begun");
  --slot.in_progress;
  Entry* const entry = *Place(key);
  if (entry == nullptr) return nullptr;
  CHECK(entry->writes_in_progress > 0, "no entry is inserted while its key is written");
  --entry->writes_in_progress;
  return entry;
}

void CacheShard::EndWrite(const CacheKey& key, bool known, const RecordView* record) {
  Entry* const entry = LeaveWrite(key);
  if (entry == nullptr || entry->writes_in_progress > 0) return;
  if (!known) return Remove(entry);
  Replace(key, entry, record);
}

// A page that several writes of a group change is kept up by all of them or by none.
void CacheShard::EndPageWrite(const CacheKey& key, RecordCache::PageChange change) {
  CHECK(key.kind() == CacheKey::Kind::kPage);
  Entry* entry = LeaveWrite(key);
  if (entry == nullptr) return;
  CHECK(entry->is_record, "an empty page is a record too");
  const std::optional<Bytes> page = entry->kept_up ? std::nullopt : change(entry->record().value);
  if (!page) return Remove(entry);
  const uint32_t writes_in_progress = entry->writes_in_progress;
  const RecordView record{.value = *page};
  Replace(key, entry, &record);
  entry = *Place(key);
  if (entry == nullptr) return;
  entry->writes_in_progress = writes_in_progress;
  entry->kept_up = writes_in_progress == 0;
}

// Puts that overlap leave the first of their keys, in whatever order they end.
void CacheShard::EndFirstWrite(const CacheKey& key, bool known, ByteView put) {
  Entry* const entry = LeaveWrite(key);
  if (entry == nullptr) return;
  if (!known) return Remove(entry);
  if (!FirstSort::Decode(entry->record().value).ComesAfter(put)) return;
  const FirstSort first(put);
  const RecordView record{.value = first.encoded()};
  SetRecord(entry, &record);
}

void CacheShard::Replace(const CacheKey& key, Entry* entry, const RecordView* record) {
  const size_t value_size = record == nullptr ? 0 : record->value.size();
  if (entry->value_size == value_size) return SetRecord(entry, record);
  const bool in_main = entry->in_main;
  Remove(entry);
  Insert(key, record, in_main);
}

// The key has no entry.
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
  CHECK(bytes() <= max_bytes_);
}

void CacheShard::Remove(Entry* entry) {
  Unchain(entry);
  Dequeue(entry);
  FreeEntry(entry);
}

void CacheShard::Unchain(Entry* entry) {
  Entry** place = &buckets_[BucketIndex(entry->hash)];
  while (*place != entry) {
    CHECK(*place != nullptr, "an entry is in the chain of its bucket");
    place = &(*place)->chain;
  }
  *place = entry->chain;
  CHECK(entries_ > 0 && CountsOf(entry->kind).entries > 0);
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
  Entry*& older_link = entry->older == nullptr ? queue.oldest : entry->older->newer;
  Entry*& newer_link = entry->newer == nullptr ? queue.newest : entry->newer->older;
  CHECK(older_link == entry && newer_link == entry, "an entry is in the queue that it names");
  older_link = entry->newer;
  newer_link = entry->older;
  CHECK(entry->size() <= queue.bytes);
  queue.bytes -= entry->size();
  CHECK((queue.oldest == nullptr) == (queue.bytes == 0), "an empty queue has no bytes");
}

// `bytes` fit into an empty shard (CHECK).
void CacheShard::MakeRoom(size_t bytes) {
  CHECK(own_bytes() + bytes <= max_bytes_);
  while (this->bytes() + bytes > max_bytes_) {
    const bool small_is_full = small_.bytes > max_bytes_ / kSmallShare;
    if (main_.oldest == nullptr || (small_is_full && small_.oldest != nullptr)) {
      EvictFromSmall();
    } else {
      EvictFromMain();
    }
  }
}

// An entry that was used moves to the main queue. Any other is freed and leaves a fingerprint.
void CacheShard::EvictFromSmall() {
  Entry* const entry = small_.oldest;
  CHECK(entry != nullptr);
  Dequeue(entry);
  if (entry->uses > 0) return Enqueue(entry, /*in_main=*/true);
  ghosts_[BucketIndex(entry->hash)] = FingerprintOf(entry->hash);
  Unchain(entry);
  FreeEntry(entry);
}

// An entry that was used gets another round, with one use less.
void CacheShard::EvictFromMain() {
  Entry* const entry = main_.oldest;
  CHECK(entry != nullptr);
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

// There are more entries than buckets, and each entry takes more than its part of the larger
// tables, so evicting entries makes enough room. Old and new tables exist at the same time for a
// moment.
void CacheShard::Grow() {
  const size_t count = buckets_.size() * 2;
  CHECK(entries_ > buckets_.size() && std::has_single_bit(count));
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
  SetHint();
  ghosts_ = std::vector<uint32_t>(count);
  if (kExpensiveChecks) CheckConsistency();
}

void CacheShard::SetHint() {
  hint_buckets_.store(buckets_.data(), std::memory_order_relaxed);
  hint_count_.store(buckets_.size(), std::memory_order_release);
}

void CacheShard::CheckConsistency() const {
  CHECK(buckets_.size() == ghosts_.size());
  size_t in_buckets = 0, small_bytes = 0, main_bytes = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    for (const Entry* entry = buckets_[i]; entry != nullptr; entry = entry->chain) {
      CHECK(BucketIndex(entry->hash) == i);
      ++in_buckets;
      (entry->in_main ? main_bytes : small_bytes) += entry->size();
    }
  }
  CHECK(in_buckets == entries_ && small_bytes == small_.bytes && main_bytes == main_.bytes);
  size_t in_queues = 0;
  for (const Queue* queue : {&small_, &main_}) {
    for (const Entry* entry = queue->oldest; entry != nullptr; entry = entry->newer) {
      CHECK(entry->in_main == (queue == &main_) && entry->uses <= kMaxUses);
      CHECK(entry->newer != nullptr || entry == queue->newest);
      ++in_queues;
    }
  }
  uint64_t counted = 0;
  for (const RecordCache::KindCounts& kind : counts_) counted += kind.entries;
  CHECK(in_queues == entries_ && counted == entries_);
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
  add(CacheKey::Kind::kFirst, &sum->firsts);
  sum->bytes += bytes();
}

}  // namespace smile
