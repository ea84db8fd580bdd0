// A memtable for RocksDB that fits Smile's access pattern: a write goes to one record of one
// partition, a read looks up one record or walks through one partition, and only a flush (and LIST)
// needs everything in order.
//
// It is a hash table of partitions, each an ordered list of its entries. A list that grows long
// becomes a skip list (W. Pugh, "Skip lists: a probabilistic alternative to balanced trees", CACM
// 1990): from then on it has express lanes. A flush collects all entries and sorts them
// (storage/rocks/sorted_entries.h); walks over parts of the table share an order of its partitions
// (storage/rocks/memtable_order.h).
//
// Compared with RocksDB's own memtables (figures in
// docs/decisions/0009-a-memtable-of-partitions.md): the skip list accesses about twenty entries
// that are not in the processor's cache per insert; the hash lists are sorted through a skip list
// when they are flushed.
//
// One thread inserts at a time (allow_concurrent_memtable_write must be off); any number of threads
// read at the same time without a lock: an entry is complete before a pointer to it is published,
// never changes, and lives as long as the memtable. Keys are ordered bytewise, so the comparator of
// the column family must be bytewise. The prefix extractor of the column family, which is required,
// defines the partition of a key.
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
  // The number of hash buckets, a power of two (CHECK). `hash` selects the bucket, so that a client
  // cannot choose partition ids that share one.
  explicit PartitionMemtableFactory(size_t buckets, const SecretHash& hash = SecretHash());
  ~PartitionMemtableFactory() override;

  // Prefetches the memory that inserts into these partitions will access: for all of them at the
  // same time, whereas inserts would wait for one after the other. Only a hint: there may be a
  // newer memtable by then. Any thread.
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
  std::shared_ptr<PartitionBuckets> newest_;  // of the memtable that was created last
};

}  // namespace smile
