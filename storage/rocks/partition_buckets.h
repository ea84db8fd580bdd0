// Where the partitions of a memtable are found: buckets of a hash with a secret.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "storage/rocks/entry_list.h"

namespace smile {

// One partition of a memtable. The bytes of its id lie behind it: nearer than in an entry.
struct MemtablePartition {
  uint64_t hash;
  size_t id_size;
  MemtablePartition* next;               // in its bucket
  const MemtablePartition* made_before;  // null: it is the memtable's first
  uint64_t number;                       // of those made, from 1
  EntryList list;

  char* id_bytes() { return reinterpret_cast<char*>(this + 1); }
  ByteView id() const { return {reinterpret_cast<const char*>(this + 1), id_size}; }
};

// May be looked at when the memtable is gone, but what it points to then is gone too.
class PartitionBuckets {
 public:
  using Bucket = std::atomic<MemtablePartition*>;

  // `count` is a power of two.
  PartitionBuckets(size_t count, const SecretHash& hash) : hash_(hash), buckets_(count) {}

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
