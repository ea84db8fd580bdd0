// The text form of keys: paths such as users/42/profile, logins/ada@example.org, links/42/friend/7,
// blobs/00112233445566778899aabbccddeeff/chunk/0.
//
// Parts are separated by '/'. In names, '/', '%', spaces, control bytes and bytes that are not
// valid UTF-8 are written as %XX; a reader accepts any byte escaped or not, except that '/' and '%'
// must be. Numbers with a name (link kinds, blob parts) are written by name; both forms are read.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/key.h"

namespace smile {

// A path names a table, a partition, some leading parts of a sort key, or a whole record.
struct Path {
  enum class Kind : uint8_t { kTable, kPartition, kSortPrefix, kRecord };

  Kind kind = Kind::kTable;
  Key key;  // sort is empty or partial unless kind is kRecord
};

// kInvalid, with words that show what was expected, for anything else.
Result<Path> ParsePath(std::string_view text);

// The key of a path that must name a whole record.
Result<Key> ParseKey(std::string_view text);

// One sort key, as it stands in a path behind the partition.
Result<Bytes> ParseSort(Table table, std::string_view text);

// The leading parts of one, possibly none, as for ValidateSortBound.
Result<Bytes> ParseSortBound(Table table, std::string_view text);

// Total: bytes that do not fit the table are written as "0x…".
std::string FormatKey(const KeyView& key);
std::string FormatPartition(const PartitionView& partition);
std::string FormatSort(Table table, ByteView sort);

}  // namespace smile
