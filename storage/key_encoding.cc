#include "storage/key_encoding.h"

#include <algorithm>
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

constexpr bool PartsFitInAName() {
  for (const TableInfo& info : kTables) {
    size_t width = 0;
    for (const Part& part : info.sort()) width += WidthOf(part.type);
    const bool has_name = !info.sort().empty() && WidthOf(info.sort().back().type) == 0;
    if (has_name && width > 0) return false;
    if (width > limits::kMaxNameBytes || WidthOf(info.partition.type) > limits::kMaxNameBytes) {
      return false;
    }
  }
  return true;
}
static_assert(PartsFitInAName(), "kMaxEncodedKeyBytes is the size of the longest key");
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
  CHECK(key.partition.size() <= limits::kMaxNameBytes && key.sort.size() <= limits::kMaxNameBytes);
  char* const sort = AppendPartition(bytes_, key.partition_view());
  char* const end = AppendSort(sort, key.table, key.sort);
  partition_size_ = static_cast<size_t>(sort - bytes_);
  size_ = static_cast<size_t>(end - bytes_);
  CHECK(partition_size_ > 0 && size_ <= kMaxEncodedKeyBytes);
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
  if (stored.size() > limits::kMaxNameBytes) return false;
  sort->resize(stored.size());
  (void)AppendSort(sort->data(), table, stored);  // the complement is its own reverse
  return true;
}

}  // namespace smile
