// The format of content on the disk, in the folder content/ of the data directory. Integers are
// little-endian. storage/FORMAT.md describes the folder.
//
// Content, content/XX/YYY (XXYYY is its id in hexadecimal):
//
//   the bytes
//   for each chunk: its XXH3-64, 8 bytes
//   footer, kContentFooterBytes:
//     SHA-256 of the bytes, 32 | size, 8 | chunk size, 4 | version, 4 | XXH3-64 of these 48 bytes,
//     8
//
// An upload, two files in content/uploads/, named by its id in hexadecimal:
//
//   ID         the bytes that have arrived, at their offsets
//   ID.chunks  a header of kUploadHeaderBytes:
//                version, 4 | chunk size, 4 | size or kUnknownSize, 8 | XXH3-64 of these 16 bytes,
//                8
//              for each chunk that has arrived, at the place of its number, kUploadEntryBytes:
//                XXH3-64 of its bytes, 8 | its size, 4 (0 for one that has not) | 0, 4
//
// Neither file of an upload is synced before it is sealed. So an entry counts only if the bytes in
// the other file match it: what a crash lost is then found to be missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/sha256.h"
#include "storage/content_store.h"

namespace smile {

inline constexpr uint32_t kContentVersion = 1;
inline constexpr size_t kContentFooterBytes = 56;
inline constexpr size_t kContentSumBytes = 8;
inline constexpr size_t kUploadHeaderBytes = 24;
inline constexpr size_t kUploadEntryBytes = 16;
inline constexpr uint64_t kUnknownSize = ~uint64_t{0};

struct ContentFooter {
  Sha256Digest sha256;
  uint64_t size = 0;
  uint32_t chunk_bytes = 0;
};

struct UploadHeader {
  uint32_t chunk_bytes = 0;
  std::optional<uint64_t> size;
};

struct UploadEntry {
  uint64_t sum = 0;
  uint32_t size = 0;
};

Bytes EncodeContentFooter(const ContentFooter& footer);
// None: damaged, or of another version.
std::optional<ContentFooter> DecodeContentFooter(ByteView bytes);
Bytes EncodeUploadHeader(const UploadHeader& header);
std::optional<UploadHeader> DecodeUploadHeader(ByteView bytes);
Bytes EncodeUploadEntry(const UploadEntry& entry);
UploadEntry DecodeUploadEntry(ByteView bytes);

// Number of chunks of content of `size` bytes.
constexpr uint64_t ChunksOf(uint64_t size, uint32_t chunk_bytes) {
  return size / chunk_bytes + (size % chunk_bytes != 0 ? 1 : 0);
}
// Size of a chunk of content of `size` bytes. `chunk` < ChunksOf(size, chunk_bytes).
constexpr uint32_t ChunkSize(uint64_t chunk, uint64_t size, uint32_t chunk_bytes) {
  const uint64_t left = size - chunk * chunk_bytes;
  return left < chunk_bytes ? static_cast<uint32_t>(left) : chunk_bytes;
}

}  // namespace smile
