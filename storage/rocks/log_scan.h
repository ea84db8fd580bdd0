// Where a write-ahead log ends, when what is behind its end need not be the end of the file: zeros
// that were written ahead, or a record whose writing was interrupted (storage/rocks/log_files.h).
//
// The format is RocksDB's (its wiki, "Write Ahead Log File Format"): blocks of 32 KiB; a record is
// cut into fragments, none of which crosses a block; a fragment has a header of 7 bytes: masked
// CRC-32C of type and content (u32), length of the content (u16), type (u8), little-endian. A
// block's last bytes, if a header does not fit there, are nothing.
//
// A record is written when the one before it is on the disk, so what a power cut leaves is a row of
// whole records and at most one that is not whole. If behind damage another record begins, intact,
// then the damage came later.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>

#include "base/result.h"

namespace smile {

struct LogScan {
  enum class Behind : uint8_t {
    kNothing,  // zeros, or the file's end
    kTorn,     // what may be a part of one record
    kRecords,  // at least one record that is intact from its beginning: the log is damaged before
               // it
  };

  uint64_t end = 0;  // of the last whole record in the unbroken row from the file's beginning
  Behind behind = Behind::kNothing;
  uint64_t writes = 0;  // puts and deletes in the row's records
};

// Reads the whole file. Any thread. kStorageFailed: it cannot be read.
Result<LogScan> ScanLog(rocksdb::FSSequentialFile* file);

}  // namespace smile
