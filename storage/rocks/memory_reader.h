// Reads without waiting: from the record cache, then from RocksDB's memory. Used for Peek, on the
// threads of event loops.
//
// Of RocksDB's results with InMemoryReadOptions() only two are trusted: a value with a matching
// checksum and NotFound. Any other (Incomplete, TimedOut: not in memory; an empty value: the table
// is not open, and may have the record; an error; damage) is kUnknown and left to Read, which may
// wait and reports errors. MultiGet is not used: in RocksDB 7.8.3 it reads data blocks from the
// disk in any tier. RocksDB is not used either while event loops have copied too much out of its
// memory (storage/rocks/large_looks.h).
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
  // The arguments outlive it.
  MemoryReader(const RocksDatabase* database, RecordCache* cache, const Clock* clock);

  // As Engine's. Any thread.
  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) const;
  void PeekMany(std::span<const KeyView> keys, PeekEach each) const;
  bool PeekScan(const ScanRequest& request, FoundPage found) const;
  void PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each) const;

 private:
  PeekResult Look(const CacheKey& key, FunctionRef<void(const RecordView&)> found) const;
  PeekResult Take(const CacheKey& key, const RecordCache::Ticket& ticket,
                  const rocksdb::Status& status, ByteView stored, RecordView* record) const;

  const RocksDatabase* const database_;
  RecordCache* const cache_;
  const Clock* const clock_;
  const rocksdb::ReadOptions options_;
  mutable LargeLooks large_looks_;
};

}  // namespace smile
