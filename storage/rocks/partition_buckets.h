// The hash buckets of the partitions of a memtable.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "storage/rocks/entry_list.h"

namespace smile {

// One partition of a memtable. The bytes of its id follow it in memory, so that they are in the
// same cache line.
struct MemtablePartition {
  uint64_t hash;
  size_t id_size;
  MemtablePartition* next;               // in its bucket
  const MemtablePartition* made_before;  // the previous one of the memtable; null: it is the first
  uint64_t number;                       // in the order of creation, from 1
  EntryList list;

  char* id_bytes() { return reinterpret_cast<char*>(this + 1); }
  ByteView id() const { return {reinterpret_cast<const char*>(this + 1), id_size}; }
};

// May outlive the memtable, but the partitions do not.
class PartitionBuckets {
 public:
  using Bucket = std::atomic<MemtablePartition*>;
  static_assert(Bucket::is_always_lock_free);

  // `count` is a power of two (CHECK).
  PartitionBuckets(size_t count, const SecretHash& hash) : hash_(hash), buckets_(count) {
    CHECK(std::has_single_bit(count));
  }

  uint64_t HashOf(ByteView id) const { return hash_(id); }
  const Bucket& Of(uint64_t hash) const { return buckets_[hash & (buckets_.size() - 1)]; }
  Bucket& Of(uint64_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }

  const std::vector<Bucket>& all() const { return buckets_; }
  size_t bytes() const { return buckets_.size() * sizeof(Bucket); }

 private:
  const SecretHash hash_;
  std::vector<Bucket> buckets_;
};

}  // namespace smile
