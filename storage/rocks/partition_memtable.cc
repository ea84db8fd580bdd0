#include "storage/rocks/partition_memtable.h"

#include <rocksdb/slice_transform.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "storage/rocks/entry_list.h"

namespace smile {

// One partition of a memtable. The bytes of its id lie behind it: nearer than in an entry.
struct MemtablePartition {
  uint64_t hash;
  size_t id_size;
  MemtablePartition* next;  // in its bucket
  EntryList list;

  char* id_bytes() { return reinterpret_cast<char*>(this + 1); }
  ByteView id() const { return {reinterpret_cast<const char*>(this + 1), id_size}; }
};

// Where the partitions of a memtable are found. It may be looked at when the memtable is gone, but
// what it points to then is gone too.
class PartitionBuckets {
 public:
  using Bucket = std::atomic<MemtablePartition*>;

  explicit PartitionBuckets(size_t count) : buckets_(count) {}

  size_t bytes() const { return buckets_.size() * sizeof(Bucket); }
  const std::vector<Bucket>& all() const { return buckets_; }
  const Bucket& Of(uint64_t hash) const { return buckets_[hash & (buckets_.size() - 1)]; }
  Bucket& Of(uint64_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }

 private:
  std::vector<Bucket> buckets_;
};

namespace {

using rocksdb::Slice;

ByteView ViewOf(const Slice& slice) {
  return {slice.data(), slice.size()};
}

// RocksDB does not show the class of its allocators, but a memtable passes requests on to one.
class Memory final : public rocksdb::MemTableRep {
 public:
  explicit Memory(rocksdb::Allocator* allocator) : MemTableRep(allocator) {}

  // Aligned for pointers; goes with the allocator.
  char* Take(size_t bytes) {
    constexpr size_t kAlign = alignof(std::atomic<void*>);
    char* start = nullptr;
    MemTableRep::Allocate(bytes + kAlign - 1, &start);
    return start + (-reinterpret_cast<uintptr_t>(start) & (kAlign - 1));
  }

  void Insert(rocksdb::KeyHandle) override { CHECK(false); }
  bool Contains(const char*) const override { CHECK(false); }
  size_t ApproximateMemoryUsage() override { return 0; }
  Iterator* GetIterator(rocksdb::Arena*) override { CHECK(false); }
};

// An iterator with an arena lives in it, and only its destructor is called.
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
        buckets_(std::move(buckets)) {}

  rocksdb::KeyHandle Allocate(size_t size, char** buffer) override;
  void Insert(rocksdb::KeyHandle handle) override;
  bool Contains(const char* entry) const override;
  void Get(const rocksdb::LookupKey& key, void* argument,
           bool (*callback)(void* argument, const char* entry)) override;
  size_t ApproximateMemoryUsage() override { return buckets_->bytes(); }
  Iterator* GetIterator(rocksdb::Arena* arena) override;
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;

  // Null: there is nothing in this key's partition.
  const EntryList* Find(ByteView user_key) const;
  // All entries, in no order.
  std::vector<const char*> Entries() const;

 private:
  using Partition = MemtablePartition;

  ByteView PartitionOf(ByteView user_key) const;
  static Partition* FindIn(Partition* bucket, uint64_t hash, ByteView id);
  int DrawHeight();

  Memory memory_;
  const rocksdb::SliceTransform* const partition_of_;
  const std::shared_ptr<PartitionBuckets> buckets_;
  std::atomic<size_t> entries_{0};
  uint64_t random_ = 1;  // the inserting thread's
};

// Walks through one partition: that of the key it last sought.
class PartitionIterator final : public rocksdb::MemTableRep::Iterator {
 public:
  explicit PartitionIterator(const PartitionMemtable* memtable) : memtable_(memtable) {}

  bool Valid() const override { return node_ != nullptr; }
  const char* key() const override { return node_->entry(); }
  void Next() override { node_ = node_->next(); }
  void Seek(const Slice& internal_key, const char* /*entry*/) override {
    const InternalKey key = InternalKey::Of(ViewOf(internal_key));
    const EntryList* const list = memtable_->Find(key.user_key);
    node_ = list == nullptr ? nullptr : list->Seek(key);
  }

