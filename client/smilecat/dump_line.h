// One record as a line of JSON, and back, byte for byte:
//
//   {"key":"users/42/profile","value":"text","version":7,"expires_ms":1767225600000}
//
// A value that is not UTF-8 stands in "value_base64" instead of "value"; "expires_ms" (Unix time in
// milliseconds) is there only if the record expires. "version" is for whoever reads the file: a
// server gives a loaded record a version of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/row.h"
#include "model/key.h"
#include "model/record.h"

namespace smile::cat {

// A record to be written.
struct LoadedRecord {
  Key key;
  Bytes value;
  std::optional<uint32_t> expire_seconds;
  bool expired = false;  // its time was over before it was loaded: not to be written
};

// The key that a row names or makes. kInvalid, with a message that continues "the row", if it is
// none.
Result<Key> KeyOfRow(std::string_view path);

// With the line end.
std::string DumpLine(const KeyView& key, const RecordView& record);

// kInvalid, with a message, unless `row` is the object of such a line. What is left of its time at
// `wall_millis` is rounded up to seconds.
Result<LoadedRecord> ReadDumpRow(const Row& row, int64_t wall_millis);

}  // namespace smile::cat
