#include "storage/rocks/table_blocks.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "base/limits.h"

namespace smile {
namespace {

enum Compression : char { kNone = 0, kLz4 = 4, kZstd = 7 };

constexpr uint64_t kMagic = 0x88e241b785f4cff7;
constexpr uint32_t kFormatVersion = 5;
constexpr char kXxh3 = 4;
constexpr size_t kHandleBytes = 40;               // of a footer
constexpr char kNoEntry = '\xff';                 // in a bucket of a hash index
constexpr size_t kMaxHashedBlockBytes = 1 << 16;  // larger blocks have no hash index
constexpr uint32_t kHasHashIndex = 1u << 31;      // in the number of restart points
constexpr ByteView kZstdBegin = "\x28\xb5\x2f\xfd";

uint32_t Checksum(uint64_t hash_of_content, char compression) {
  return static_cast<uint32_t>(hash_of_content) ^
         (static_cast<uint8_t>(compression) * uint32_t{0x6b9083d9});
}

bool IsCompression(char byte) {
  return byte == kNone || byte == kLz4 || byte == kZstd;
}

// Compressed content begins with its uncompressed size.
std::optional<Bytes> Uncompress(ByteView content, char compression, ByteView dictionary) {
  if (compression == kNone) return Bytes(content);
  ByteReader reader(content);
  uint64_t size = 0;
  if (!reader.ReadVarint(&size) || size > limits::kMaxBlockSearchBytes) return std::nullopt;
  Bytes plain(size, '\0');
  const ByteView packed = reader.rest();
  if (compression == kLz4) {
    const int written = LZ4_decompress_safe_usingDict(
        packed.data(), plain.data(), static_cast<int>(packed.size()), static_cast<int>(size),
        dictionary.data(), static_cast<int>(dictionary.size()));
    if (written < 0 || static_cast<uint64_t>(written) != size) return std::nullopt;
    return plain;
  }
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  const size_t written =
      ZSTD_decompress_usingDict(context.get(), plain.data(), plain.size(), packed.data(),
                                packed.size(), dictionary.data(), dictionary.size());
  if (ZSTD_isError(written) != 0 || written != size) return std::nullopt;
  return plain;
}

// The offset at which the entries end.
std::optional<size_t> EndOfEntries(ByteView block) {
  if (block.size() < sizeof(uint32_t)) return std::nullopt;
  size_t end = block.size() - sizeof(uint32_t);
  const auto packed = LoadLittle<uint32_t>(block.data() + end);
  if ((packed & kHasHashIndex) != 0) {
    if (end < sizeof(uint16_t)) return std::nullopt;
    end -= sizeof(uint16_t);
    const auto buckets = LoadLittle<uint16_t>(block.data() + end);
    if (buckets > end) return std::nullopt;
    end -= buckets;
  }
  const uint64_t restarts = uint64_t{packed & ~kHasHashIndex} * sizeof(uint32_t);
  if (restarts > end) return std::nullopt;
  return end - restarts;
}

}  // namespace

Bytes SealBlock(Bytes content) {
  const uint32_t checksum = Checksum(Hash64(content), kNone);
  content.push_back(kNone);
  AppendLittle(&content, checksum);
  return content;
}

// Restart points, which are zeros and take the place of the entries, and their number.
// RocksDB 7.8.3 must find at least one: without, a Get uses a hash index that it has not set. Where
// they do not fill the block, a hash index does, with a byte for each bucket; a block of over 64
// KiB has none, and has no restart points then.
Bytes EmptyBlock(uint64_t size) {
  CHECK(size >= sizeof(uint32_t));
  Bytes block(size, '\0');
  uint32_t packed = static_cast<uint32_t>(size / sizeof(uint32_t)) - 1;
  if (size % sizeof(uint32_t) != 0) {
    constexpr size_t kLeast = sizeof(uint32_t) + 1 + sizeof(uint16_t) + sizeof(uint32_t);
    if (size < kLeast || size > kMaxHashedBlockBytes) return SealBlock(std::move(block));
    const size_t buckets = 1 + (size - kLeast) % sizeof(uint32_t);
    const size_t number = size - sizeof(uint32_t) - sizeof(uint16_t);
    std::fill_n(block.begin() + static_cast<std::ptrdiff_t>(number - buckets), buckets, kNoEntry);
    StoreLittle(block.data() + number, static_cast<uint16_t>(buckets));
    packed = static_cast<uint32_t>((number - buckets) / sizeof(uint32_t)) | kHasHashIndex;
  }
  StoreLittle(block.data() + size - sizeof(uint32_t), packed);
  return SealBlock(std::move(block));
}

// Each entry is a restart point, so it contains its whole key.
Bytes MakeBlock(const std::vector<std::pair<Bytes, Bytes>>& entries) {
  Bytes block;
  Bytes restarts;
  for (const auto& [key, value] : entries) {
    AppendLittle(&restarts, static_cast<uint32_t>(block.size()));
    AppendVarint(&block, 0);  // nothing in common with the key before it
    AppendVarint(&block, key.size());
    AppendVarint(&block, value.size());
    block += key;
    block += value;
  }
  CHECK(block.size() <= UINT32_MAX && entries.size() < kHasHashIndex);
  block += restarts;
  AppendLittle(&block, static_cast<uint32_t>(entries.size()));
  return block;
}

Bytes EncodePlace(const BlockPlace& place) {
  Bytes encoded;
  AppendVarint(&encoded, place.offset);
  AppendVarint(&encoded, place.size);
  return encoded;
}

std::optional<Bytes> ReadBlock(ByteView file, const BlockPlace& place, ByteView dictionary) {
  if (place.offset > file.size() || file.size() - place.offset < kBlockTrailerBytes ||
      place.size > file.size() - place.offset - kBlockTrailerBytes) {
    return std::nullopt;
  }
  const ByteView content = file.substr(place.offset, place.size);
  const char* const trailer = content.data() + content.size();
  if (LoadLittle<uint32_t>(trailer + 1) != Checksum(Hash64(content), *trailer)) {
    return std::nullopt;
  }
  return IsCompression(*trailer) ? Uncompress(content, *trailer, dictionary) : std::nullopt;
}

// The first entry shares no bytes with an entry before it, and its key is not empty: in plain text;
// as the first literals of LZ4, which has nothing to refer to yet; or in a ZSTD frame.
bool MayBeginDataBlock(ByteView bytes) {
  if (bytes.size() < 16) return false;
  if (bytes[0] == 0) return static_cast<uint8_t>(bytes[1]) > kSequenceBytes;
  ByteReader reader(bytes);
  uint64_t size = 0;
  if (!reader.ReadVarint(&size) || size < 16 || size > limits::kMaxBlockSearchBytes) return false;
  if (reader.rest().starts_with(kZstdBegin)) return true;
  constexpr uint8_t kMoreLiterals = 15;
  const auto literals = static_cast<uint8_t>(static_cast<uint8_t>(reader.rest()[0]) >> 4);
  ByteView rest = reader.rest().substr(1);
  if (literals == 0) return false;
  if (literals == kMoreLiterals) {
    rest.remove_prefix(std::min(rest.find_first_not_of('\xff'), rest.size() - 1) + 1);
  }
  return rest.starts_with('\0');
}

std::optional<size_t> FindBlockSize(ByteView bytes) {
  StreamHash hash;
  size_t hashed = 0;
  const size_t max_size = std::min(bytes.size(), limits::kMaxBlockSearchBytes);
  for (size_t size = sizeof(uint32_t); size + kBlockTrailerBytes <= max_size; ++size) {
    if (!IsCompression(bytes[size])) continue;
    hash.Update(bytes.substr(hashed, size - hashed));
    hashed = size;
    const auto stored = LoadLittle<uint32_t>(bytes.data() + size + 1);
    if (stored == Checksum(hash.Digest(), bytes[size])) return size;
  }
  return std::nullopt;
}

bool ForEachEntry(ByteView block, FunctionRef<void(ByteView, ByteView)> visit) {
  const std::optional<size_t> end = EndOfEntries(block);
  if (!end.has_value()) return false;
  ByteReader reader(block.substr(0, *end));
  Bytes key;
  while (!reader.empty()) {
    uint64_t shared = 0;
    uint64_t added = 0;
    uint64_t value_size = 0;
    ByteView more;
    ByteView value;
    const bool whole = reader.ReadVarint(&shared) && reader.ReadVarint(&added) &&
                       reader.ReadVarint(&value_size) && shared <= key.size() &&
                       reader.ReadBytes(added, &more) && reader.ReadBytes(value_size, &value);
    if (!whole) return false;
    key.resize(shared);
    key += more;
    visit(key, value);
  }
  return true;
}

ByteView UserKey(ByteView internal) {
  CHECK(internal.size() >= kSequenceBytes);
  return internal.substr(0, internal.size() - kSequenceBytes);
}

int CompareInternal(ByteView a, ByteView b) {
  const int users = UserKey(a).compare(UserKey(b));
  if (users != 0) return users;
  const auto number = [](ByteView key) {
    return LoadLittle<uint64_t>(key.data() + key.size() - kSequenceBytes);
  };
  const uint64_t of_a = number(a);
  const uint64_t of_b = number(b);
  if (of_a == of_b) return 0;
  return of_a > of_b ? -1 : 1;
}

Bytes EncodeFooter(const Footer& footer) {
  Bytes places = EncodePlace(footer.metaindex) + EncodePlace(footer.index);
  places.resize(kHandleBytes, '\0');
  Bytes encoded(1, kXxh3);
  encoded += places;
  AppendLittle(&encoded, kFormatVersion);
  AppendLittle(&encoded, kMagic);
  CHECK(encoded.size() == kFooterBytes);
  return encoded;
}

std::optional<Footer> ReadFooter(ByteView file) {
  if (file.size() < kFooterBytes) return std::nullopt;
  const ByteView footer = file.substr(file.size() - kFooterBytes);
  if (LoadLittle<uint64_t>(footer.data() + footer.size() - sizeof(uint64_t)) != kMagic) {
    return std::nullopt;
  }
  ByteReader reader(footer.substr(1, kHandleBytes));
  Footer read;
  if (!reader.ReadVarint(&read.metaindex.offset) || !reader.ReadVarint(&read.metaindex.size) ||
      !reader.ReadVarint(&read.index.offset) || !reader.ReadVarint(&read.index.size)) {
    return std::nullopt;
  }
  return read;
}

}  // namespace smile
