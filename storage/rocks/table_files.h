// The table files of a database that may not open.
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

// Those of `families` that are in the database at `path`.
rocksdb::Status KeepPresent(const rocksdb::DBOptions& settings, const std::string& path,
                            FamilyDescriptors* families);

// What the manifest says of them, whether or not they can be opened. Writes nothing. RocksDB's
// words if manifest or log cannot be read.
Result<std::vector<rocksdb::LiveFileMetaData>> ListTableFiles(rocksdb::DBOptions settings,
                                                              const std::string& path,
                                                              const FamilyDescriptors& families);

struct UnopenableTable {
  std::shared_ptr<const RebuiltTable> rebuilt;
  std::string why;
};
// Rebuilds the files that cannot be opened. `env` has the files as they are.
Result<std::vector<UnopenableTable>> RebuildUnopenable(const rocksdb::DBOptions& settings,
                                                       const std::string& path,
                                                       const FamilyDescriptors& families,
                                                       rocksdb::Env* env);

}  // namespace smile
