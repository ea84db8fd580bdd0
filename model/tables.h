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
  kLogins = 2,  // unique logins: (login); internal, as those from 4 on
  kPosts = 3,   // posts, newest first: (author id, post id)
  // Internal: clients cannot name their records, which the operations of services write.
  kLinks = 4,      // links between users: (user id, link kind, view, ...)
  kMedia = 5,      // records of photos and videos, newest first: (owner id, media id)
  kBlobs = 6,      // small content: (content id, blob part, number)
  kContents = 7,   // content that is stored once, and what refers to it: (SHA-256, part, upload id)
  kUploads = 8,    // uploads that are not finished: (upload id)
  kWork = 9,       // work in progress, to be finished after a crash: (0, due time, id, kind)
  kAccounts = 10,  // what belongs to a user, so that it can be listed: (user id, part, name)
  kSessions = 11,  // session tokens: (SHA-256 of the token)
  kGuesses = 12,   // passwords that were guessed: (SHA-256 of a login, a label, or both)
  kTokens = 13,    // additions that were made, so that none is made twice: (token)
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
  PartType type = PartType::kName;                // how it is encoded
  std::string_view name;                          // what it is called in messages
  std::span<const NumberName> number_names = {};  // for kU8
  bool only_named = false;  // only the named integers are valid; otherwise any integer is
};

// The first part of a sort key in `links`. Other numbers but 0 may be used too: LinkKind{77}.
enum class LinkKind : uint8_t {
  kFriend = 1,      // a friend
  kFamily = 2,      // a relative
  kBusiness = 3,    // a business associate
  kSchool = 4,      // a school mate
  kFollow = 5,      // somebody whose posts the user follows
  kFollower = 133,  // the inverse: somebody who follows the user's posts
};

// The kind of the link back, unless a request names another: of friend, family, business and school
// the same; of others the number with its highest bit inverted, so that each has its own. 0, which
// is invalid, for 128.
constexpr LinkKind InverseOf(LinkKind kind) {
  const bool mutual = kind >= LinkKind::kFriend && kind <= LinkKind::kSchool;
  return mutual ? kind : LinkKind{static_cast<uint8_t>(static_cast<uint8_t>(kind) ^ 0x80)};
}
static_assert(InverseOf(LinkKind::kFriend) == LinkKind::kFriend);
static_assert(InverseOf(LinkKind::kFollow) == LinkKind::kFollower);

