// Finds the end of a write-ahead log, which need not be the end of the file: after it there may be
// zeros, or a record whose writing was interrupted (storage/rocks/log_files.h).
//
// The format is RocksDB's (its wiki, "Write Ahead Log File Format"): blocks of 32 KiB; a record is
// split into fragments, none of which crosses a block; a fragment has a header of 7 bytes: masked
// CRC-32C of type and content (u32), length of the content (u16), type (u8), little-endian. The
// last bytes of a block are unused if a header does not fit there.
//
// A record is written only after the previous one is on the disk, so a power cut leaves a sequence
// of complete records and at most one partial record. If an intact record begins after damage, the
// damage happened later.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>

#include "base/result.h"

namespace smile {

struct LogScan {
  enum class Behind : uint8_t {
    kNothing,  // zeros, or the end of the file
    kTorn,     // what may be a partial record
    kRecords,  // at least one record with an intact beginning: the log is damaged before it
  };

  uint64_t end = 0;  // of the last record of the intact sequence at the beginning of the file
  Behind behind = Behind::kNothing;  // what follows the end
  uint64_t writes = 0;               // puts and deletes in that sequence
};

// Reads the whole file. Any thread. kStorageFailed: it cannot be read.
Result<LogScan> ScanLog(rocksdb::FSSequentialFile* file);

}  // namespace smile
