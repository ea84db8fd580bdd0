// A file system in which blocks of table files are empty, as they will be once a repair has given
// them up; nothing on the disk is changed.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <vector>

#include "storage/rocks/check.h"

namespace smile {

std::shared_ptr<rocksdb::FileSystem> MakeEmptiedBlocksFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, const std::vector<DamagedBlock>& blocks);

}  // namespace smile
