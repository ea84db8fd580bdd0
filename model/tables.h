// The tables of Smile and the parts of their keys. Everything about keys (text form, validation,
// key encoding, column families, documentation) is derived from kTables.
//
// The key of a record is (table, partition, sort key). Partition and sort key are byte strings that
// consist of parts: integers are big-endian, so that bytes compare as the integers do; a name is
// its bytes and is always the last part.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace smile {

// A table. kTables has the parts of its keys.
enum class Table : uint8_t {
  kUsers = 1,   // records of a user: (user id, record name)
  kLogins = 2,  // unique logins: (login)
  kPosts = 3,   // posts, newest first: (author id, post id)
  kLinks = 4,   // links between users: (user id, link kind, other user's id)
  kMedia = 5,   // manifests of photos and videos, newest first: (owner id, media id)
  kBlobs = 6,   // the content of media: (blob id, blob part, number)
  // Internal: clients cannot name them.
  kContents = 7,  // content that is stored once, and what refers to it: (SHA-256, part, upload id)
  kUploads = 8,   // uploads that are not finished: (upload id)
  kWork = 9,      // work in progress, to be finished after a crash: (0, due time, id)
};

// The type of a part of a key.
enum class PartType : uint8_t {
  kU64,      // 8 bytes, in text decimal
  kU32,      // 4 bytes, in text decimal
  kU8,       // 1 byte, in text one of the part's names, or decimal
  kBytes16,  // 16 bytes, in text 32 hexadecimal digits
  kBytes32,  // 32 bytes, in text 64 hexadecimal digits
  kName,     // 1 to limits::kMaxNameBytes bytes of any kind, in text escaped as in a URL
};

// An integer with a name in the text form.
struct NumberName {
  uint8_t number;         // the integer
  std::string_view name;  // in lower case
};

// A part of a key.
struct Part {
  PartType type;                                  // how it is encoded
  std::string_view name;                          // what it is called in messages
  std::span<const NumberName> number_names = {};  // for kU8
  bool only_named = false;  // only the named integers are valid; otherwise any integer is
};

// The first part of a sort key in `links`. Other numbers may be used too: LinkKind{77}.
enum class LinkKind : uint8_t {
  kFriend = 1,    // a friend
  kFamily = 2,    // a relative
  kBusiness = 3,  // a business associate
  kSchool = 4,    // a school mate
  kFollow = 5,    // somebody whose posts the user follows
};

// The first part of a sort key in `blobs`. Other numbers are invalid.
enum class BlobPart : uint8_t {
  kChunk = 1,      // bytes of the content
  kReference = 2,  // who refers to the blob
};

// The first part of a sort key in `contents`. Other numbers are invalid.
enum class ContentPart : uint8_t {
  kHead = 1,       // where the content is; the upload id is 0
  kReference = 2,  // an upload whose media record has this content
};

// The link kinds that have a name.
inline constexpr std::array kLinkKinds = {
    NumberName{static_cast<uint8_t>(LinkKind::kFriend), "friend"},
    NumberName{static_cast<uint8_t>(LinkKind::kFamily), "family"},
    NumberName{static_cast<uint8_t>(LinkKind::kBusiness), "business"},
    NumberName{static_cast<uint8_t>(LinkKind::kSchool), "school"},
    NumberName{static_cast<uint8_t>(LinkKind::kFollow), "follow"},
};
// All blob parts.
inline constexpr std::array kBlobParts = {
    NumberName{static_cast<uint8_t>(BlobPart::kChunk), "chunk"},
    NumberName{static_cast<uint8_t>(BlobPart::kReference), "reference"}};

// All content parts.
inline constexpr std::array kContentParts = {
    NumberName{static_cast<uint8_t>(ContentPart::kHead), "head"},
    NumberName{static_cast<uint8_t>(ContentPart::kReference), "reference"}};

// The description of a table.
struct TableInfo {
  Table table;                     // its number
  std::string_view name;           // in lower case
  Part partition;                  // the first part of a key
  std::array<Part, 2> sort_parts;  // the others; kNoPart from sort_part_count on
  size_t sort_part_count;          // 0 to 2
  bool newest_first;               // the table's order is by descending sort key
  std::string_view summary;        // one line
  bool internal = false;           // written by the server alone; clients cannot name it

  // The parts of a sort key.
  constexpr std::span<const Part> sort() const {
    return std::span(sort_parts).first(sort_part_count);
  }
};

// Fills unused places in TableInfo::sort_parts.
inline constexpr Part kNoPart{PartType::kName, ""};

