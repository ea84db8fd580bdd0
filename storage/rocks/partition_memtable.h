// RocksDB's memtable as Smile's tables want it: writes go to one record of one partition, reads ask
// for one record or walk through one partition, and only writing out to a file (and LIST) wants the
// whole in order.
//
// So it is a hash table of partitions, each an ordered list of its entries. A list that grows long
// becomes a skip list (W. Pugh, "Skip lists: a probabilistic alternative to balanced trees", CACM
// 1990): it gets express lanes from then on. Writing out collects all entries and sorts them
// (storage/rocks/sorted_entries.h); walks over parts of the table share an order of its partitions
// (storage/rocks/memtable_order.h).
//
// Against RocksDB's own kinds (docs/decisions/0009-a-memtable-of-partitions.md has the figures):
// the skip list looks at some twenty entries that are not in the processor's cache for each that it
// puts in, its hash lists sort by way of a skip list when they are written out.
//
// One thread puts entries in at a time (allow_concurrent_memtable_write has to be off), any number
// read at the same time without a lock: an entry is complete before a pointer to it is published,
// never changes, and lives as long as the memtable. Keys are ordered bytewise, so the table's
// comparator has to be that. The partition of a key is what the column family's prefix extractor
// says, which it has to have.
#pragma once

#include <rocksdb/memtablerep.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>

#include "base/bytes.h"
#include "base/hash.h"

namespace smile {

class PartitionBuckets;

class PartitionMemtableFactory final : public rocksdb::MemTableRepFactory {
 public:
  // How many partitions find their place without sharing it, about; a power of two. `hash` chooses
  // the places, so that a client cannot choose ids of partitions that share one.
  explicit PartitionMemtableFactory(size_t buckets, const SecretHash& hash = SecretHash());
  ~PartitionMemtableFactory() override;

  // Brings what putting in entries of these partitions will look at into the processor's caches:
  // for all of them at the same time, where putting in waits for one after the other. No more than
  // a hint: the newest memtable may be another by then. Any thread.
  void Prefetch(std::span<const ByteView> partitions) const;

  using rocksdb::MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator& comparator,
                                          rocksdb::Allocator* allocator,
                                          const rocksdb::SliceTransform* partition_of,
                                          rocksdb::Logger* logger) override;
  const char* Name() const override { return "smile.PartitionMemtable"; }

 private:
  const size_t buckets_;
  const SecretHash hash_;
  mutable std::mutex mutex_;
  std::shared_ptr<PartitionBuckets> newest_;  // of the memtable that was made last
};

}  // namespace smile
