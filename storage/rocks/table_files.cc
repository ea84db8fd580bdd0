#include "storage/rocks/table_files.h"

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "base/log.h"
#include "storage/rocks/rocks_log.h"

namespace smile {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class EmptyFile final : public rocksdb::FSSequentialFile {
 public:
  IOStatus Read(size_t /*size*/, const IOOptions& /*options*/, rocksdb::Slice* result,
                char* /*scratch*/, IODebugContext* /*debug*/) override {
    *result = rocksdb::Slice();
    return IOStatus::OK();
  }
  IOStatus Skip(uint64_t /*size*/) override { return IOStatus::OK(); }
};

// Without the content of the logs: it is not needed, and it may be damaged too. (RocksDB compares
// their sizes with the manifest; to disable that, it would have to write.)
class NoLogsFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "smile.NoLogsFileSystem"; }

  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             IODebugContext* debug) override {
    if (!path.ends_with(".log")) return target()->NewSequentialFile(path, options, file, debug);
    *file = std::make_unique<EmptyFile>();
    return IOStatus::OK();
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions& options, uint64_t* size,
                       IODebugContext* debug) override {
    if (!path.ends_with(".log")) return target()->GetFileSize(path, options, size, debug);
    *size = INT64_MAX;
    return IOStatus::OK();
  }
};

}  // namespace

rocksdb::Status KeepPresent(const rocksdb::DBOptions& settings, const std::string& path,
                            FamilyDescriptors* families) {
  std::vector<std::string> present;
  rocksdb::Status status = rocksdb::DB::ListColumnFamilies(settings, path, &present);
  std::erase_if(*families, [&present](const auto& family) {
    return std::find(present.begin(), present.end(), family.name) == present.end();
  });
  return status;
}

Result<std::vector<rocksdb::LiveFileMetaData>> ListTableFiles(rocksdb::DBOptions settings,
                                                              const std::string& path,
                                                              const FamilyDescriptors& families) {
  const SystemClock clock;
  const Logger silent(LogLevel::kOff);  // damage to the files is reported elsewhere
  settings.info_log = MakeRocksLog(&clock, &silent);
  settings.listeners.clear();
  settings.paranoid_checks = false;  // opens although some table files cannot be opened
  settings.track_and_verify_wals_in_manifest = true;
  const auto env =
      rocksdb::NewCompositeEnv(std::make_shared<NoLogsFileSystem>(settings.env->GetFileSystem()));
  settings.env = env.get();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(settings, path, families, &handles, &opened);
  if (!status.ok()) return Status(Code::kStorageFailed, status.ToString());
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  for (rocksdb::ColumnFamilyHandle* const handle : handles) {
    (void)db->DestroyColumnFamilyHandle(handle);
  }
  return files;
}

std::optional<UnopenableTable> RebuildIfUnopenable(Table table,
                                                   const rocksdb::LiveFileMetaData& file,
                                                   const rocksdb::Options& options) {
  const rocksdb::Status opens = OpensWhole(file, options);
  if (opens.ok()) return std::nullopt;
  return UnopenableTable{RebuiltTable::Make(table, file, options.env->GetFileSystem().get()),
                         opens.ToString()};
}

Result<std::vector<UnopenableTable>> RebuildUnopenable(const rocksdb::DBOptions& settings,
                                                       const std::string& path,
                                                       const FamilyDescriptors& families,
                                                       const RebuiltTables& rebuilt,
                                                       rocksdb::Env* env) {
  SMILE_ASSIGN(const auto files, ListTableFiles(settings, path, families));
  std::vector<UnopenableTable> unopenable;
  for (const rocksdb::LiveFileMetaData& file : files) {
    const TableInfo* const info = FindTable(file.column_family_name);
    const auto family = std::find_if(families.begin(), families.end(), [&](const auto& descriptor) {
      return descriptor.name == file.column_family_name;
    });
    if (info == nullptr || family == families.end()) continue;
    if (rebuilt.Find(file.relative_filename) != nullptr) continue;
    rocksdb::Options options(rocksdb::DBOptions(), family->options);
    options.env = env;
    auto found = RebuildIfUnopenable(info->table, file, options);
    if (found.has_value()) unopenable.push_back(*std::move(found));
  }
  return unopenable;
}

}  // namespace smile
