// The database of a directory that no smiled serves, as opened by check and repair.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "model/tables.h"
#include "storage/rocks/expiring_blobs.h"
#include "storage/rocks/index_format.h"
#include "storage/rocks/rebuilt_table.h"
#include "storage/rocks/rocks_directory.h"
#include "storage/rocks/table_files.h"

namespace smile {

struct OfflineOptions {
  // The files of the directory are read through `files`, those in `rebuilt` as rebuilt. The other
  // arguments outlive it, and it outlives the database.
  OfflineOptions(const RocksDirectory& directory, const std::shared_ptr<rocksdb::FileSystem>& files,
                 const std::shared_ptr<const RebuiltTables>& rebuilt, LostRecords lost,
                 const Clock* clock, const Logger* log);
  OfflineOptions(const OfflineOptions&) = delete;
  OfflineOptions& operator=(const OfflineOptions&) = delete;

  // For a single file, as it is on the disk.
  rocksdb::Options OfFile(Table table) const;

  const std::string path;
  const std::unique_ptr<rocksdb::Env> env;
  IndexFormat format;
  ExpiringBlobs blobs;
  FamilyDescriptors families;  // "default", then the tables in order
  rocksdb::DBOptions settings;
};

// Opened without writing anything.
class ReadOnlyDatabase {
 public:
  // See OfflineOptions. kStorageFailed, with RocksDB's message, if it cannot be opened. The clock
  // and the log outlive it.
  static Result<std::unique_ptr<ReadOnlyDatabase>> Open(
      const RocksDirectory& directory, const std::shared_ptr<rocksdb::FileSystem>& files,
      const std::shared_ptr<const RebuiltTables>& rebuilt, LostRecords lost, const Clock* clock,
      const Logger* log);
  ~ReadOnlyDatabase();

  rocksdb::DB* db() const { return db_.get(); }
  // Null: the table does not exist yet.
  rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families_[static_cast<size_t>(table)];
  }

 private:
  ReadOnlyDatabase(const RocksDirectory& directory,
                   const std::shared_ptr<rocksdb::FileSystem>& files,
                   const std::shared_ptr<const RebuiltTables>& rebuilt, LostRecords lost,
                   const Clock* clock, const Logger* log)
      : options_(directory, files, rebuilt, lost, clock, log) {}

  OfflineOptions options_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kTables.size() + 1> families_{};
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace smile
