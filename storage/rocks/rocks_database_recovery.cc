#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/rocks/rocks_database.h"
#include "storage/rocks/table_files.h"

namespace smile {
namespace {

constexpr std::string_view kHowToAccept =
    "restore the directory from a backup, or start once with --accept-wal-loss to continue without "
    "the missing writes";

}  // namespace

// Recovers in memory only. RocksDB's strict mode detects damage in the middle of a log. If the
// newest log is missing or was cut at the end of a record, the watermark shows it; for older logs
// the manifest does.
Status RocksDatabase::CheckRecovery(uint64_t watermark) {
  const std::string path = directory_->database_path();
  if (env_->FileExists(path + "/CURRENT").IsNotFound()) {
    return watermark == 0 ? Status() : RefuseLoss(0, watermark);
  }
  FamilyDescriptors families = Families();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const auto open = [&] {
    const rocksdb::DBOptions options = Options();
    const rocksdb::Status present = KeepPresent(options, path, &families);
    return present.ok() ? rocksdb::DB::OpenForReadOnly(options, path, families, &handles, &opened)
                        : present;
  };
  rocksdb::Status status = open();
  if (!status.ok() && RebuildTables()) status = open();
  if (!status.ok()) {
    return {
        Code::kStorageFailed,
        fmt::format("the database in {0} is damaged ({1}); run `smiled check {0}` for details, {2}",
                    directory_->path(), status.ToString(), kHowToAccept)};
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  const uint64_t recovered = db->GetLatestSequenceNumber();
  for (rocksdb::ColumnFamilyHandle* handle : handles) (void)db->DestroyColumnFamilyHandle(handle);
  return recovered < watermark ? RefuseLoss(recovered, watermark) : Status();
}

Status RocksDatabase::RefuseLoss(uint64_t recovered, uint64_t watermark) const {
  return {Code::kStorageFailed,
          fmt::format("acknowledged writes are missing in {}: the log ends at {}, but writes up to "
                      "{} were acknowledged; {}",
                      directory_->path(), recovered, watermark, kHowToAccept)};
}

// A single file that RocksDB cannot open would keep it from opening the database.
bool RocksDatabase::RebuildTables() {
  const rocksdb::DBOptions settings = Options();
  FamilyDescriptors families = Families();
  if (!KeepPresent(settings, directory_->database_path(), &families).ok()) return false;
  const auto unopenable =
      RebuildUnopenable(settings, directory_->database_path(), families, *rebuilt_, env_);
  if (!unopenable.ok()) return false;
  for (const UnopenableTable& table : *unopenable) {
    damage_->TableRebuilt(*table.rebuilt, table.why);
    rebuilt_->Add(table.rebuilt);
  }
  return !unopenable->empty();
}

}  // namespace smile
