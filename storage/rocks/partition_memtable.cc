#include "storage/rocks/partition_memtable.h"

#include <rocksdb/slice_transform.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/prefetch.h"
#include "storage/rocks/entry_list.h"
#include "storage/rocks/memtable_order.h"
#include "storage/rocks/partition_buckets.h"
#include "storage/rocks/slices.h"
#include "storage/rocks/sorted_entries.h"

namespace smile {

namespace {

using rocksdb::Slice;

// A memtable without a table, to use what RocksDB's base class implements.
class BaseOnly : public rocksdb::MemTableRep {
 public:
  using MemTableRep::MemTableRep;

  void Insert(rocksdb::KeyHandle) final { CHECK(false); }
  bool Contains(const char*) const final { CHECK(false); }
  size_t ApproximateMemoryUsage() final { return 0; }
  Iterator* GetIterator(rocksdb::Arena*) final { CHECK(false); }
};

// RocksDB does not export the class of its allocators, but a memtable forwards requests to one.
class Memory final : public BaseOnly {
 public:
  explicit Memory(rocksdb::Allocator* allocator) : BaseOnly(allocator) {}

  // Aligned for pointers; freed with the allocator.
  char* Take(size_t bytes) {
    constexpr size_t kAlign = alignof(std::atomic<void*>);
    char* start = nullptr;
    MemTableRep::Allocate(bytes + kAlign - 1, &start);
    static_assert(std::has_single_bit(kAlign));
    CHECK(start != nullptr);
    return start + (-reinterpret_cast<uintptr_t>(start) & (kAlign - 1));
  }
};

// With an arena, the iterator is allocated in it, and only its destructor is called.
template <class T, class... Arguments>
T* NewIn(rocksdb::Arena* arena, Arguments&&... arguments) {
  if (arena == nullptr) return new T(std::forward<Arguments>(arguments)...);
  // An arena is, first of all, an allocator.
  Memory memory(reinterpret_cast<rocksdb::Allocator*>(arena));
  return new (memory.Take(sizeof(T))) T(std::forward<Arguments>(arguments)...);
}

class PartitionMemtable final : public rocksdb::MemTableRep {
 public:
  PartitionMemtable(rocksdb::Allocator* allocator, const rocksdb::SliceTransform* partition_of,
                    std::shared_ptr<PartitionBuckets> buckets)
      : MemTableRep(allocator),
        memory_(allocator),
        partition_of_(partition_of),
        buckets_(std::move(buckets)),
        random_(buckets_->HashOf({}) | 1) {}

  rocksdb::KeyHandle Allocate(size_t size, char** buffer) override;
  void Insert(rocksdb::KeyHandle handle) override;
  bool Contains(const char* entry) const override;
  void Get(const rocksdb::LookupKey& key, void* argument,
           bool (*callback)(void* argument, const char* entry)) override;
  size_t ApproximateMemoryUsage() override { return buckets_->bytes(); }
  Iterator* GetIterator(rocksdb::Arena* arena) override;
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;

  // Null: the partition of this key has no entries.
  const EntryList* Find(ByteView user_key) const;
  SortedEntries Sorted() const;
  // The order of all partitions that have entries now.
  std::shared_ptr<const MemtableOrder> Order() const;

 private:
  using Partition = MemtablePartition;

  ByteView PartitionOf(ByteView user_key) const;
  static Partition* FindIn(Partition* bucket, uint64_t hash, ByteView id);
  int DrawHeight();

  Memory memory_;
  const rocksdb::SliceTransform* const partition_of_;
  const std::shared_ptr<PartitionBuckets> buckets_;
  std::atomic<size_t> entries_{0};
  std::atomic<const MemtablePartition*> newest_{nullptr};
  mutable MemtableOrderKeeper order_;
  // Used by the inserting thread. Starts with a secret: a client that could predict the heights
  // could keep all high nodes out of a list, which would then have no express lanes.
  uint64_t random_;
};

// Walks through one partition, that of the key of the last Seek.
class PartitionIterator : public rocksdb::MemTableRep::Iterator {
 public:
  explicit PartitionIterator(const PartitionMemtable* memtable) : memtable_(memtable) {}

  bool Valid() const override { return node_ != nullptr; }
  const char* key() const override {
    CHECK(node_ != nullptr);
    return node_->entry();
  }
  void Next() override {
    CHECK(node_ != nullptr);
    node_ = node_->next();
  }
  void Seek(const Slice& internal_key, const char* /*entry*/) override {
    const InternalKey key = InternalKey::Of(ViewOf(internal_key));
    const EntryList* const list = memtable_->Find(key.user_key);
    node_ = list == nullptr ? nullptr : list->Seek(key);
  }

