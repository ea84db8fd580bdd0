#include "model/key.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/result.h"

namespace smile {
namespace {

// The functions below that encode and decode keys are written for these parts.
constexpr bool HasParts(Table table, PartType partition, std::initializer_list<PartType> sort) {
  const TableInfo& info = InfoOf(table);
  return info.partition.type == partition &&
         std::equal(sort.begin(), sort.end(), info.sort().begin(), info.sort().end(),
                    [](PartType type, const Part& part) { return part.type == type; });
}
static_assert(HasParts(Table::kUsers, PartType::kU64, {PartType::kName}));
static_assert(HasParts(Table::kLogins, PartType::kName, {}));
static_assert(HasParts(Table::kPosts, PartType::kU64, {PartType::kU64}));
static_assert(HasParts(Table::kLinks, PartType::kU64,
                       {PartType::kU8, PartType::kU8, PartType::kU64, PartType::kU64}));
static_assert(HasParts(Table::kMedia, PartType::kU64, {PartType::kU64}));
static_assert(HasParts(Table::kBlobs, PartType::kBytes16, {PartType::kU8, PartType::kU32}));
static_assert(sizeof(uint64_t) == WidthOf(PartType::kU64));
static_assert(sizeof(uint32_t) == WidthOf(PartType::kU32));
static_assert(sizeof(LinkKind) == WidthOf(PartType::kU8) && sizeof(BlobPart) == sizeof(LinkKind));

const TableInfo& KnownTable(Table table) {
  CHECK(FindTable(static_cast<uint8_t>(table)) != nullptr, "the decoder rejects unknown tables");
  return InfoOf(table);
}

// Removes one part from the front of `bytes`.
Status TakePart(const TableInfo& table, const Part& part, ByteReader* bytes) {
  ByteView taken;
  if (part.type == PartType::kName) {
    const size_t size = bytes->remaining();
    if (size == 0 || size > limits::kMaxNameBytes) {
      return {Code::kInvalid,
              fmt::format("the {} of a key in {} has {} bytes; it must have 1 to {}", part.name,
                          table.name, size, limits::kMaxNameBytes)};
    }
    (void)bytes->ReadBytes(size, &taken);
    return {};
  }
  if (!bytes->ReadBytes(WidthOf(part.type), &taken)) {
    return {Code::kInvalid,
            fmt::format("the {} of a key in {} has {} bytes; it must have {}", part.name,
                        table.name, bytes->remaining(), WidthOf(part.type))};
  }
  return {};
}

// For a part of a complete sort key.
Status CheckNamed(const TableInfo& table, const Part& part, uint8_t number) {
  if (!part.only_named) return {};
  std::string known;
  for (const NumberName& name : part.number_names) {
    if (name.number == number) return {};
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", name.number, name.name);
  }
  return {Code::kInvalid, fmt::format("the {} of a key in {} is {}; it must be one of {}",
                                      part.name, table.name, number, known)};
}

Status NothingLeft(const TableInfo& table, const ByteReader& bytes) {
  if (bytes.empty()) return {};
  return {Code::kInvalid,
          fmt::format("a key in {} has {} bytes too many", table.name, bytes.remaining())};
}

}  // namespace

Status ValidatePartition(const PartitionView& partition) {
  const TableInfo& table = KnownTable(partition.table);
  ByteReader bytes(partition.id);
  if (Status status = TakePart(table, table.partition, &bytes); !status.ok()) return status;
  return NothingLeft(table, bytes);
}

Status ValidateSort(Table table_id, ByteView sort) {
  const TableInfo& table = KnownTable(table_id);
  ByteReader bytes(sort);
  for (const Part& part : table.sort()) {
    const ByteView rest = bytes.rest();
    SMILE_TRY(TakePart(table, part, &bytes));
    SMILE_TRY(CheckNamed(table, part, static_cast<uint8_t>(rest.empty() ? '\0' : rest[0])));
  }
  return NothingLeft(table, bytes);
}

Status ValidateKey(const KeyView& key) {
  if (Status status = ValidatePartition(key.partition_view()); !status.ok()) return status;
  return ValidateSort(key.table, key.sort);
}

Status ValidateSortBound(Table table_id, ByteView bound) {
  const TableInfo& table = KnownTable(table_id);
  ByteReader bytes(bound);
  for (const Part& part : table.sort()) {
    if (bytes.empty()) return {};
    if (Status status = TakePart(table, part, &bytes); !status.ok()) return status;
  }
  return NothingLeft(table, bytes);
}

Bytes PrefixEnd(ByteView prefix) {
  Bytes end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  CHECK(end.empty() || end > prefix, "greater than the prefix");
  return end;
}

uint64_t HashOf(const PartitionView& partition) {
  // An odd constant (the golden ratio) separates the partitions of one user in different tables.
  return Hash64(partition.id) + static_cast<uint64_t>(partition.table) * 0x9e3779b97f4a7c15ULL;
}

Bytes PartitionOf(uint64_t id) {
  Bytes bytes;
  AppendBig(&bytes, id);
  return bytes;
}

Key UserKey(uint64_t user, ByteView record_name) {
  return {Table::kUsers, PartitionOf(user), record_name};
}
Key LoginKey(ByteView login) {
  return {Table::kLogins, login, {}};
}
Key PostKey(uint64_t author, uint64_t post) {
  return {Table::kPosts, PartitionOf(author), PartitionOf(post)};
}
Key LinkKey(uint64_t user, LinkKind kind, uint64_t other) {
  return LinkKey(user, LinkSort{kind, LinkView::kMember, other, 0});
}
Key LinkKey(uint64_t user, const LinkSort& sort) {
  return {Table::kLinks, PartitionOf(user), Encode(sort)};
}
Bytes Encode(const LinkSort& sort) {
  Bytes bytes;
  bytes.push_back(static_cast<char>(sort.kind));
  bytes.push_back(static_cast<char>(sort.view));
  AppendBig(&bytes, sort.first);
  AppendBig(&bytes, sort.second);
  return bytes;
}
Key MediaKey(uint64_t owner, uint64_t media) {
  return {Table::kMedia, PartitionOf(owner), PartitionOf(media)};
}
Key BlobKey(ByteView blob_id, BlobPart part, uint32_t number) {
  Bytes sort(1, static_cast<char>(part));
  AppendBig(&sort, number);
  return {Table::kBlobs, blob_id, sort};
}

std::optional<uint64_t> DecodePartition(ByteView id) {
  if (id.size() != sizeof(uint64_t)) return std::nullopt;
  return LoadBig<uint64_t>(id.data());
}
std::optional<uint64_t> DecodePostSort(ByteView sort) {
  return DecodePartition(sort);
}
std::optional<uint64_t> DecodeMediaSort(ByteView sort) {
  return DecodePartition(sort);
}
std::optional<LinkSort> DecodeLinkSort(ByteView sort) {
  if (sort.size() != 2 + 2 * sizeof(uint64_t)) return std::nullopt;
  return LinkSort{.kind = LinkKind{static_cast<uint8_t>(sort[0])},
                  .view = LinkView{static_cast<uint8_t>(sort[1])},
                  .first = LoadBig<uint64_t>(sort.data() + 2),
                  .second = LoadBig<uint64_t>(sort.data() + 2 + sizeof(uint64_t))};
}
std::optional<BlobSort> DecodeBlobSort(ByteView sort) {
  if (sort.size() != 1 + sizeof(uint32_t)) return std::nullopt;
  return BlobSort{BlobPart{static_cast<uint8_t>(sort[0])}, LoadBig<uint32_t>(sort.data() + 1)};
}

}  // namespace smile