  // Smile walks forward, from a key.
  void Prev() override { node_ = nullptr; }
  void SeekForPrev(const Slice&, const char*) override { node_ = nullptr; }
  void SeekToFirst() override { node_ = nullptr; }
  void SeekToLast() override { node_ = nullptr; }

 private:
  const PartitionMemtable* const memtable_;
  const EntryNode* node_ = nullptr;
};

// Walks over everything that was there when it was first used, in order.
class SortedIterator final : public rocksdb::MemTableRep::Iterator {
 public:
  explicit SortedIterator(const PartitionMemtable* memtable) : memtable_(memtable) {}

  bool Valid() const override { return at_ < sorted_.size(); }
  const char* key() const override { return sorted_[at_].entry; }
  void Next() override {
    ++at_;
    if (at_ + kAhead < sorted_.size()) Prefetch(sorted_[at_ + kAhead].entry);
  }
  void Prev() override { --at_; }  // to nowhere before the first
  void Seek(const Slice& internal_key, const char* /*entry*/) override {
    Sort();
    at_ = LowerBound(ViewOf(internal_key));
  }
  void SeekForPrev(const Slice& internal_key, const char* /*entry*/) override {
    Sort();
    at_ = LowerBound(ViewOf(internal_key));
    const InternalKey wanted = InternalKey::Of(ViewOf(internal_key));
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
  struct Item {
    uint64_t begin;  // of the user key, as a number that sorts as it does
    const char* entry;

    bool operator<(const Item& other) const {
      if (begin != other.begin) return begin < other.begin;
      return InternalKey::OfEntry(entry).Before(InternalKey::OfEntry(other.entry));
    }
  };

  void Sort() {
    if (is_sorted_) return;
    is_sorted_ = true;
    const std::vector<const char*> entries = memtable_->Entries();
    sorted_.reserve(entries.size());
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i + kAhead < entries.size()) Prefetch(entries[i + kAhead]);
      const ByteView key = InternalKey::OfEntry(entries[i]).user_key;
      char begin[sizeof(uint64_t)] = {};
      key.copy(begin, sizeof(begin));
      sorted_.push_back({LoadBig<uint64_t>(begin), entries[i]});
    }
    std::sort(sorted_.begin(), sorted_.end());
    at_ = sorted_.size();
  }

  size_t LowerBound(ByteView internal_key) const {
    const InternalKey wanted = InternalKey::Of(internal_key);
    const auto found = std::partition_point(sorted_.begin(), sorted_.end(), [&](const Item& item) {
      return InternalKey::OfEntry(item.entry).Before(wanted);
    });
    return static_cast<size_t>(found - sorted_.begin());
  }

  // In order they lie anywhere in memory: each is fetched while others before it are worked on.
  static constexpr size_t kAhead = 8;
  static void Prefetch(const char* entry) {
    __builtin_prefetch(entry);
    __builtin_prefetch(entry + 64);
    __builtin_prefetch(entry + 128);
  }

  const PartitionMemtable* const memtable_;
  bool is_sorted_ = false;
  std::vector<Item> sorted_;
  size_t at_ = 0;
};

// RocksDB does not show the class of the keys that Get is given, but MemTableRep::Get opens one for
// an iterator, which it asks for and, by release, deletes or forgets: this one bears both.
class PointLookup final : public rocksdb::MemTableRep {
 public:
  explicit PointLookup(const PartitionMemtable* memtable)
      : MemTableRep(nullptr), iterator_(new (memory_) Lent(memtable)) {}

  Iterator* GetDynamicPrefixIterator(rocksdb::Arena*) override { return iterator_; }

  void Insert(rocksdb::KeyHandle) override { CHECK(false); }
  bool Contains(const char*) const override { CHECK(false); }
  size_t ApproximateMemoryUsage() override { return 0; }
  Iterator* GetIterator(rocksdb::Arena*) override { CHECK(false); }

