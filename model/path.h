// The text form of keys: paths such as users/42/profile, logins/ada@example.org,
// links/42/friend/7.
//
// Parts are separated by '/'. In names, '/', '%', spaces, control bytes and bytes that are not
// valid UTF-8 are written as %XX; when read, any byte may be escaped, and '/' and '%' must be.
// Integers with a name (link kinds, blob parts) are written by name; both forms are read.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/key.h"

namespace smile {

// A path of a table, a partition, or a record.
struct Path {
  enum class Kind : uint8_t { kTable, kPartition, kRecord };

  Kind kind = Kind::kTable;
  Key key;  // sort is empty unless kind is kRecord
};

// Otherwise kInvalid, with a message that shows the expected form.
Result<Path> ParsePath(std::string_view text);
// The same, also of tables whose records are the server's own, if they can be listed.
Result<Path> ParseListedPath(std::string_view text);

// The key of a record's path.
Result<Key> ParseKey(std::string_view text);

// A sort key, as it is written in a path after the partition.
Result<Bytes> ParseSort(Table table, std::string_view text);

// Leading parts of a sort key, possibly none; as for ValidateSortBound.
Result<Bytes> ParseSortBound(Table table, std::string_view text);

// For any bytes: those that do not fit the table are written as "0x…".
std::string FormatKey(const KeyView& key);
std::string FormatPartition(const PartitionView& partition);
std::string FormatSort(Table table, ByteView sort);

}  // namespace smile
