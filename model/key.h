// The key of a record: (table, partition, sort key). model/tables.h defines the bytes.
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

// kInvalid, with a message that names the part, unless the bytes fit the table.
Status ValidatePartition(const PartitionView& partition);
Status ValidateSort(Table table, ByteView sort);
Status ValidateKey(const KeyView& key);

// A bound of a scan: leading parts of a sort key, possibly none. A name may be cut anywhere, and
// integers may be ones that no record has.
Status ValidateSortBound(Table table, ByteView bound);

// The smallest byte string greater than all that start with `prefix`; empty if there is none.
Bytes PrefixEnd(ByteView prefix);

// Equal for equal partitions, spread evenly otherwise; for sharding and ordering.
uint64_t HashOf(const PartitionView& partition);

// Keys of the tables, from their integers and names.
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
