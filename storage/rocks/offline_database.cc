#include "storage/rocks/offline_database.h"

#include "base/check.h"
#include "storage/rocks/log_files.h"
#include "storage/rocks/rocks_log.h"
#include "storage/rocks/rocks_options.h"

namespace smile {
namespace {

constexpr size_t kCacheBytes = size_t{64} << 20;

}  // namespace

OfflineOptions::OfflineOptions(const RocksDirectory& directory,
                               const std::shared_ptr<rocksdb::FileSystem>& files,
                               const std::shared_ptr<const RebuiltTables>& rebuilt,
                               LostRecords lost, const Clock* clock, const Logger* log)
    : path(directory.database_path()),
      env(rocksdb::NewCompositeEnv(MakeLogFileSystem(MakeRebuiltFileSystem(files, rebuilt, lost),
                                                     /*accept_damage=*/false))),
      format(kCacheBytes) {
  RocksOptions options;
  options.directory = directory.path();
  options.block_cache_bytes = kCacheBytes;
  const auto cache = MakeBlockCache(options);
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  for (const TableInfo& info : kTables) {
    families.emplace_back(std::string(info.name),
                          FamilyOptions(info.table, options, cache, &format, clock, &blobs));
  }
  settings = DatabaseOptions(options, env.get());
  settings.info_log = MakeRocksLog(clock, log);
  settings.verify_sst_unique_id_in_manifest = rebuilt->size() == 0;
}

rocksdb::Options OfflineOptions::OfFile(Table table) const {
  CHECK(families[static_cast<size_t>(table)].name == InfoOf(table).name);
  return {rocksdb::DBOptions(), families[static_cast<size_t>(table)].options};
}

Result<std::unique_ptr<ReadOnlyDatabase>> ReadOnlyDatabase::Open(
    const RocksDirectory& directory, const std::shared_ptr<rocksdb::FileSystem>& files,
    const std::shared_ptr<const RebuiltTables>& rebuilt, LostRecords lost, const Clock* clock,
    const Logger* log) {
  std::unique_ptr<ReadOnlyDatabase> database(
      new ReadOnlyDatabase(directory, files, rebuilt, lost, clock, log));
  OfflineOptions& options = database->options_;
  rocksdb::Status status = KeepPresent(options.settings, options.path, &options.families);
  rocksdb::DB* db = nullptr;
  if (status.ok()) {
    status = rocksdb::DB::OpenForReadOnly(options.settings, options.path, options.families,
                                          &database->handles_, &db);
  }
  if (!status.ok()) return Status(Code::kStorageFailed, status.ToString());
  database->db_.reset(db);
  for (rocksdb::ColumnFamilyHandle* const handle : database->handles_) {
    const TableInfo* const info = FindTable(handle->GetName());
    if (info != nullptr) database->families_[static_cast<size_t>(info->table)] = handle;
  }
  return database;
}

ReadOnlyDatabase::~ReadOnlyDatabase() {
  for (rocksdb::ColumnFamilyHandle* const handle : handles_) {
    (void)db_->DestroyColumnFamilyHandle(handle);
  }
}

}  // namespace smile