// The second part of a sort key in `links`. Other numbers are invalid.
enum class LinkView : uint8_t {
  kHead = 1,    // how many links of the kind there are, and few of them; other parts are 0
  kMember = 2,  // a link by the other's id; the last part is 0
  kNewest = 3,  // the same link by its complemented time, then the other's id
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

// The first part of a sort key in `accounts`. Other numbers are invalid.
enum class AccountPart : uint8_t {
  kLogin = 1,    // a login of the user; the name is the login
  kSession = 2,  // a session; the name is when it was made, and the SHA-256 of its token
  kNote = 3,     // that the user is being erased
  kUpload = 4,   // an upload that was begun for the user; the name is its id
};

// The link kinds that have a name.
inline constexpr std::array kLinkKinds = {
    NumberName{static_cast<uint8_t>(LinkKind::kFriend), "friend"},
    NumberName{static_cast<uint8_t>(LinkKind::kFamily), "family"},
    NumberName{static_cast<uint8_t>(LinkKind::kBusiness), "business"},
    NumberName{static_cast<uint8_t>(LinkKind::kSchool), "school"},
    NumberName{static_cast<uint8_t>(LinkKind::kFollow), "follow"},
    NumberName{static_cast<uint8_t>(LinkKind::kFollower), "follower"},
};
// All views of links.
inline constexpr std::array kLinkViews = {
    NumberName{static_cast<uint8_t>(LinkView::kHead), "head"},
    NumberName{static_cast<uint8_t>(LinkView::kMember), "member"},
    NumberName{static_cast<uint8_t>(LinkView::kNewest), "newest"}};
// All blob parts.
inline constexpr std::array kBlobParts = {
    NumberName{static_cast<uint8_t>(BlobPart::kChunk), "chunk"},
    NumberName{static_cast<uint8_t>(BlobPart::kReference), "reference"}};

// All content parts.
inline constexpr std::array kContentParts = {
    NumberName{static_cast<uint8_t>(ContentPart::kHead), "head"},
    NumberName{static_cast<uint8_t>(ContentPart::kReference), "reference"}};

// All account parts.
inline constexpr std::array kAccountParts = {
    NumberName{static_cast<uint8_t>(AccountPart::kLogin), "login"},
    NumberName{static_cast<uint8_t>(AccountPart::kSession), "session"},
    NumberName{static_cast<uint8_t>(AccountPart::kNote), "note"},
    NumberName{static_cast<uint8_t>(AccountPart::kUpload), "upload"}};

// The description of a table.
struct TableInfo {
  Table table = Table::kUsers;     // its number
  std::string_view name;           // in lower case
  Part partition;                  // the first part of a key
  std::array<Part, 4> sort_parts;  // the others; unused from sort_part_count on
  size_t sort_part_count = 0;      // 0 to 4
  bool newest_first = false;       // the table's order is by descending sort key
  std::string_view summary;        // one line
  bool internal = false;           // written by the server alone; clients cannot name its records
  bool listed = !internal;         // clients can list its partitions

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
              "user id and credential of a login; unique",
              /*internal=*/true,
              /*listed=*/true},
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
              {{{PartType::kU8, "kind", kLinkKinds},
                {PartType::kU8, "view", kLinkViews, /*only_named=*/true},
                {PartType::kU64, "first"},
                {PartType::kU64, "second"}}},
              4,
              false,
              "a user's links to others, by other and newest first, and their number",
              /*internal=*/true,
              /*listed=*/true},
    TableInfo{Table::kMedia,
              "media",
              {PartType::kU64, "owner"},
              {{{PartType::kU64, "media"}, kNoPart}},
              1,
              true,
              "records of photos and videos; newest first",
              /*internal=*/true,
              /*listed=*/true},
    TableInfo{
        Table::kBlobs,
        "blobs",
        {PartType::kBytes16, "blob"},
        {{{PartType::kU8, "part", kBlobParts, /*only_named=*/true}, {PartType::kU32, "number"}}},
        2,
        false,
        "small content",
        /*internal=*/true},
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
              {{{PartType::kU64, "due"}, {PartType::kBytes16, "id"}, {PartType::kU8, "kind"}}},
              3,
              false,
              "work in progress, to be finished after a crash",
              /*internal=*/true},
    TableInfo{
        Table::kAccounts,
        "accounts",
        {PartType::kU64, "user"},
        {{{PartType::kU8, "part", kAccountParts, /*only_named=*/true}, {PartType::kName, "name"}}},
        2,
        false,
        "what belongs to a user: logins, sessions and uploads",
        /*internal=*/true},
    TableInfo{Table::kSessions,
              "sessions",
              {PartType::kBytes32, "sha256"},
              {{kNoPart, kNoPart}},
              0,
              false,
              "session tokens, of which only the SHA-256 is stored",
              /*internal=*/true},
    TableInfo{Table::kGuesses,
              "guesses",
              {PartType::kBytes32, "sha256"},
              {{kNoPart, kNoPart}},
              0,
              false,
              "how often passwords were guessed, by login, label, or both",
              /*internal=*/true},
    TableInfo{Table::kTokens,
              "tokens",
              {PartType::kBytes16, "token"},
              {{kNoPart, kNoPart}},
              0,
              false,
              "tokens of additions that were made",
              /*internal=*/true},
};

namespace tables_internal {

template <class Wanted>
constexpr size_t Count(Wanted wanted) {
  size_t count = 0;
  for (const TableInfo& info : kTables) count += wanted(info) ? 1 : 0;
  return count;
}

template <size_t N, class Wanted>
constexpr std::array<TableInfo, N> Select(Wanted wanted) {
  std::array<TableInfo, N> selected;
  size_t count = 0;
  for (const TableInfo& info : kTables) {
    if (wanted(info)) selected[count++] = info;
  }
  return selected;
}

inline constexpr auto kIsOfClients = [](const TableInfo& info) { return !info.internal; };
inline constexpr auto kIsListed = [](const TableInfo& info) { return info.listed; };

inline constexpr auto kClientTables = Select<Count(kIsOfClients)>(kIsOfClients);
inline constexpr auto kListedTables = Select<Count(kIsListed)>(kIsListed);

}  // namespace tables_internal

// The tables whose records clients can name.
constexpr std::span<const TableInfo> ClientTables() {
  return tables_internal::kClientTables;
}
// The tables whose partitions clients can list: those, and some of the others.
constexpr std::span<const TableInfo> ListedTables() {
  return tables_internal::kListedTables;
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
