// The format of segments: files of the folder content/segments/, in which the contents that were
// put at once lie one after the other. Integers are little-endian. storage/FORMAT.md describes the
// folder.
//
// A segment is named by its number in 8 hexadecimal digits. It consists of blocks of
// kExtentBlockBytes. The first has its header, kSegmentHeaderBytes:
//
//   version, 4 | number, 4 | key, 16 | XXH3-64 of these 24 bytes, 8
//
// From the next block on follow extents. Each is one content and begins with a block:
//
//   header, kExtentHeaderBytes:
//     SHA-256 of the bytes, 32 | key of the segment, 16 | XXH3-64 of the bytes, 8 | their number, 4
//     | first block, 4 | tag, 4 | version, 4 | XXH3-64 of these 72 bytes, 8
//   the bytes
//
// A deleted extent is a hole in the file. The key is random, so that no content can contain what
// looks like an extent of its segment.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/sha256.h"
#include "storage/content_store.h"

namespace smile {

inline constexpr uint32_t kSegmentVersion = 1;
inline constexpr uint32_t kExtentBlockBytes = 4096;
inline constexpr size_t kSegmentHeaderBytes = 32;
inline constexpr size_t kExtentHeaderBytes = 80;

using SegmentKey = std::array<uint8_t, 16>;

// Where an extent is. Its ContentId says the same: four bytes 255, and in big-endian the segment in
// 4 bytes, the block in 3, the size in 3 and the tag in 2.
struct ExtentAddress {
  uint32_t segment = 0;
  uint32_t block = 0;  // the first; below 2^24
  uint32_t size = 0;   // of the bytes; below 2^24
  uint16_t tag = 0;    // random

  bool operator==(const ExtentAddress&) const = default;

  uint64_t offset() const { return uint64_t{block} * kExtentBlockBytes; }
  uint64_t offset_of_bytes() const { return offset() + kExtentHeaderBytes; }
  uint32_t blocks() const {
    return (static_cast<uint32_t>(kExtentHeaderBytes) + size + kExtentBlockBytes - 1) /
           kExtentBlockBytes;
  }
};

struct SegmentHeader {
  uint32_t number = 0;
  SegmentKey key{};
};

struct ExtentHeader {
  Sha256Digest sha256;
  SegmentKey key{};
  uint64_t checksum = 0;  // XXH3-64 of the bytes
  ExtentAddress address;
};

ContentId IdOf(const ExtentAddress& address);
// None: not the id of an extent.
std::optional<ExtentAddress> AddressOf(const ContentId& id);

Bytes EncodeSegmentHeader(const SegmentHeader& header);
// None: damaged, or of another version.
std::optional<SegmentHeader> DecodeSegmentHeader(ByteView bytes);
Bytes EncodeExtentHeader(const ExtentHeader& header);
// Of an extent in this segment. None: damaged, or there is none.
std::optional<ExtentHeader> DecodeExtentHeader(ByteView bytes, uint32_t segment);

std::string SegmentName(uint32_t number);
// None: not the name of a segment.
std::optional<uint32_t> SegmentNumber(const std::string& name);

}  // namespace smile