  // Smile only walks forward from a key.
  void Prev() override { node_ = nullptr; }
  void SeekForPrev(const Slice&, const char*) override { node_ = nullptr; }
  void SeekToFirst() override { node_ = nullptr; }
  void SeekToLast() override { node_ = nullptr; }

 private:
  const PartitionMemtable* const memtable_;
  const EntryNode* node_ = nullptr;
};

// Walks over everything, in order. A walk that starts with Seek is one of many over parts of the
// table (LIST): it shares the order of the partitions with others. Any other is a single walk over
// the whole table (flush): it collects the entries that exist when it starts.
class SortedIterator final : public rocksdb::MemTableRep::Iterator {
 public:
  explicit SortedIterator(const PartitionMemtable* memtable) : memtable_(memtable) {}

  bool Valid() const override { return walks_ ? walk_->node() != nullptr : at_ < sorted_.size(); }
  const char* key() const override {
    CHECK(Valid());
    return walks_ ? walk_->node()->entry() : sorted_[at_];
  }
  void Next() override {
    CHECK(Valid());
    if (walks_) return walk_->Next();
    ++at_;
    sorted_.PrefetchBehind(at_);
  }
  void Prev() override {
    if (walks_) {
      const InternalKey here = InternalKey::OfEntry(key());
      Sort();
      at_ = sorted_.LowerBound(here);
    }
    --at_;  // before the first, it becomes invalid
  }
  void Seek(const Slice& internal_key, const char* /*entry*/) override {
    walks_ = true;
    if (!walk_.has_value()) walk_.emplace(memtable_->Order());
    walk_->Seek(InternalKey::Of(ViewOf(internal_key)));
  }
  void SeekForPrev(const Slice& internal_key, const char* /*entry*/) override {
    Sort();
    const InternalKey wanted = InternalKey::Of(ViewOf(internal_key));
    at_ = sorted_.LowerBound(wanted);
    if (!Valid() || wanted.Before(InternalKey::OfEntry(key()))) --at_;
  }
  void SeekToFirst() override {
    Sort();
    at_ = 0;
  }
  void SeekToLast() override {
    Sort();
    at_ = sorted_.size() - 1;
  }

 private:
  void Sort() {
    walks_ = false;
    if (std::exchange(is_sorted_, true)) return;
    sorted_ = memtable_->Sorted();
  }

  const PartitionMemtable* const memtable_;
  bool walks_ = false;
  std::optional<OrderedWalk> walk_;
  bool is_sorted_ = false;
  SortedEntries sorted_;
  size_t at_ = 0;
};

// RocksDB does not export the class of the keys that are passed to Get, but MemTableRep::Get
// unpacks one for an iterator, which it requests and, depending on the release, deletes or not:
// this one supports both.
class PointLookup final : public BaseOnly {
 public:
  explicit PointLookup(const PartitionMemtable* memtable)
      : BaseOnly(nullptr), iterator_(new (memory_) Lent(memtable)) {}

  Iterator* GetDynamicPrefixIterator(rocksdb::Arena*) override { return iterator_; }

 private:
  class Lent final : public PartitionIterator {
   public:
    using PartitionIterator::PartitionIterator;
    static void* operator new(size_t, void* memory) { return memory; }
    static void operator delete(void*) {}
  };

