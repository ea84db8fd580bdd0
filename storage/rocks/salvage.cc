#include "storage/rocks/salvage.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <rocksdb/env.h>

#include <ctime>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "storage/key_name.h"

namespace smile {

namespace fs = std::filesystem;

Status CannotWrite(const std::string& path, const std::string& why) {
  return {Code::kStorageFailed, fmt::format("{} cannot be written: {}", path, why)};
}

Result<Salvage> Salvage::Make(const RocksDirectory& directory, const Clock& clock) {
  const std::string all = directory.path() + "/salvage";
  const auto now = static_cast<std::time_t>(clock.WallMillis() / 1000);
  const std::string first = fmt::format("{}/{:%Y%m%dT%H%M%SZ}", all, fmt::gmtime(now));
  std::error_code error;
  fs::create_directory(all, error);
  std::string path = first;
  for (int i = 2; fs::exists(path); ++i) path = fmt::format("{}-{}", first, i);
  fs::create_directory(path, error);
  if (error) return CannotWrite(path, error.message());
  fs::permissions(all, fs::perms::owner_all, error);
  fs::permissions(path, fs::perms::owner_all, error);
  return Salvage(directory, std::move(path));
}

Status Salvage::Save(const std::string& name, std::string_view content) const {
  return Write(name, [content](Append append) { return append(content); });
}

Status Salvage::Write(const std::string& name, FunctionRef<Status(Append)> write) const {
  const std::string path = path_ + "/" + name;
  const auto status_of = [&path](const rocksdb::Status& status) {
    return status.ok() ? Status() : CannotWrite(path, status.ToString());
  };
  std::unique_ptr<rocksdb::WritableFile> file;
  SMILE_TRY(write([&](std::string_view part) {
    rocksdb::Status status;
    if (file == nullptr) {
      status = directory_->env()->NewWritableFile(path, &file, rocksdb::EnvOptions());
    }
    return status_of(status.ok() ? file->Append(part) : status);
  }));
  if (file == nullptr) return {};
  SMILE_TRY(status_of(file->Sync()));
  return status_of(file->Close());
}

Status Salvage::Sync() const {
  SMILE_TRY(directory_->SyncSubdirectory(path_));
  SMILE_TRY(directory_->SyncSubdirectory(directory_->path() + "/salvage"));
  return directory_->Sync();
}

std::string SalvageLine(Table table, ByteView encoded, const RecordView& record) {
  std::string key;  // only two characters of a name need escapes in JSON
  for (const char c : NameOfEncoded(table, encoded)) {
    if (c == '"' || c == '\\') key.push_back('\\');
    key.push_back(c);
  }
  const std::string expires =
      record.expires_ms == 0 ? "" : fmt::format(",\"expires_ms\":{}", record.expires_ms);
  return fmt::format("{{\"key\":\"{}\",\"value_base64\":\"{}\",\"version\":{}{}}}\n", key,
                     ToBase64(record.value), record.version, expires);
}

}  // namespace smile
