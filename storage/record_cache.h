// Records in memory, before the engine: for those that are asked for again and again.
//
// Bounded in bytes. Split into shards by hash, each with its own lock, which is held for as long as
// it takes to find a record and to show it. Which records stay is decided by S3-FIFO (J. Yang et
// al., "FIFO queues are all you need for cache eviction", SOSP 2023): a record comes into a small
// queue, goes on to the main queue if it was asked for again before it got to the end, and leaves
// otherwise; a record that comes back soon after it left goes to the main queue at once. So a scan
// over everything passes through the small queue and moves nothing else.
//
// An absent record is remembered too. A write changes what is here, and brings nothing in: records
// that are written and not read would push out those that are read.
//
// So is how a partition begins: the answer to a scan of its first records (its newest, where a
// table has those first), which is what a timeline is made of. Such a page stands in the cache
// under the partition itself, as if it were a record of its own (its value is what
// storage/cached_page.h makes of it), shares bytes and queues with the records, and is kept
// coherent in the same way: a write of any key in the partition is, beside that, a write of the
// page, which ends with the page not known. A scan takes the page's ticket before it makes its
// iterator. What it fills in was then read while nothing in the partition changed, and nothing in
// it has changed since. Only time could change it: pages that have met a record with an expiry are
// not filled in.
//
// Coherence. Readers and writers of the storage behind the cache keep to this:
//   * A writer calls BeginWrite before it writes a key, and EndWrite with what is there now when
//     the write is visible, before it answers.
//   * A reader that missed keeps the ticket that Find gave it, reads from the storage, and offers
//     what it found with Fill.
// Then Find never shows anything older than what a read of the storage at that moment would:
// BeginWrite hides the key, so between it and EndWrite readers ask the storage. A ticket names
// the number of writes that had begun on the key's slot (keys share slots by hash; sharing only
// refuses more); Fill takes a record only if no write is under way on the slot and none has begun
// since. So what is filled was read while the key did not change, and has not changed since.
//
// Any thread may call anything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/function_ref.h"
#include "base/hash.h"
#include "model/record.h"
#include "model/tables.h"

namespace smile {

// A key as one cache knows it, which made it. Borrows its bytes.
class CacheKey {
 public:
  enum class Kind : uint8_t { kRecord, kPage };

  CacheKey() = default;

  Kind kind() const { return kind_; }
  Table table() const { return table_; }
  ByteView encoded() const { return encoded_; }
  uint64_t hash() const { return hash_; }

 private:
  friend class RecordCache;
  CacheKey(const SecretHash& hash, Kind kind, Table table, ByteView encoded);

  Kind kind_ = Kind::kRecord;
  Table table_ = Table::kUsers;
  ByteView encoded_;
  uint64_t hash_ = 0;
};

class CacheShard;

class RecordCache {
 public:
  enum class Found : uint8_t { kRecord, kAbsent, kNothing };

  // Where a reader stood when it missed.
  struct Ticket {
    uint64_t writes_begun = 0;
    bool good = false;  // no write was under way
  };

  struct KindCounts {
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t entries = 0;
  };
  struct Counts {
    KindCounts records;
    KindCounts pages;
    uint64_t bytes = 0;  // of both and of the tables that they are found by
  };

  // `max_bytes` bounds all memory that the cache has: keys, values and what it needs for itself,
  // also while its tables grow, as jemalloc rounds it up (glibc takes up to 16 bytes more for each
  // record). An empty cache has some 25 KiB; if that is too much already, nothing is kept.
  // `hash` chooses shard, bucket and slot of a key.
  explicit RecordCache(size_t max_bytes, const SecretHash& hash = SecretHash());
  ~RecordCache();
  RecordCache(const RecordCache&) = delete;
  RecordCache& operator=(const RecordCache&) = delete;

  CacheKey KeyOf(Table table, ByteView encoded) const {
    return {hash_, CacheKey::Kind::kRecord, table, encoded};
  }
  // Of the first page of a partition.
  CacheKey PageKeyOf(Table table, ByteView encoded_partition) const {
    return {hash_, CacheKey::Kind::kPage, table, encoded_partition};
  }

  // Brings what Find will look at for these keys into the processor's caches: for all of them at
  // the same time, where Find would wait for one after the other.
  void Prefetch(std::span<const CacheKey> keys);

  // kRecord: it was shown by calling `show`, under a lock: `show` is short and calls nothing of
  // the cache. kNothing: *ticket is for Fill. An expired record is kAbsent.
  Found Find(const CacheKey& key, const Clock& clock, FunctionRef<void(const RecordView&)> show,
             Ticket* ticket);

  // For a reader that does not look in the cache first.
  Ticket TicketFor(const CacheKey& key);

  // Offers what a reader found in the storage; null: the record is absent.
  void Fill(const CacheKey& key, const Ticket& ticket, const RecordView* record);

  // Whether the key is in the cache. If not, it will not be before this write has ended.
  bool BeginWrite(const CacheKey& key);
  // `record`: what the storage has now; null: the record is absent. `known` false: it is not known
  // what the storage has.
  void EndWrite(const CacheKey& key, bool known, const RecordView* record);

  Counts counts() const;

 private:
  CacheShard& ShardOf(const CacheKey& key) const;

  // Enough that threads seldom meet at one lock, few enough that a shard holds many records.
  static constexpr size_t kShards = 64;

  const SecretHash hash_;
  std::array<std::unique_ptr<CacheShard>, kShards> shards_;
};

}  // namespace smile
