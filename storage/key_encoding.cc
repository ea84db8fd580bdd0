#include "storage/key_encoding.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"

namespace smile {
namespace {

constexpr char kZero = '\x00';
constexpr char kEscapedZero = '\xff';
constexpr char kEnd = '\x01';

constexpr bool ComplementsFixedWidthOnly() {
  for (const TableInfo& info : kTables) {
    for (const Part& part : info.sort())
      if (info.newest_first && WidthOf(part.type) == 0) return false;
  }
  return true;
}
static_assert(ComplementsFixedWidthOnly(),
              "the complement of a name would sort a prefix after the names that begin with it");

constexpr size_t LongestSortBytes(const TableInfo& info) {
  size_t bytes = 0;
  for (const Part& part : info.sort()) {
    const size_t width = WidthOf(part.type);
    bytes += width == 0 ? limits::kMaxNameBytes : width;
  }
  return bytes;
}

constexpr size_t LongestKeyBytes(const TableInfo& info) {
  const size_t partition = WidthOf(info.partition.type);
  // Each byte of a name may be escaped.
  return (partition == 0 ? 2 * limits::kMaxNameBytes + 2 : partition) + LongestSortBytes(info);
}
static_assert(std::all_of(kTables.begin(), kTables.end(),
                          [](const TableInfo& info) {
                            return LongestKeyBytes(info) <= kMaxEncodedKeyBytes;
                          }),
              "every key fits");

// Indexed by the number of the table. Sort keys that are decoded from any bytes are not longer.
constexpr auto kLongestSortBytes = [] {
  std::array<size_t, kTables.size() + 1> longest{};
  for (const TableInfo& info : kTables) {
    longest[static_cast<size_t>(info.table)] =
        std::max(LongestSortBytes(info), limits::kMaxNameBytes);
  }
  return longest;
}();

static_assert(static_cast<unsigned char>(kEnd) < static_cast<unsigned char>(kEscapedZero),
              "a partition sorts before those that begin with it");

char* AppendPartition(char* to, const PartitionView& partition) {
  if (InfoOf(partition.table).partition.type != PartType::kName) {
    return std::copy(partition.id.begin(), partition.id.end(), to);
  }
  for (const char byte : partition.id) {
    *to++ = byte;
    if (byte == kZero) *to++ = kEscapedZero;
  }
  *to++ = kZero;
  *to++ = kEnd;
  return to;
}

char* AppendSort(char* to, Table table, ByteView sort) {
  if (!InfoOf(table).newest_first) return std::copy(sort.begin(), sort.end(), to);
  return std::transform(sort.begin(), sort.end(), to, [](char c) { return static_cast<char>(~c); });
}

}  // namespace

EncodedKey::EncodedKey(const KeyView& key) {
  const size_t width = WidthOf(InfoOf(key.table).partition.type);
  CHECK(width == 0 || key.partition.size() == width, "the partition is valid");
  CHECK(key.partition.size() <= limits::kMaxNameBytes);
  CHECK(key.sort.size() <= kLongestSortBytes[static_cast<size_t>(key.table)]);
  char* const sort = AppendPartition(bytes_, key.partition_view());
  char* const end = AppendSort(sort, key.table, key.sort);
  partition_size_ = static_cast<size_t>(sort - bytes_);
  size_ = static_cast<size_t>(end - bytes_);
  CHECK(partition_size_ > 0 && size_ <= kMaxEncodedKeyBytes);
}

Bytes KeyInTable(Table table, ByteView encoded) {
  Bytes key(1, static_cast<char>(table));
  key += encoded;
  return key;
}

Bytes EncodePartition(const PartitionView& partition) {
  return Bytes(EncodedKey({partition.table, partition.id, {}}).view());
}

Bytes EncodedPartitionEnd(const PartitionView& partition) {
  return PrefixEnd(EncodePartition(partition));
}

EncodedRange EncodeRange(const PartitionView& partition, ByteView from, ByteView to,
                         ByteView after) {
  const auto encode = [&partition](ByteView sort) {
    return Bytes(EncodedKey({partition.table, partition.id, sort}).view());
  };
  EncodedRange range;
  range.lower = encode(after.empty() ? from : after);
  if (!after.empty()) range.lower.push_back(kZero);  // the smallest key after it
  range.upper = to.empty() ? EncodedPartitionEnd(partition) : encode(to);
  CHECK(!to.empty() || range.upper.empty() || range.lower < range.upper,
        "a partition ends after all its keys");
  return range;
}

size_t EncodedPartitionSize(Table table, ByteView encoded) {
  const PartType type = InfoOf(table).partition.type;
  if (type != PartType::kName) return encoded.size() >= WidthOf(type) ? WidthOf(type) : 0;
  for (size_t i = 0; i + 1 < encoded.size(); ++i) {
    if (encoded[i] != kZero) continue;
    if (encoded[i + 1] == kEnd) return i + 2;
    if (encoded[i + 1] != kEscapedZero) return 0;
    ++i;
  }
  return 0;
}

bool DecodePartition(Table table, ByteView encoded, Bytes* partition) {
  const size_t size = EncodedPartitionSize(table, encoded);
  if (size == 0) return false;
  partition->clear();
  CHECK(size <= encoded.size());
  if (InfoOf(table).partition.type != PartType::kName) {
    partition->assign(encoded.substr(0, size));
    return true;
  }
  CHECK(size >= 2, "a name has a terminator");
  for (size_t i = 0; i < size - 2; ++i) {
    partition->push_back(encoded[i]);
    if (encoded[i] == kZero) ++i;  // skip the second byte of an escaped zero
  }
  return ValidatePartition({table, *partition}).ok();
}

bool DecodeSort(Table table, ByteView encoded, Bytes* sort) {
  const size_t size = EncodedPartitionSize(table, encoded);
  if (size == 0) return false;
  const ByteView stored = encoded.substr(size);
  if (stored.size() > kLongestSortBytes[static_cast<size_t>(table)]) return false;
  sort->resize(stored.size());
  (void)AppendSort(sort->data(), table, stored);  // the complement is its own reverse
  return true;
}

}  // namespace smile
