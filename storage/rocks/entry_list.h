// The entries of one partition in a memtable, in RocksDB's order: by user key, bytewise, and of the
// same user key the newest first. A linked list while it is short; from the entry kPlainEntries on
// a skip list, whose express lanes begin then (W. Pugh, "Skip lists: a probabilistic alternative to
// balanced trees", CACM 1990).
//
// One thread inserts at a time; any number read meanwhile, without a lock. Nothing is taken out.
// All memory belongs to the memtable and goes with it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/function_ref.h"

namespace smile {

// An internal key of RocksDB: the user key, then eight bytes little-endian that are larger for what
// is newer (sequence number and kind).
struct InternalKey {
  ByteView user_key;
  uint64_t tag;

  // `encoded` is an internal key as RocksDB hands it around.
  static InternalKey Of(ByteView encoded);
  // The key at the front of a memtable's entry, behind its length as a varint.
  static InternalKey OfEntry(const char* entry);

  // Whether it stands before `other`.
  bool Before(const InternalKey& other) const {
    const int order = user_key.compare(other.user_key);
    return order != 0 ? order < 0 : tag > other.tag;
  }
};

// In front of each entry's bytes. Its links to the next on higher lanes lie in front of it.
class EntryNode {
 public:
  static constexpr int kMaxHeight = 12;

  // What a node of this height needs in front of its entry.
  static constexpr size_t BytesBefore(int height) { return height * sizeof(std::atomic<void*>); }
  // Makes a node in front of `entry`, which is aligned for pointers and has BytesBefore(height) in
  // front of it.
  static EntryNode* Make(char* entry, int height);

  const char* entry() const { return reinterpret_cast<const char*>(this + 1); }
  const EntryNode* next() const { return next_.load(std::memory_order_acquire); }

 private:
  friend class EntryList;

  std::atomic<EntryNode*>& Lane(int lane) { return (&next_)[-lane]; }

  // Until the node is inserted: its height.
  std::atomic<EntryNode*> next_;
};

class EntryList {
 public:
  using Allocate = FunctionRef<void*(size_t bytes)>;  // aligned for pointers

  // `node` is not yet in a list, and no entry of the list has its key.
  void Insert(EntryNode* node, Allocate allocate);

  const EntryNode* First() const { return first_.load(std::memory_order_acquire); }
  // The first that does not stand before `key`; null: there is none.
  const EntryNode* Seek(const InternalKey& key) const;

 private:
  static constexpr uint32_t kPlainEntries = 16;

  // Heads of the lanes 1 and up.
  struct Lanes {
    std::array<std::atomic<EntryNode*>, EntryNode::kMaxHeight - 1> heads{};
  };
  using Link = std::atomic<EntryNode*>;

  static Link& LinkBehind(EntryNode* node, Link* head, int lane) {
    return node == nullptr ? *head : node->Lane(lane);
  }

  std::atomic<EntryNode*> first_{nullptr};
  std::atomic<Lanes*> lanes_{nullptr};
  uint32_t entries_ = 0;  // up to kPlainEntries; the inserting thread's
};

}  // namespace smile