  alignas(Lent) char memory_[sizeof(Lent)];
  Iterator* const iterator_;
};

// --- PartitionMemtable ---------------------------------------------------------------------------

rocksdb::KeyHandle PartitionMemtable::Allocate(size_t size, char** buffer) {
  const int height = DrawHeight();
  const size_t before = EntryNode::BytesBefore(height);
  *buffer = memory_.Take(before + size) + before;
  return EntryNode::Make(*buffer, height);
}

// One node in four is also in the next higher lane.
int PartitionMemtable::DrawHeight() {
  random_ ^= random_ << 13;  // Marsaglia, "Xorshift RNGs", 2003
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const int zeros = std::countr_zero(random_ | uint64_t{1} << 63);
  return std::min(1 + zeros / 2, EntryNode::kMaxHeight);
}

ByteView PartitionMemtable::PartitionOf(ByteView user_key) const {
  const Slice key(user_key.data(), user_key.size());
  return partition_of_->InDomain(key) ? ViewOf(partition_of_->Transform(key)) : user_key;
}

PartitionMemtable::Partition* PartitionMemtable::FindIn(Partition* bucket, uint64_t hash,
                                                        ByteView id) {
  while (bucket != nullptr && (bucket->hash != hash || bucket->id() != id)) bucket = bucket->next;
  return bucket;
}

void PartitionMemtable::Insert(rocksdb::KeyHandle handle) {
  CHECK(handle != nullptr);
  auto* const node = static_cast<EntryNode*>(handle);
  const ByteView id = PartitionOf(InternalKey::OfEntry(node->entry()).user_key);
  const uint64_t hash = buckets_->HashOf(id);
  PartitionBuckets::Bucket& bucket = buckets_->Of(hash);
  Partition* const first = bucket.load(std::memory_order_relaxed);
  Partition* partition = FindIn(first, hash, id);
  const bool is_new = partition == nullptr;
  if (is_new) {
    char* const memory = memory_.Take(sizeof(Partition) + id.size());
    const Partition* const before = newest_.load(std::memory_order_relaxed);
    const uint64_t number = before == nullptr ? 1 : before->number + 1;
    partition = new (memory) Partition{hash, id.size(), first, before, number, {}};
    id.copy(partition->id_bytes(), id.size());
  }
  partition->list.Insert(node, [this](size_t bytes) { return memory_.Take(bytes); });
  if (is_new) {
    bucket.store(partition, std::memory_order_release);
    newest_.store(partition, std::memory_order_release);
  }
  entries_.fetch_add(1, std::memory_order_relaxed);
}

const EntryList* PartitionMemtable::Find(ByteView user_key) const {
  const ByteView id = PartitionOf(user_key);
  const uint64_t hash = buckets_->HashOf(id);
  const Partition* const found =
      FindIn(std::as_const(*buckets_).Of(hash).load(std::memory_order_acquire), hash, id);
  return found == nullptr ? nullptr : &found->list;
}

bool PartitionMemtable::Contains(const char* entry) const {
  const InternalKey key = InternalKey::OfEntry(entry);
  const EntryList* const list = Find(key.user_key);
  const EntryNode* const node = list == nullptr ? nullptr : list->Seek(key);
  return node != nullptr && !key.Before(InternalKey::OfEntry(node->entry()));
}

void PartitionMemtable::Get(const rocksdb::LookupKey& key, void* argument,
                            bool (*callback)(void* argument, const char* entry)) {
  PointLookup lookup(this);
  lookup.MemTableRep::Get(key, argument, callback);
}

SortedEntries PartitionMemtable::Sorted() const {
  std::vector<const Partition*> partitions;
  for (const PartitionBuckets::Bucket& bucket : buckets_->all()) {
    for (const Partition* partition = bucket.load(std::memory_order_acquire); partition != nullptr;
         partition = partition->next) {
      partitions.push_back(partition);
    }
  }
  return {partitions, entries_.load(std::memory_order_relaxed)};
}

std::shared_ptr<const MemtableOrder> PartitionMemtable::Order() const {
  return order_.UpTo(newest_.load(std::memory_order_acquire));
}

rocksdb::MemTableRep::Iterator* PartitionMemtable::GetIterator(rocksdb::Arena* arena) {
  return NewIn<SortedIterator>(arena, this);
}

rocksdb::MemTableRep::Iterator* PartitionMemtable::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
  return NewIn<PartitionIterator>(arena, this);
}

}  // namespace

PartitionMemtableFactory::PartitionMemtableFactory(size_t buckets, const SecretHash& hash)
    : buckets_(buckets), hash_(hash) {
  CHECK(std::has_single_bit(buckets));
}

PartitionMemtableFactory::~PartitionMemtableFactory() = default;

rocksdb::MemTableRep* PartitionMemtableFactory::CreateMemTableRep(
    const rocksdb::MemTableRep::KeyComparator& /*comparator*/, rocksdb::Allocator* allocator,
    const rocksdb::SliceTransform* partition_of, rocksdb::Logger* /*logger*/) {
  CHECK(partition_of != nullptr, "a column family with this memtable has a prefix extractor");
  auto buckets = std::make_shared<PartitionBuckets>(buckets_, hash_);
  {
    const std::lock_guard lock(mutex_);
    newest_ = buckets;
  }
  return new PartitionMemtable(allocator, partition_of, std::move(buckets));
}

// The memory that a bucket points to is prefetched but not accessed: it may have been freed.
void PartitionMemtableFactory::Prefetch(std::span<const ByteView> partitions) const {
  std::shared_ptr<const PartitionBuckets> buckets;
  {
    const std::lock_guard lock(mutex_);
    buckets = newest_;
  }
  if (buckets == nullptr) return;
  constexpr size_t kAtOnce = 16;
  const PartitionBuckets::Bucket* places[kAtOnce];
  for (size_t begin = 0; begin < partitions.size(); begin += kAtOnce) {
    const size_t count = std::min(kAtOnce, partitions.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      places[i] = &buckets->Of(buckets->HashOf(partitions[begin + i]));
      PrefetchLine(places[i]);
    }
    for (size_t i = 0; i < count; ++i) {
      PrefetchLine(places[i]->load(std::memory_order_relaxed));
    }
  }
}

}  // namespace smile
