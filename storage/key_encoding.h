// Keys as they are stored: one byte string per record, in the column family of its table, so that
// bytewise order is the table's order and a partition is one contiguous range.
//
//   encoded key = encoded partition, encoded sort key
//
//  * A partition of fixed width is stored unchanged. One of variable length is escaped (0x00
//    becomes 0x00 0xff) and terminated by 0x00 0x01. The terminator sorts before every byte and
//    every escaped zero, so partitions keep their order and none is a prefix of another.
//  * A sort key is stored unchanged; its last part, a name, needs no terminator. In a table that is
//    newest first, all bytes of the sort key are complemented; its width is fixed there.
//
// Specified in storage/FORMAT.md; never changed without a new format.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/limits.h"
#include "model/key.h"
#include "model/tables.h"

namespace smile {

// The maximum size of an encoded key: a name of zeros as partition, its terminator, and a sort key.
inline constexpr size_t kMaxEncodedKeyBytes = 2 * limits::kMaxNameBytes + 2 + limits::kMaxNameBytes;

// An encoded key (or bound) without an allocation. The partition must be valid, and the sort key
// not longer than a valid one of the table (CHECK).
class EncodedKey {
 public:
  explicit EncodedKey(const KeyView& key);
  EncodedKey(const EncodedKey&) = delete;
  EncodedKey& operator=(const EncodedKey&) = delete;

  ByteView view() const { return {bytes_, size_}; }
  // The size of the encoded partition.
  size_t partition_size() const { return partition_size_; }

 private:
  size_t size_ = 0;
  size_t partition_size_ = 0;
  char bytes_[kMaxEncodedKeyBytes];
};

// Names a record of any table: the number of the table, then the encoded key.
Bytes KeyInTable(Table table, ByteView encoded);

// The encoded partition: the prefix of all its keys, and of no others.
Bytes EncodePartition(const PartitionView& partition);

// The range of a scan: encoded keys from `lower`, inclusive, to `upper`, exclusive. An empty
// `upper` is unbounded.
struct EncodedRange {
  Bytes lower;
  Bytes upper;

  bool empty() const { return !upper.empty() && lower >= upper; }
};

// A range of one partition, with the bounds of a ScanRequest: `from` inclusive, `to` exclusive,
// each empty or leading parts of a sort key; `after`, if not empty, a whole sort key that replaces
// `from`.
EncodedRange EncodeRange(const PartitionView& partition, ByteView from, ByteView to,
                         ByteView after);

// The smallest byte string after all keys of this partition; empty if there is none.
Bytes EncodedPartitionEnd(const PartitionView& partition);

// The size of the encoded partition at the start of an encoded key, of any bytes; 0 if they do not
// begin with a partition of the table.
size_t EncodedPartitionSize(Table table, ByteView encoded);

// Decoding, of any bytes. False, with unspecified output, if they are not a key of the table.
bool DecodePartition(Table table, ByteView encoded, Bytes* partition);
bool DecodeSort(Table table, ByteView encoded, Bytes* sort);

}  // namespace smile
