// A file system under RocksDB that makes an fsync of its write-ahead log cheaper: the log is
// written over zeros that are there already, so that the file's size, and with it the file system's
// own journal, does not change with each write (docs/decisions/0016-logs-over-zeros.md).
//
// What is read of a log ends where its records end (storage/rocks/log_scan.h): RocksDB sees neither
// the zeros nor a record whose writing was interrupted. Nor do zeros count in a log's size. A log
// that is damaged before its end reads as Corruption, and so does one that ends in a part of a
// record although a later log has records. All other files pass through.
#pragma once

#include <rocksdb/file_system.h>

#include <cstddef>
#include <memory>

#include "storage/rocks/open_progress.h"

namespace smile {

// How far ahead of a log's end zeros are written.
inline constexpr size_t kLogZeroBytes = size_t{1} << 20;

// `accept_damage`: a damaged log is handed over as it is, for RocksDB to make of it what it can.
// `progress`, if there is one, outlives the file system.
std::shared_ptr<rocksdb::FileSystem> MakeLogFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, bool accept_damage,
    OpenProgress* progress = nullptr);

}  // namespace smile
