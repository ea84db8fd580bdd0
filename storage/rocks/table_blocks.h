// The block format of RocksDB's table files, as far as is needed to read a file without its index:
// a file begins with its data blocks, one after the other, each with a checksum.
//
// For block-based tables with format_version 5 and XXH3 checksums (RocksDB's defaults, which
// rocks_options does not change), compressed with LZ4, ZSTD or not at all. Input may be any bytes.
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

// Appends the trailer to the content of an uncompressed block.
Bytes SealBlock(Bytes content);
// A block without entries, of `size` bytes without its trailer, at least 4 (CHECK).
Bytes EmptyBlock(uint64_t size);
// The content of a block with these entries, in the order of their keys.
Bytes MakeBlock(const std::vector<std::pair<Bytes, Bytes>>& entries);
Bytes EncodePlace(const BlockPlace& place);

// The uncompressed block at `place`; nothing if its checksum does not match.
std::optional<Bytes> ReadBlock(ByteView file, const BlockPlace& place, ByteView dictionary);

// Whether a data block may begin here. False positives are about one in some hundred.
bool MayBeginDataBlock(ByteView bytes);
// The size of the block at the beginning of `bytes`: the smallest for which the checksum matches.
std::optional<size_t> FindBlockSize(ByteView bytes);

// For an uncompressed block. False: its format is invalid.
bool ForEachEntry(ByteView block, FunctionRef<void(ByteView key, ByteView value)> visit);

// Internal keys, of at least kSequenceBytes (CHECK): the key of a record, then 8 bytes, of which
// the larger number sorts first.
int CompareInternal(ByteView a, ByteView b);
ByteView UserKey(ByteView internal);

struct Footer {
  BlockPlace metaindex;
  BlockPlace index;
};
Bytes EncodeFooter(const Footer& footer);
std::optional<Footer> ReadFooter(ByteView file);

}  // namespace smile
