// Reads from where no waiting can be needed: the record cache, then what RocksDB has in memory. For
// Peek, so on the event loops' threads.
//
// Whatever RocksDB may answer under kBlockCacheTier, only two things are believed: a value with a
// matching checksum, and NotFound. Anything else (Incomplete: it is not in memory; an error;
// damage) is kUnknown and left to Read, which may wait and has words for it. MultiGet is not asked:
// RocksDB 7.8.3 reads data blocks for it from the disk whatever the tier is. Nor is RocksDB asked
// while event loops have copied much out of its memory (storage/rocks/large_looks.h).
#pragma once

#include <rocksdb/options.h>

#include <span>

#include "base/clock.h"
#include "storage/engine.h"
#include "storage/record_cache.h"
#include "storage/rocks/large_looks.h"
#include "storage/rocks/rocks_database.h"

namespace smile {

class MemoryReader {
 public:
  // All outlive it.
  MemoryReader(const RocksDatabase* database, RecordCache* cache, const Clock* clock);

  // As Engine's. Any thread.
  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) const;
  void PeekMany(std::span<const KeyView> keys, PeekEach each) const;
  bool PeekScan(const ScanRequest& request, FoundPage found) const;

 private:
  PeekResult Look(const CacheKey& key, FunctionRef<void(const RecordView&)> found) const;
  PeekResult Take(const CacheKey& key, const RecordCache::Ticket& ticket,
                  const rocksdb::Status& status, ByteView stored, RecordView* record) const;

  const RocksDatabase* const database_;
  RecordCache* const cache_;
  const Clock* const clock_;
  mutable LargeLooks large_looks_;
  rocksdb::ReadOptions options_;
};

}  // namespace smile
