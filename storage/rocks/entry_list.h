// The entries of one partition in a memtable, in RocksDB's order: by user key, bytewise, and for
// the same user key the newest first. A linked list while it is short; a skip list from the entry
// kPlainEntries on, when it gets express lanes (W. Pugh, "Skip lists: a probabilistic alternative
// to balanced trees", CACM 1990).
//
// One thread inserts at a time; any number of threads read meanwhile, without a lock. Nothing is
// removed. All memory belongs to the memtable and is freed with it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/function_ref.h"

namespace smile {

// An internal key of RocksDB: the user key, then eight bytes, little-endian: sequence number and
// kind, larger for newer entries.
struct InternalKey {
  ByteView user_key;
  uint64_t tag;

  // `encoded` is an internal key of RocksDB, at least eight bytes (CHECK).
  static InternalKey Of(ByteView encoded);
  // The key at the beginning of a memtable entry, after its length as a varint.
  static InternalKey OfEntry(const char* entry);

  // Whether it sorts before `other`.
  bool Before(const InternalKey& other) const {
    const int order = user_key.compare(other.user_key);
    return order != 0 ? order < 0 : tag > other.tag;
  }
};

// Precedes the bytes of each entry. Its links to the next nodes in higher lanes precede it.
class EntryNode {
 public:
  static constexpr int kMaxHeight = 12;

  // The bytes that a node of this height needs before its entry.
  static constexpr size_t BytesBefore(int height) { return height * sizeof(std::atomic<void*>); }
  // Creates a node before `entry`, which is aligned for pointers and preceded by
  // BytesBefore(height) bytes. `height` is from 1 to kMaxHeight (CHECK).
  static EntryNode* Make(char* entry, int height);

  const char* entry() const { return reinterpret_cast<const char*>(this + 1); }
  const EntryNode* next() const { return next_.load(std::memory_order_acquire); }

 private:
  friend class EntryList;

  std::atomic<EntryNode*>& Lane(int lane) { return (&next_)[-lane]; }

  // Until the node is inserted, its height.
  std::atomic<EntryNode*> next_;
  static_assert(std::atomic<EntryNode*>::is_always_lock_free);
};
static_assert(sizeof(EntryNode) == EntryNode::BytesBefore(1), "the links of a node are an array");

class EntryList {
 public:
  using Allocate = FunctionRef<void*(size_t bytes)>;  // aligned for pointers

  // `node` is not in a list (CHECK), and no entry of the list has its key.
  void Insert(EntryNode* node, Allocate allocate);

  const EntryNode* First() const { return first_.load(std::memory_order_acquire); }
  // The first node that is not before `key`; null: there is none.
  const EntryNode* Seek(const InternalKey& key) const;

 private:
  static constexpr uint32_t kPlainEntries = 16;

  // The heads of lanes 1 and above.
  struct Lanes {
    std::array<std::atomic<EntryNode*>, EntryNode::kMaxHeight - 1> heads{};
  };
  using Link = std::atomic<EntryNode*>;

  static Link& LinkBehind(EntryNode* node, Link* head, int lane) {
    return node == nullptr ? *head : node->Lane(lane);
  }

  std::atomic<EntryNode*> first_{nullptr};
  std::atomic<Lanes*> lanes_{nullptr};
  uint32_t entries_ = 0;  // at most kPlainEntries; used by the inserting thread
};

}  // namespace smile
