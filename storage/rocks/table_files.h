// The table files of a database that possibly cannot be opened.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <optional>
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
// Rebuilds a file that cannot be opened because it is damaged or missing. Nothing if it can be. The
// options are those of its table; their `env` shows the files as they are on the disk.
std::optional<UnopenableTable> RebuildIfUnopenable(Table table,
                                                   const rocksdb::LiveFileMetaData& file,
                                                   const rocksdb::Options& options);

// Rebuilds all files that cannot be opened, but those already in `rebuilt`.
Result<std::vector<UnopenableTable>> RebuildUnopenable(const rocksdb::DBOptions& settings,
                                                       const std::string& path,
                                                       const FamilyDescriptors& families,
                                                       const RebuiltTables& rebuilt,
                                                       rocksdb::Env* env);

}  // namespace smile
