// The blocks of RocksDB's table files, as far as it takes to read a file without its index: a file
// begins with its data blocks, one after the other, and each has a checksum.
//
// True of block-based tables with format_version 5 and XXH3 checksums, which rocks_options leaves
// at RocksDB's defaults, compressed with LZ4, ZSTD or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/function_ref.h"

namespace smile {

inline constexpr size_t kBlockTrailerBytes = 5;  // compression, checksum
inline constexpr size_t kFooterBytes = 53;
inline constexpr size_t kSequenceBytes = 8;  // of an internal key, after the record's key

// A block, without its trailer.
struct BlockPlace {
  uint64_t offset = 0;
  uint64_t size = 0;
  friend auto operator<=>(const BlockPlace&, const BlockPlace&) = default;
};

// The content of a block that is not compressed, with its trailer.
Bytes SealBlock(Bytes content);
// One without entries, of any size from 4 bytes on.
Bytes EmptyBlock(uint64_t size);
// Entries in the order of their keys.
Bytes MakeBlock(const std::vector<std::pair<Bytes, Bytes>>& entries);
Bytes EncodePlace(const BlockPlace& place);

// What stands at `place`, uncompressed, if its checksum is right.
std::optional<Bytes> ReadBlock(ByteView file, const BlockPlace& place, ByteView dictionary);

// Whether a data block may begin there. One in some hundred places where none begins looks as if.
bool MayBeginDataBlock(ByteView bytes);
// The size of the block that `bytes` begin with: the first for which the checksum is right.
std::optional<size_t> FindBlockSize(ByteView bytes);

// Of a block that is not compressed. False: it has not the form of one.
bool ForEachEntry(ByteView block, FunctionRef<void(ByteView key, ByteView value)> visit);

// Internal keys: a record's key, then 8 bytes, of which the larger number comes first.
int CompareInternal(ByteView a, ByteView b);
ByteView UserKey(ByteView internal);

struct Footer {
  BlockPlace metaindex;
  BlockPlace index;
};
Bytes EncodeFooter(const Footer& footer);
std::optional<Footer> ReadFooter(ByteView file);

}  // namespace smile
