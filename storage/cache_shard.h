// One shard of the record cache: a hash table of entries, the two queues of S3-FIFO, and
// fingerprints of entries that were evicted. storage/record_cache.h has the contract. The caller
// holds mutex() during all other calls but PrefetchBucket.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "base/prefetch.h"
#include "model/record.h"
#include "storage/record_cache.h"

namespace smile {

class CacheShard {
 public:
  // Writes of the keys that share a slot.
  struct Slot {
    uint64_t begun = 0;
    uint32_t in_progress = 0;  // begun and not ended
  };

  // A record, or its absence, in one piece of memory: this struct, then the bytes of the key, then
  // those of the value.
  struct Entry {
    Entry* older = nullptr;  // in its queue
    Entry* newer = nullptr;
    Entry* chain = nullptr;  // of its bucket
    uint64_t hash = 0;
    uint64_t version = 0;
    uint64_t checksum = 0;
    uint64_t expires_ms = 0;
    uint32_t value_size = 0;
    uint16_t key_size = 0;
    CacheKey::Kind kind = CacheKey::Kind::kRecord;
    Table table = Table::kUsers;
    bool is_record = false;
    bool in_main = false;
    uint8_t uses = 0;                 // since it entered its queue, at most kMaxUses
    bool kept_up = false;             // a page that changed with a write and was not read since
    uint32_t writes_in_progress = 0;  // of its key; the entry is hidden while it is not 0

    ByteView key() const { return {bytes(), key_size}; }
    RecordView record() const {
      return {version, checksum, expires_ms, ByteView(bytes() + key_size, value_size)};
    }
    size_t size() const { return SizeOf(key_size, value_size); }
    static constexpr size_t SizeOf(size_t key_size, size_t value_size) {
      return AllocatedBytes(sizeof(Entry) + key_size + value_size);
    }
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
    const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  };

  // `max_bytes` is the maximum memory of the shard, itself included. If an empty shard needs more,
  // nothing is cached.
  explicit CacheShard(size_t max_bytes);
  ~CacheShard();
  CacheShard(const CacheShard&) = delete;
  CacheShard& operator=(const CacheShard&) = delete;

  std::mutex& mutex() { return mutex_; }

  // See RecordCache::Prefetch: first the bucket, without mutex(); later the entry that it points
  // to.
  void PrefetchBucket(const CacheKey& key) const {
    // In this order, so that the table has at least that size.
    const size_t count = hint_count_.load(std::memory_order_acquire);
    Entry* const* const buckets = hint_buckets_.load(std::memory_order_relaxed);
    PrefetchLine(buckets + (key.hash() & (count - 1)));
    PrefetchLine(&slots_[SlotIndex(key)]);
  }
  void PrefetchEntry(const CacheKey& key) const;

  // Null if the key is not cached or hidden. Counts as a use. Valid until the next change.
  const Entry* Find(const CacheKey& key);
  // Inserts what a reader found. A record that is too large is not cached.
  void Fill(const CacheKey& key, const RecordView* record);

  // As in RecordCache. While its key is written, an entry keeps its place so that it can be updated
  // in place; it may still be evicted.
  bool BeginWrite(const CacheKey& key);
  void EndWrite(const CacheKey& key, bool known, const RecordView* record);
  void EndPageWrite(const CacheKey& key, RecordCache::PageChange change);
  void EndFirstWrite(const CacheKey& key, bool known, ByteView put);

  const Slot& SlotOf(const CacheKey& key) const { return slots_[SlotIndex(key)]; }

  RecordCache::Ticket TicketFor(const CacheKey& key) const {
    const Slot& slot = SlotOf(key);
    return {.writes_begun = slot.begun, .good = slot.in_progress == 0};
  }

  void AddCounts(RecordCache::Counts* sum) const;

 private:
  static constexpr uint8_t kMaxUses = 3;

  struct Queue {
    Entry* oldest = nullptr;
    Entry* newest = nullptr;
    size_t bytes = 0;
  };

  // What jemalloc allocates for so many bytes: its size classes are multiples of 16, and from 64 on
  // four per power of two.
  static constexpr size_t AllocatedBytes(size_t bytes) {
    const size_t step = std::max<size_t>(16, std::bit_floor(bytes - 1) / 4);
    return (bytes + step - 1) & ~(step - 1);
  }

  // Of the tables of buckets and ghosts. Their sizes are powers of two, so the allocator does not
  // round them up.
  static constexpr size_t TableBytes(size_t buckets) {
    return buckets * (sizeof(void*) + sizeof(uint32_t));
  }

  // The numbers of buckets and slots are powers of two.
  size_t BucketIndex(uint64_t hash) const { return hash & (buckets_.size() - 1); }
  size_t SlotIndex(const CacheKey& key) const { return (key.hash() >> 16) & (slots_.size() - 1); }
  // The memory of everything except the entries.
  size_t own_bytes() const {
    return AllocatedBytes(sizeof(CacheShard)) + slots_.size() * sizeof(Slot) +
           TableBytes(buckets_.size());
  }
  size_t bytes() const { return own_bytes() + small_.bytes + main_.bytes; }
  RecordCache::KindCounts& CountsOf(CacheKey::Kind kind) {
    return counts_[static_cast<size_t>(kind)];
  }
  Entry** Place(const CacheKey& key);
  void Insert(const CacheKey& key, const RecordView* record, bool in_main);
  // How each write ends first: with the entry of its key, null if there is none.
  Entry* LeaveWrite(const CacheKey& key);
  // The entry's state becomes this, in place or in an entry of another size. If that is too large,
  // there is none.
  void Replace(const CacheKey& key, Entry* entry, const RecordView* record);
  void Remove(Entry* entry);
  void Enqueue(Entry* entry, bool in_main);
  void Dequeue(Entry* entry);
  void Unchain(Entry* entry);
  void MakeRoom(size_t bytes);
  void EvictFromSmall();
  void EvictFromMain();
  void Grow();
  void SetHint();
  bool TakeGhost(uint64_t hash);
  // Compares all entries with the counters and queues: expensive.
  void CheckConsistency() const;

  const size_t max_bytes_;
  std::mutex mutex_;
  std::vector<Entry*> buckets_;
  // Where buckets_ begins, and its size, to prefetch without the lock. The table may have been
  // replaced by a larger one since.
  std::atomic<Entry* const*> hint_buckets_ = nullptr;
  std::atomic<size_t> hint_count_ = 0;
  size_t entries_ = 0;
  Queue small_;
  Queue main_;
  // Fingerprints of entries that were evicted from the small queue. Direct-mapped: a fingerprint is
  // forgotten when another takes its place, which works as well as a queue and needs no second
  // table.
  std::vector<uint32_t> ghosts_;
  std::vector<Slot> slots_;
  std::array<RecordCache::KindCounts, CacheKey::kKinds> counts_;  // of each CacheKey::Kind
};

}  // namespace smile
