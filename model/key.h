// The key of a record: (table, partition, sort key). model/tables.h defines the bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "model/tables.h"

namespace smile {

// Names a partition. Borrows the bytes of its id.
struct PartitionView {
  Table table = Table::kUsers;  // the table
  ByteView id = {};             // the first part of the key, encoded: see PartitionOf

  bool operator==(const PartitionView&) const = default;
};

// The key of a record. Borrows the bytes of its parts.
struct KeyView {
  Table table = Table::kUsers;  // the table
  ByteView partition = {};      // the id of the partition
  ByteView sort = {};           // the sort key; empty in `logins`

  // The partition of the record; borrows as this object does.
  PartitionView partition_view() const { return {table, partition}; }
  bool operator==(const KeyView&) const = default;
};

// The key of a record. Owns its bytes. Any bytes may be in it; the server rejects a request whose
// key does not fit its table.
struct Key {
  Table table = Table::kUsers;  // the table
  Bytes partition;              // the id of the partition
  Bytes sort;                   // the sort key; empty in `logins`

  Key() = default;
  // Copies the bytes.
  Key(Table in_table, ByteView in_partition, ByteView in_sort)
      : table(in_table), partition(in_partition), sort(in_sort) {}
  // Copies the bytes.
  explicit Key(const KeyView& view) : Key(view.table, view.partition, view.sort) {}

  // Borrows from this object.
  KeyView view() const { return {table, partition, sort}; }
  // A Key can be passed wherever a KeyView is taken. The view must not outlive it.
  operator KeyView() const { return view(); }  // NOLINT(google-explicit-constructor)
  auto operator<=>(const Key&) const = default;
};

// kInvalid, with a message that names the part, unless the id fits the table.
Status ValidatePartition(const PartitionView& partition);
// Likewise for a complete sort key.
Status ValidateSort(Table table, ByteView sort);
// Likewise for both.
Status ValidateKey(const KeyView& key);

// Likewise for a bound of a scan: leading parts of a sort key, possibly none. A name may be cut
// anywhere, and integers may be ones that no record has.
Status ValidateSortBound(Table table, ByteView bound);

// The smallest byte string greater than all that start with `prefix`; empty if there is none.
Bytes PrefixEnd(ByteView prefix);

// Equal for equal partitions, spread evenly otherwise; for sharding and ordering.
uint64_t HashOf(const PartitionView& partition);

// The partition id of a user, author or owner: the integer in 8 bytes, big-endian.
Bytes PartitionOf(uint64_t id);

// A record of a user, such as `profile`; the name has 1 to 255 bytes.
Key UserKey(uint64_t user, ByteView record_name);
// A login of 1 to 255 bytes.
Key LoginKey(ByteView login);
// A post; PostIds makes ids.
Key PostKey(uint64_t author, uint64_t post);
// The manifest of a photo or video; PostIds makes ids.
Key MediaKey(uint64_t owner, uint64_t media);
// A part of a blob, whose id has 16 bytes.
Key BlobKey(ByteView blob_id, BlobPart part, uint32_t number);

// The parts of a sort key in `links`.
struct LinkSort {
  LinkKind kind = LinkKind::kFriend;  // may be one without a name
  LinkView view = LinkView::kHead;    // what the others are
  uint64_t first = 0;                 // the other user, or the complemented time
  uint64_t second = 0;                // the other user

  bool operator==(const LinkSort&) const = default;
};
// The bytes of a sort key.
Bytes Encode(const LinkSort& sort);
// A record of the links of `user`.
Key LinkKey(uint64_t user, const LinkSort& sort);
// The link of `user` to `other`.
Key LinkKey(uint64_t user, LinkKind kind, uint64_t other);

// The parts of a sort key in `blobs`.
struct BlobSort {
  BlobPart part = BlobPart::kChunk;  // what the record is
  uint32_t number = 0;               // of the chunk or reference

  bool operator==(const BlobSort&) const = default;
};

// The integer of a partition id in `users`, `posts`, `links` or `media`, as the entries of a list
// have it. Empty unless it has 8 bytes.
std::optional<uint64_t> DecodePartition(ByteView id);
// The post id of a sort key in `posts`. Empty unless it has 8 bytes.
std::optional<uint64_t> DecodePostSort(ByteView sort);
// The media id of a sort key in `media`. Empty unless it has 8 bytes.
std::optional<uint64_t> DecodeMediaSort(ByteView sort);
// The parts of a sort key in `links`. Empty unless it has 18 bytes.
std::optional<LinkSort> DecodeLinkSort(ByteView sort);
// The parts of a sort key in `blobs`. Empty unless it has 5 bytes.
std::optional<BlobSort> DecodeBlobSort(ByteView sort);

}  // namespace smile
