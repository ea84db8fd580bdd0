#include "storage/content/content_format.h"

#include <cstring>

#include "base/check.h"
#include "base/coding.h"
#include "storage/content/header_checksum.h"

namespace smile {
namespace {

bool ChunkSizeIsValid(uint32_t chunk_bytes) {
  return chunk_bytes >= limits::kMinChunkBytes && chunk_bytes <= limits::kMaxChunkBytes;
}

}  // namespace

Bytes EncodeContentFooter(const ContentFooter& footer) {
  Bytes bytes(reinterpret_cast<const char*>(footer.sha256.bytes.data()),
              footer.sha256.bytes.size());
  AppendLittle(&bytes, footer.size);
  AppendLittle(&bytes, footer.chunk_bytes);
  AppendLittle(&bytes, kContentVersion);
  AppendChecksum(&bytes);
  CHECK(bytes.size() == kContentFooterBytes);
  return bytes;
}

std::optional<ContentFooter> DecodeContentFooter(ByteView bytes) {
  if (bytes.size() != kContentFooterBytes || !RemoveChecksum(&bytes)) return std::nullopt;
  ContentFooter footer;
  std::memcpy(footer.sha256.bytes.data(), bytes.data(), footer.sha256.bytes.size());
  bytes.remove_prefix(footer.sha256.bytes.size());
  uint32_t version = 0;
  ByteReader reader(bytes);
  const bool whole = reader.ReadLittle(&footer.size) && reader.ReadLittle(&footer.chunk_bytes) &&
                     reader.ReadLittle(&version) && reader.empty();
  if (!whole || version != kContentVersion || !ChunkSizeIsValid(footer.chunk_bytes) ||
      footer.size > limits::kMaxContentBytes) {
    return std::nullopt;
  }
  return footer;
}

Bytes EncodeUploadHeader(const UploadHeader& header) {
  Bytes bytes;
  AppendLittle(&bytes, kContentVersion);
  AppendLittle(&bytes, header.chunk_bytes);
  AppendLittle(&bytes, header.size.value_or(kUnknownSize));
  AppendChecksum(&bytes);
  CHECK(bytes.size() == kUploadHeaderBytes);
  return bytes;
}

std::optional<UploadHeader> DecodeUploadHeader(ByteView bytes) {
  if (bytes.size() != kUploadHeaderBytes || !RemoveChecksum(&bytes)) return std::nullopt;
  UploadHeader header;
  uint32_t version = 0;
  uint64_t size = 0;
  ByteReader reader(bytes);
  const bool whole = reader.ReadLittle(&version) && reader.ReadLittle(&header.chunk_bytes) &&
                     reader.ReadLittle(&size) && reader.empty();
  if (!whole || version != kContentVersion || !ChunkSizeIsValid(header.chunk_bytes)) {
    return std::nullopt;
  }
  if (size != kUnknownSize) header.size = size;
  return header;
}

Bytes EncodeUploadEntry(const UploadEntry& entry) {
  Bytes bytes;
  AppendLittle(&bytes, entry.sum);
  AppendLittle(&bytes, uint64_t{entry.size});
  CHECK(bytes.size() == kUploadEntryBytes);
  return bytes;
}

UploadEntry DecodeUploadEntry(ByteView bytes) {
  CHECK(bytes.size() == kUploadEntryBytes);
  return {.sum = LoadLittle<uint64_t>(bytes.data()),
          .size = LoadLittle<uint32_t>(bytes.data() + sizeof(uint64_t))};
}

}  // namespace smile
