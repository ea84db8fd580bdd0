// The table files of a database that possibly cannot be opened.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/tables.h"
#include "storage/rocks/rebuilt_table.h"

namespace smile {

using FamilyDescriptors = std::vector<rocksdb::ColumnFamilyDescriptor>;

// Removes from `families` those that do not exist in the database at `path`.
rocksdb::Status KeepPresent(const rocksdb::DBOptions& settings, const std::string& path,
                            FamilyDescriptors* families);

// Their descriptions in the manifest, whether or not they can be opened. Writes nothing.
// kStorageFailed, with RocksDB's message, if the manifest cannot be read.
Result<std::vector<rocksdb::LiveFileMetaData>> ListTableFiles(rocksdb::DBOptions settings,
                                                              const std::string& path,
                                                              const FamilyDescriptors& families);

struct UnopenableTable {
  std::shared_ptr<const RebuiltTable> rebuilt;
  std::string why;
};
// Rebuilds the files that cannot be opened. `env` shows the files as they are on the disk.
Result<std::vector<UnopenableTable>> RebuildUnopenable(const rocksdb::DBOptions& settings,
                                                       const std::string& path,
                                                       const FamilyDescriptors& families,
                                                       rocksdb::Env* env);

}  // namespace smile
