// Where a record lives: (table, partition, sort). See model/tables.h for what the bytes are.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "model/tables.h"

namespace smile {

struct PartitionView {
  Table table = Table::kUsers;
  ByteView id = {};

  bool operator==(const PartitionView&) const = default;
};

// Borrows the bytes of its parts.
struct KeyView {
  Table table = Table::kUsers;
  ByteView partition = {};
  ByteView sort = {};

  PartitionView partition_view() const { return {table, partition}; }
  bool operator==(const KeyView&) const = default;
};

struct Key {
  Table table = Table::kUsers;
  Bytes partition;
  Bytes sort;

  Key() = default;
  Key(Table in_table, ByteView in_partition, ByteView in_sort)
      : table(in_table), partition(in_partition), sort(in_sort) {}
  explicit Key(const KeyView& view) : Key(view.table, view.partition, view.sort) {}

  KeyView view() const { return {table, partition, sort}; }
  // A Key can be passed wherever a KeyView is taken. The view must not outlive it.
  operator KeyView() const { return view(); }  // NOLINT(google-explicit-constructor)
  auto operator<=>(const Key&) const = default;
};

// Each answers kInvalid, in words that name the part, unless the bytes fit the table.
Status ValidatePartition(const PartitionView& partition);
Status ValidateSort(Table table, ByteView sort);
Status ValidateKey(const KeyView& key);

// A bound of a scan: a whole number of leading parts of a sort key, possibly none. A name may be
// cut anywhere, and numbers may be such as no record has.
Status ValidateSortBound(Table table, ByteView bound);

// The smallest byte string above all that begin with `prefix`; empty if there is none (then a scan
// is not bounded).
Bytes PrefixEnd(ByteView prefix);

// The same for equal partitions, spread evenly otherwise: for sharding and for ordering lanes.
uint64_t HashOf(const PartitionView& partition);

// Keys of the model's tables, from the numbers and names they are made of.
Bytes PartitionOf(uint64_t id);
Key UserKey(uint64_t user, ByteView record_name);
Key LoginKey(ByteView login);
Key PostKey(uint64_t author, uint64_t post);
Key LinkKey(uint64_t user, LinkKind kind, uint64_t other);
Key MediaKey(uint64_t owner, uint64_t media);
Key BlobKey(ByteView blob_id, BlobPart part, uint32_t number);

// The numbers that a partition id or a sort key is made of, as in the entries of a scan or list.
// Each is empty unless the bytes have the length that such a key has.
struct LinkSort {
  LinkKind kind = LinkKind::kFriend;
  uint64_t other = 0;

  bool operator==(const LinkSort&) const = default;
};
struct BlobSort {
  BlobPart part = BlobPart::kChunk;
  uint32_t number = 0;

  bool operator==(const BlobSort&) const = default;
};
std::optional<uint64_t> DecodePartition(ByteView id);  // of users, posts, links and media
std::optional<uint64_t> DecodePostSort(ByteView sort);
std::optional<uint64_t> DecodeMediaSort(ByteView sort);
std::optional<LinkSort> DecodeLinkSort(ByteView sort);
std::optional<BlobSort> DecodeBlobSort(ByteView sort);

}  // namespace smile
