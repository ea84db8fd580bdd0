// One record as a line of JSON, and back, byte for byte:
//
//   {"key":"users/42/profile","value":"text","version":7,"expires_ms":1767225600000}
//   {"key":"links/42/friend/7","value":"text","time_ms":1767225600000}
//   {"key":"logins/ada@example.org","value":"42 $argon2id$..."}
//
// A value that is not UTF-8 stands in "value_base64" instead of "value"; "expires_ms" (Unix time in
// milliseconds) is there only if the record expires. "version" is for whoever reads the file: a
// server gives a loaded record a version of its own. A link has a time, and the kind of the link
// back
// ("inverse") if it is not the usual one of its kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/link_kinds.h"
#include "client/smilecat/row.h"
#include "model/key.h"
#include "model/record.h"
#include "protocol/link_operations.h"
#include "protocol/login_operations.h"

namespace smile::cat {

// A record to be written, or a link or login to be made.
struct LoadedRecord {
  Key key;  // in `links`: LinkKey(user, kind, other)
  Bytes value;
  std::optional<uint32_t> expire_seconds;
  bool expired = false;  // its time was over before it was loaded: not to be written
  // Of a link; none: the server chooses.
  std::optional<uint64_t> time_ms;
  std::optional<uint8_t> inverse;
};

// The key that a row names or makes. kInvalid, with a message that continues "the row", if it is
// none.
Result<Key> KeyOfRow(std::string_view path, const LinkKinds& kinds);

// With the line end.
std::string DumpLine(const KeyView& key, const RecordView& record);
std::string DumpLine(uint64_t user, uint8_t kind, const op::LinkEntry& link,
                     const LinkKinds& kinds);

// With the credential.
std::string DumpLine(const op::LoginCredential& login);

// kInvalid, with a message, unless `row` is the object of such a line. What is left of its time at
// `wall_millis` is rounded up to seconds.
Result<LoadedRecord> ReadDumpRow(const Row& row, const LinkKinds& kinds, int64_t wall_millis);

}  // namespace smile::cat
