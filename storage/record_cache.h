// The record cache: frequently read records in memory, in front of RocksDB.
//
// Its memory is bounded. It is split into shards by hash; each shard has a lock that is held only
// while a record is found and shown. The eviction policy is S3-FIFO (J. Yang et al., "FIFO queues
// are all you need for cache eviction", SOSP 2023): a record enters a small queue, moves to the
// main queue if it was read again before it reached the end, and is evicted otherwise; a record
// that comes back soon after its eviction enters the main queue at once. So a scan over everything
// passes through the small queue and evicts nothing else.
//
// Absence of a record is cached too. A write updates what is cached and inserts nothing: records
// that are written and not read would evict those that are read.
//
// The page cache of timelines is part of it: the answer to a scan from the beginning of a partition
// (its newest records, in a table that is newest first; in `links`, those of a kind). Such a page
// is cached under what their keys begin with as if it were a record (its value is encoded by
// storage/cached_page.h), shares memory and queues with the records, and is kept coherent in the
// same way: a write of any key in the partition is also a write of its page. It ends with the page
// as it is after the write if somebody has read the page since the last write, else with the page
// unknown: what is written and not read is not kept up. A scan takes the page's ticket before it
// creates its iterator. So a page that is filled in was read while nothing in the partition
// changed, and has followed all changes since. Only time could change it: a page is not filled in,
// or kept up, if a record with an expiry time was met.
//
// The first sort keys of partitions of posts are part of it too (storage/first_sort.h): small
// entries that tell for many partitions at once which have something new. A put before the first
// moves it; anything else that a write does to the partition may make it unknown. They are filled
// in by scans from the beginning, as pages are.
//
// Coherence. Readers and writers follow this protocol:
//   * A writer calls BeginWrite before it writes a key, and EndWrite with the new state of the
//     record once the write is visible, before it answers.
//   * A reader that missed keeps the ticket from Find, reads from the storage, and offers what it
//     found with Fill.
// Then Find never shows anything older than a read of the storage at that moment would: BeginWrite
// hides the key, so until EndWrite readers go to the storage. A ticket holds the number of writes
// that had begun on the key's slot (keys share slots by hash; sharing only rejects more fills).
// Fill inserts a record only if no write is in progress on the slot and none has begun since. So
// what is filled in was read while the key did not change, and has not changed since.
//
// Any thread may call all functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/function_ref.h"
#include "base/hash.h"
#include "model/record.h"
#include "model/tables.h"

namespace smile {

// A key of the cache that made it. Borrows its bytes.
class CacheKey {
 public:
  enum class Kind : uint8_t { kRecord, kPage, kFirst };
  static constexpr size_t kKinds = 3;

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

  // The state of a key's slot when a reader missed.
  struct Ticket {
    uint64_t writes_begun = 0;
    bool good = false;  // no write was in progress
  };

  struct KindCounts {
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t entries = 0;
  };
  struct Counts {
    KindCounts records;
    KindCounts pages;
    KindCounts firsts;
    uint64_t bytes = 0;  // of all of them and hash tables
  };

  // `max_bytes` is the maximum memory of the cache: keys, values and its own structures, also while
  // its tables grow, as rounded up by jemalloc (glibc takes up to 16 bytes more per record). An
  // empty cache takes about 25 KiB; with less than that, nothing is cached.
  // `hash` determines shard, bucket and slot of a key.
  explicit RecordCache(size_t max_bytes, const SecretHash& hash = SecretHash());
  ~RecordCache();
  RecordCache(const RecordCache&) = delete;
  RecordCache& operator=(const RecordCache&) = delete;

  CacheKey KeyOf(Table table, ByteView encoded) const {
    return {hash_, CacheKey::Kind::kRecord, table, encoded};
  }
  CacheKey KeyOf(CacheKey::Kind kind, Table table, ByteView encoded) const {
    return {hash_, kind, table, encoded};
  }
  // The key of the cached page of records whose encoded keys begin like this.
  CacheKey PageKeyOf(Table table, ByteView encoded_prefix) const {
    return {hash_, CacheKey::Kind::kPage, table, encoded_prefix};
  }

  // The key of the first sort key of the partition that is encoded like this.
  CacheKey FirstKeyOf(Table table, ByteView encoded_partition) const {
    return {hash_, CacheKey::Kind::kFirst, table, encoded_partition};
  }

  // Prefetches the memory that Find will access for these keys into the processor's caches: for all
  // of them at the same time, whereas Find would wait for one after the other.
  void Prefetch(std::span<const CacheKey> keys);

  // kRecord: `show` was called with the record, under a lock; it must be short and must not call
  // the cache. kNothing: *ticket is for Fill. An expired record is kAbsent.
  Found Find(const CacheKey& key, const Clock& clock, FunctionRef<void(const RecordView&)> show,
             Ticket* ticket);

  // For a reader that does not call Find first.
  Ticket TicketFor(const CacheKey& key);

  // Offers what a reader found in the storage; null: the record is absent.
  void Fill(const CacheKey& key, const Ticket& ticket, const RecordView* record);

  // Returns whether the key is cached. If not, it will not be before this write has ended.
  bool BeginWrite(const CacheKey& key);
  // Once for each BeginWrite (CHECK). `record`: the new state in the storage; null: the record is
  // absent. `known` is false if the state is not known.
  void EndWrite(const CacheKey& key, bool known, const RecordView* record);
  // Likewise for a page: `change` returns the page after the write, none if that is not known. It
  // is called under a lock, if at all, as for Find. Writes of one page end in the order in which
  // they take effect.
  using PageChange = FunctionRef<std::optional<Bytes>(ByteView page)>;
  void EndPageWrite(const CacheKey& key, PageChange change);
  // Likewise for a first sort key: the write put a record with the sort key `put`. `known` is false
  // if it is not known that it only put records, of which this is the first, that do not expire.
  void EndFirstWrite(const CacheKey& key, bool known, ByteView put);

  Counts counts() const;

 private:
  // Photos would push everything else out: of `blobs`, only that there is no record is cached.
  static bool Caches(const CacheKey& key, const RecordView* record);
  CacheShard& ShardOf(const CacheKey& key) const;

  // Enough that threads seldom contend for a lock, few enough that a shard holds many records.
  static constexpr size_t kShards = 64;
  static_assert(256 % kShards == 0, "a shard is selected by 8 bits of the hash");

  const SecretHash hash_;
  std::array<std::unique_ptr<CacheShard>, kShards> shards_;
};

}  // namespace smile
