// A file system in which blocks of table files are empty, as they will be once a repair has given
// them up; nothing on the disk is changed.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace smile {

struct EmptiedBlock {
  std::string file;  // "000022.sst"
  uint64_t offset;
  uint64_t size;  // without RocksDB's trailer
};

std::shared_ptr<rocksdb::FileSystem> MakeEmptiedBlocksFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, const std::vector<EmptiedBlock>& blocks);

}  // namespace smile
