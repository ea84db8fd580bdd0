// A file system under RocksDB in which compactions leave some room to the log: a file that a
// compaction writes meets a full disk while limits::kCompactionFreeDiskBytes are still free. The
// compaction is then given up and tried again later, and writing goes on, where a log that found no
// room would end it.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace smile {

std::shared_ptr<rocksdb::FileSystem> MakeCompactionRoomFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base);

}  // namespace smile
