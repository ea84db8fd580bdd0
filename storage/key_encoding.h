// Keys as they stand on disk: one byte string a record, in a column family of its table's own, so
// that bytewise order is the table's order and a partition is one contiguous range.
//
//   encoded key = encoded partition, encoded sort key
//
//  * A partition of fixed width stands as it is. One of variable length is escaped (0x00 becomes
//    0x00 0xff) and ended by 0x00 0x01. The end sorts below every byte and every escaped zero, so
//    partitions keep their order and none is a prefix of another.
//  * A sort key stands as it is, and its last part, a name, needs no end. In a table that is newest
//    first all its bytes are complemented; they have a fixed width there.
//
// Written down in storage/FORMAT.md; never changed without a new format.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/limits.h"
#include "model/key.h"
#include "model/tables.h"

namespace smile {

// Bytes that no encoded key exceeds: a name of zeros as partition, its end, and a sort key.
inline constexpr size_t kMaxEncodedKeyBytes = 2 * limits::kMaxNameBytes + 2 + limits::kMaxNameBytes;

// An encoded key (or bound) without an allocation. The parts have to be within the model's limits
// (CHECK).
class EncodedKey {
 public:
  explicit EncodedKey(const KeyView& key);
  EncodedKey(const EncodedKey&) = delete;
  EncodedKey& operator=(const EncodedKey&) = delete;

  ByteView view() const { return {bytes_, size_}; }
  // How much of it is the partition.
  size_t partition_size() const { return partition_size_; }

 private:
  size_t size_ = 0;
  size_t partition_size_ = 0;
  char bytes_[kMaxEncodedKeyBytes];
};

// The partition alone: the prefix of all its keys, and of no others.
Bytes EncodePartition(const PartitionView& partition);

// What a scan walks over: encoded keys from `lower` to below `upper`; an empty `upper` is no bound.
struct EncodedRange {
  Bytes lower;
  Bytes upper;

  bool empty() const { return !upper.empty() && lower >= upper; }
};

// The range of one partition between bounds as those of a ScanRequest: `from` inclusive, `to`
// exclusive, each empty or some leading parts of a sort key; `after`, if not empty, a whole sort
// key that replaces `from`.
EncodedRange EncodeRange(const PartitionView& partition, ByteView from, ByteView to,
                         ByteView after);

// The smallest encoded key above all of this partition's; empty: there is none.
Bytes EncodedPartitionEnd(const PartitionView& partition);

// How many leading bytes of an encoded key are its partition; 0 if it is no key of the table.
size_t EncodedPartitionSize(Table table, ByteView encoded);

// The reverse of encoding. False, and unspecified parts, for bytes that are no key of the table.
bool DecodePartition(Table table, ByteView encoded, Bytes* partition);
bool DecodeSort(Table table, ByteView encoded, Bytes* sort);

}  // namespace smile