// All tables, in the order of their numbers.
inline constexpr std::array kTables = {
    TableInfo{Table::kUsers,
              "users",
              {PartType::kU64, "user"},
              {{{PartType::kName, "record"}, kNoPart}},
              1,
              false,
              "what a user saved: profile, settings, theme or any other name"},
    TableInfo{Table::kLogins,
              "logins",
              {PartType::kName, "login"},
              {{kNoPart, kNoPart}},
              0,
              false,
              "user id and credential of a login; unique, created with *if absent*"},
    TableInfo{Table::kPosts,
              "posts",
              {PartType::kU64, "author"},
              {{{PartType::kU64, "post"}, kNoPart}},
              1,
              true,
              "a user's posts; a scan gives the newest first"},
    TableInfo{Table::kLinks,
              "links",
              {PartType::kU64, "user"},
              {{{PartType::kU8, "kind", kLinkKinds}, {PartType::kU64, "other"}}},
              2,
              false,
              "a user's links to others, with a value for each link"},
    TableInfo{Table::kMedia,
              "media",
              {PartType::kU64, "owner"},
              {{{PartType::kU64, "media"}, kNoPart}},
              1,
              true,
              "manifests of photos and videos; newest first"},
    TableInfo{
        Table::kBlobs,
        "blobs",
        {PartType::kBytes16, "blob"},
        {{{PartType::kU8, "part", kBlobParts, /*only_named=*/true}, {PartType::kU32, "number"}}},
        2,
        false,
        "the content of media in chunks, and references to it"},
    TableInfo{Table::kContents,
              "contents",
              {PartType::kBytes32, "sha256"},
              {{{PartType::kU8, "part", kContentParts, /*only_named=*/true},
                {PartType::kBytes16, "upload"}}},
              2,
              false,
              "content that is stored once, and references to it",
              /*internal=*/true},
    TableInfo{Table::kUploads,
              "uploads",
              {PartType::kBytes16, "upload"},
              {{kNoPart, kNoPart}},
              0,
              false,
              "uploads that are not finished",
              /*internal=*/true},
    TableInfo{Table::kWork,
              "work",
              {PartType::kU8, "lane"},
              {{{PartType::kU64, "due"}, {PartType::kBytes16, "id"}}},
              2,
              false,
              "work in progress, to be finished after a crash",
              /*internal=*/true},
};

// The tables that clients can name, which come before the others.
constexpr std::span<const TableInfo> ClientTables() {
  size_t count = 0;
  while (count < kTables.size() && !kTables[count].internal) ++count;
  return std::span(kTables).first(count);
}

// Null for a number that is not a table.
constexpr const TableInfo* FindTable(uint8_t number) {
  return number >= 1 && number <= kTables.size() ? &kTables[number - 1] : nullptr;
}
// Null for a name that is not one of a table.
constexpr const TableInfo* FindTable(std::string_view name) {
  for (const TableInfo& info : kTables) {
    if (info.name == name) return &info;
  }
  return nullptr;
}
// The description of a table.
constexpr const TableInfo& InfoOf(Table table) {
  return kTables[static_cast<size_t>(table) - 1];
}

static_assert(
    [] {
      for (size_t i = 0; i < kTables.size(); ++i) {
        if (static_cast<size_t>(kTables[i].table) != i + 1) return false;
      }
      return true;
    }(),
    "kTables is indexed by number");
static_assert(
    [] {
      for (const TableInfo& info : std::span(kTables).subspan(ClientTables().size())) {
        if (!info.internal) return false;
      }
      return true;
    }(),
    "internal tables come last");

// A name extends to the end of its byte string, so nothing can follow it.
constexpr bool PartsAreSound(const TableInfo& table) {
  if (table.sort_part_count > table.sort_parts.size()) return false;
  for (size_t i = 0; i < table.sort_part_count; ++i) {
    const Part& part = table.sort_parts[i];
    if (part.type == PartType::kName && i + 1 < table.sort_part_count) return false;
    if (!part.number_names.empty() && part.type != PartType::kU8) return false;
    if (part.only_named && part.number_names.empty()) return false;
    for (const NumberName& name : part.number_names) {
      for (const NumberName& other : part.number_names) {
        if (&name != &other && (name.number == other.number || name.name == other.name))
          return false;
      }
    }
  }
  return true;
}
static_assert(
    [] {
      for (const TableInfo& table : kTables) {
        if (!PartsAreSound(table) || table.name.empty()) return false;
        if (FindTable(table.name) != &table) return false;
      }
      return true;
    }(),
    "tables have names of their own and parts that can be told apart");

// Size of a part in bytes; 0 for a name, whose size varies.
constexpr size_t WidthOf(PartType type) {
  switch (type) {
    case PartType::kU64:
      return 8;
    case PartType::kU32:
      return 4;
    case PartType::kU8:
      return 1;
    case PartType::kBytes16:
      return 16;
    case PartType::kBytes32:
      return 32;
    case PartType::kName:
      break;
  }
  return 0;
}

}  // namespace smile
