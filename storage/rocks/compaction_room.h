// A file system under RocksDB in which compactions leave some disk space for the log: for a
// compaction the disk is full while limits::kCompactionFreeDiskBytes are still free. The compaction
// then fails and is retried later, while writes continue; a log without space would stop them.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace smile {

std::shared_ptr<rocksdb::FileSystem> MakeCompactionRoomFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base);

}  // namespace smile