 private:
  class Lent final : public Iterator {
   public:
    explicit Lent(const PartitionMemtable* memtable) : iterator_(memtable) {}
    static void* operator new(size_t, void* memory) { return memory; }
    static void operator delete(void*) {}

    bool Valid() const override { return iterator_.Valid(); }
    const char* key() const override { return iterator_.key(); }
    void Next() override { iterator_.Next(); }
    void Prev() override { iterator_.Prev(); }
    void Seek(const Slice& key, const char* entry) override { iterator_.Seek(key, entry); }
    void SeekForPrev(const Slice& key, const char* entry) override {
      iterator_.SeekForPrev(key, entry);
    }
    void SeekToFirst() override { iterator_.SeekToFirst(); }
    void SeekToLast() override { iterator_.SeekToLast(); }

   private:
    PartitionIterator iterator_;
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

// One in four is on the next higher lane too.
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
  auto* const node = static_cast<EntryNode*>(handle);
  const ByteView id = PartitionOf(InternalKey::OfEntry(node->entry()).user_key);
  const uint64_t hash = Hash64(id);
  PartitionBuckets::Bucket& bucket = buckets_->Of(hash);
  Partition* const first = bucket.load(std::memory_order_relaxed);
  Partition* partition = FindIn(first, hash, id);
  const bool is_new = partition == nullptr;
  if (is_new) {
    char* const memory = memory_.Take(sizeof(Partition) + id.size());
    partition = new (memory) Partition{hash, id.size(), first, {}};
    id.copy(partition->id_bytes(), id.size());
  }
  partition->list.Insert(node, [this](size_t bytes) { return memory_.Take(bytes); });
  if (is_new) bucket.store(partition, std::memory_order_release);
  entries_.fetch_add(1, std::memory_order_relaxed);
}

const EntryList* PartitionMemtable::Find(ByteView user_key) const {
  const ByteView id = PartitionOf(user_key);
  const uint64_t hash = Hash64(id);
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

std::vector<const char*> PartitionMemtable::Entries() const {
  std::vector<const char*> entries;
  entries.reserve(entries_.load(std::memory_order_relaxed));
  for (const PartitionBuckets::Bucket& bucket : buckets_->all()) {
    for (const Partition* partition = bucket.load(std::memory_order_acquire); partition != nullptr;
         partition = partition->next) {
      for (const EntryNode* node = partition->list.First(); node != nullptr; node = node->next()) {
        entries.push_back(node->entry());
      }
    }
  }
  return entries;
}

rocksdb::MemTableRep::Iterator* PartitionMemtable::GetIterator(rocksdb::Arena* arena) {
  return NewIn<SortedIterator>(arena, this);
}

rocksdb::MemTableRep::Iterator* PartitionMemtable::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
  return NewIn<PartitionIterator>(arena, this);
}

}  // namespace

PartitionMemtableFactory::PartitionMemtableFactory(size_t buckets) : buckets_(buckets) {
  CHECK(std::has_single_bit(buckets));
}

PartitionMemtableFactory::~PartitionMemtableFactory() = default;

rocksdb::MemTableRep* PartitionMemtableFactory::CreateMemTableRep(
    const rocksdb::MemTableRep::KeyComparator& /*comparator*/, rocksdb::Allocator* allocator,
    const rocksdb::SliceTransform* partition_of, rocksdb::Logger* /*logger*/) {
  CHECK(partition_of != nullptr, "a table with this memtable has a prefix extractor");
  auto buckets = std::make_shared<PartitionBuckets>(buckets_);
  {
    const std::lock_guard lock(mutex_);
    newest_ = buckets;
  }
  return new PartitionMemtable(allocator, partition_of, std::move(buckets));
}

// What a bucket points to is fetched and not looked into: it may be gone.
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
      places[i] = &buckets->Of(Hash64(partitions[begin + i]));
      __builtin_prefetch(places[i]);
    }
    for (size_t i = 0; i < count; ++i) {
      __builtin_prefetch(places[i]->load(std::memory_order_relaxed));
    }
  }
}

}  // namespace smile
