// The stored form of a record, the value of its key in RocksDB. Little-endian:
//
//   offset  bytes
//        0      1  format, 1
//        1      1  flags: bit 0: an expiry time follows; the others are 0
//        2      8  version
//       10      8  checksum, XXH3-64 of the value
//       18      8  expiry time, Unix milliseconds, only with bit 0
//     then         value, to the end
//
// Specified in storage/FORMAT.md and pinned by tests/storage/golden/. A change gets a new format
// number, and readers continue to read the old ones.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "model/record.h"

namespace smile {

inline constexpr uint8_t kRecordFormat = 1;

// The header of a stored record, without an allocation. The value follows it in the store.
class RecordHeader {
 public:
  RecordHeader(uint64_t version, uint64_t checksum, uint64_t expires_ms);
  explicit RecordHeader(const RecordView& record)
      : RecordHeader(record.version, record.checksum, record.expires_ms) {}

  ByteView view() const { return {bytes_, size_}; }

 private:
  static constexpr size_t kMaxBytes = 26;
  size_t size_;
  char bytes_[kMaxBytes];
};

// Parses any bytes. The value is a view into `stored`; its checksum is not verified. kCorrupt if
// the bytes are not a record; kStorageFailed, with a message, if the format is newer than this
// program.
Result<RecordView> ParseRecord(ByteView stored);

// Parses the record and verifies the checksum of the value; kCorrupt if it does not match.
Result<RecordView> ParseAndVerifyRecord(ByteView stored);

}  // namespace smile
