// A file system under RocksDB that makes an fsync of its write-ahead log cheaper: the log
// overwrites zeros that were written before, so that the size of the file, and with it the journal
// of the file system, does not change with each write (docs/decisions/0016-logs-over-zeros.md).
//
// Reads of a log end where its records end (storage/rocks/log_scan.h): RocksDB sees neither the
// zeros nor a record whose writing was interrupted, and zeros do not count in the size of a log. A
// log that is damaged before its end reads as Corruption, and so does one that ends in a partial
// record although a later log has records. All other files are passed through.
#pragma once

#include <rocksdb/file_system.h>

#include <cstddef>
#include <memory>

#include "storage/rocks/open_progress.h"

namespace smile {

// The number of zeros that are written after the end of a log.
inline constexpr size_t kLogZeroBytes = size_t{1} << 20;

// `accept_damage`: a damaged log is passed through, for RocksDB to recover what it can. `progress`,
// if not null, outlives the file system.
std::shared_ptr<rocksdb::FileSystem> MakeLogFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, bool accept_damage,
    OpenProgress* progress = nullptr);

}  // namespace smile
