#include "storage/rocks/repair.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "base/coding.h"
#include "base/hash.h"
#include "base/text.h"
#include "storage/key_name.h"
#include "storage/record_format.h"
#include "storage/rocks/log_files.h"
#include "storage/rocks/rocks_log.h"
#include "storage/rocks/rocks_options.h"
#include "storage/rocks/table_walk.h"

namespace smile {
namespace {

namespace fs = std::filesystem;

struct StoredRecord {
  Table table;
  Bytes encoded;
};

Status CannotWrite(const std::string& path, const std::string& why) {
  return {Code::kStorageFailed, fmt::format("{} cannot be written: {}", path, why)};
}

// A block without entries, as RocksDB writes blocks: its content, of which the last four bytes
// count restart points, is all zeros; then a byte for "not compressed" (0), and the low half of the
// content's XXH3-64, which the byte 0 does not change. True of format_version 5 and its checksums,
// which rocks_options leaves at RocksDB's defaults.
Bytes EmptyBlock(uint64_t size) {
  Bytes block(size, '\0');
  const auto checksum = static_cast<uint32_t>(Hash64(block));
  block.push_back('\0');
  AppendLittle(&block, checksum);
  return block;
}

Status Overwrite(const std::string& path, uint64_t offset, ByteView bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  bool ok = file >= 0;
  while (ok && !bytes.empty()) {
    const ssize_t written = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    ok = written > 0;
    if (!ok) break;
    offset += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  ok = ok && fsync(file) == 0;
  const int error = errno;
  if (file >= 0) close(file);
  return ok ? Status() : CannotWrite(path, std::generic_category().message(error));
}

// A line as `smilecat load` takes it; the path is JSON but for two characters.
std::string SalvageLine(Table table, ByteView encoded, const RecordView& record) {
  std::string key;
  for (const char c : NameOfEncoded(table, encoded)) {
    if (c == '"' || c == '\\') key.push_back('\\');
    key.push_back(c);
  }
  const std::string expires =
      record.expires_ms == 0 ? "" : fmt::format(",\"expires_ms\":{}", record.expires_ms);
  return fmt::format("{{\"key\":\"{}\",\"value_base64\":\"{}\",\"version\":{}{}}}\n", key,
                     ToBase64(record.value), record.version, expires);
}

class Repair {
 public:
  Repair(const RocksDirectory& directory, const Clock* clock, const Logger* log)
      : directory_(directory), clock_(clock), log_(log) {}

  // Everything that is changed later, put aside durably.
  Status PutAside(const CheckReport& report);
  Status EmptyBlocks(const CheckReport& report);
  Status DeleteAndCompact(const CheckReport& report, bool keep_older);

  const std::string& salvage() const { return salvage_; }
  std::vector<std::string> older() const {
    std::vector<std::string> names;
    for (const StoredRecord& record : older_) {
      names.push_back(NameOfEncoded(record.table, record.encoded));
    }
    return names;
  }

 private:
  Status MakeSalvage();
  Status Save(const std::string& name, const std::string& content);
  void FindOlder(const ReadOnlyDatabase& database, const DamagedBlock& block, std::string* lines);
  std::string DamagedLines(const ReadOnlyDatabase& database, const CheckReport& report);

  const RocksDirectory& directory_;
  const Clock* const clock_;
  const Logger* const log_;
  std::string salvage_;
  std::vector<StoredRecord> older_;
  std::set<std::pair<Table, Bytes>> found_;
};

Status Repair::MakeSalvage() {
  const std::string all = directory_.path() + "/salvage";
  const auto now = static_cast<std::time_t>(clock_->WallMillis() / 1000);
  const std::string first = fmt::format("{}/{:%Y%m%dT%H%M%SZ}", all, fmt::gmtime(now));
  std::error_code error;
  fs::create_directory(all, error);
  salvage_ = first;
  for (int i = 2; fs::exists(salvage_); ++i) salvage_ = fmt::format("{}-{}", first, i);
  fs::create_directory(salvage_, error);
  if (error) return CannotWrite(salvage_, error.message());
  fs::permissions(all, fs::perms::owner_all, error);
  fs::permissions(salvage_, fs::perms::owner_all, error);
  return {};
}

Status Repair::Save(const std::string& name, const std::string& content) {
  const std::string path = salvage_ + "/" + name;
  const rocksdb::Status status =
      rocksdb::WriteStringToFile(rocksdb::Env::Default(), content, path, /*should_sync=*/true);
  return status.ok() ? Status() : CannotWrite(path, status.ToString());
}

// Records inside the block's range whose newest version the database cannot say, because it may
// have been in the block.
void Repair::FindOlder(const ReadOnlyDatabase& database, const DamagedBlock& block,
                       std::string* lines) {
  rocksdb::ColumnFamilyHandle* const family = database.family(block.table);
  const uint64_t number = std::stoull(block.file);
  const auto not_this_file = [number](const rocksdb::TableProperties& properties) {
    return properties.orig_file_number != number;
  };
  const Bytes lower = block.after.empty() ? Bytes() : block.after + '\0';
  TableWalk walk(database.db(), family, block.table, lower, block.before, not_this_file);
  walk.Run({.record =
                [&](ByteView encoded, ByteView stored) {
                  std::string value;
                  const rocksdb::Slice key(encoded.data(), encoded.size());
                  if (!database.db()->Get({}, family, key, &value).IsCorruption()) return;
                  const Result<RecordView> record = ParseRecord(stored);
                  if (!record.ok() || !found_.insert({block.table, Bytes(encoded)}).second) return;
                  lines->append(SalvageLine(block.table, encoded, *record));
                  older_.push_back({block.table, Bytes(encoded)});
                },
            .damaged_value = [](ByteView, const rocksdb::Status&) {},
            .gap = [](ByteView, ByteView, const rocksdb::Status&) {}});
}

std::string Repair::DamagedLines(const ReadOnlyDatabase& database, const CheckReport& report) {
  std::string lines;
  for (const DamagedRecord& damaged : report.records) {
    std::string stored;
    if (!database.db()->Get({}, database.family(damaged.table), damaged.encoded, &stored).ok()) {
      continue;
    }
    const Result<RecordView> record = ParseRecord(stored);
    if (record.ok()) lines += SalvageLine(damaged.table, damaged.encoded, *record);
  }
  return lines;
}

Status Repair::PutAside(const CheckReport& report) {
  SMILE_TRY(MakeSalvage());
  std::string damage;
  for (const std::string& line : report.Lines()) damage += line + "\n";
  SMILE_TRY(Save("damage.txt", damage));
  std::set<std::string> files;
  for (const DamagedBlock& block : report.blocks) files.insert(block.file);
  for (const std::string& file : files) {
    std::string content;
    const std::string path = directory_.database_path() + "/" + file;
    const rocksdb::Status read = rocksdb::ReadFileToString(rocksdb::Env::Default(), path, &content);
    if (!read.ok()) return CannotWrite(salvage_ + "/" + file, read.ToString());
    SMILE_TRY(Save(file, content));
  }
  SMILE_ASSIGN(const auto database, ReadOnlyDatabase::Open(directory_, clock_, log_));
  std::string older;
  for (const DamagedBlock& block : report.blocks) FindOlder(*database, block, &older);
  if (!older.empty()) SMILE_TRY(Save("older.jsonl", older));
  const std::string damaged = DamagedLines(*database, report);
  if (!damaged.empty()) SMILE_TRY(Save("damaged.jsonl", damaged));
  return directory_.Sync();
}

Status Repair::EmptyBlocks(const CheckReport& report) {
  for (const DamagedBlock& block : report.blocks) {
    SMILE_TRY(Overwrite(directory_.database_path() + "/" + block.file, block.offset,
                        EmptyBlock(block.size)));
  }
  return {};
}

// Through the database itself, which replays its log first. The files that have an empty block are
// written anew, so that no file differs from the checksum that the manifest has of it.
Status Repair::DeleteAndCompact(const CheckReport& report, bool keep_older) {
  RocksOptions options;
  options.directory = directory_.path();
  const auto env = rocksdb::NewCompositeEnv(
      MakeLogFileSystem(rocksdb::FileSystem::Default(), /*accept_damage=*/false));
  const auto cache = MakeBlockCache(options);
  ExpiringBlobs blobs;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  for (const TableInfo& info : kTables) {
    families.emplace_back(std::string(info.name),
                          FamilyOptions(info.table, options, cache, clock_, &blobs));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  rocksdb::DBOptions settings = DatabaseOptions(options, env.get());
  settings.info_log = MakeRocksLog(clock_, log_);
  rocksdb::Status status =
      rocksdb::DB::Open(settings, directory_.database_path(), families, &handles, &opened);
  if (!status.ok()) return {Code::kStorageFailed, status.ToString()};
  const std::unique_ptr<rocksdb::DB> db(opened);
  blobs.Load(db.get());
  const auto family = [&](Table table) { return handles[static_cast<size_t>(table)]; };
  rocksdb::WriteBatch batch;
  for (const DamagedRecord& record : report.records) {
    status = batch.Delete(family(record.table), record.encoded);
  }
  if (!keep_older) {
    for (const StoredRecord& record : older_) {
      status = batch.Delete(family(record.table), record.encoded);
    }
  }
  rocksdb::WriteOptions durably;
  durably.sync = true;
  if (status.ok() && batch.Count() > 0) status = db->Write(durably, &batch);
  std::map<std::string, Table> emptied;
  for (const DamagedBlock& block : report.blocks) emptied[block.file] = block.table;
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  for (const auto& file : files) {
    const auto found = emptied.find(file.relative_filename);
    if (found == emptied.end() || !status.ok()) continue;
    rocksdb::CompactRangeOptions all_levels;
    all_levels.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    const rocksdb::Slice first(file.smallestkey), last(file.largestkey);
    status = db->CompactRange(all_levels, family(found->second), &first, &last);
  }
  if (status.ok()) status = db->Flush(rocksdb::FlushOptions(), handles);
  for (rocksdb::ColumnFamilyHandle* const handle : handles) {
    (void)db->DestroyColumnFamilyHandle(handle);
  }
  const rocksdb::Status closed = db->Close();
  if (status.ok()) status = closed;
  return status.ok() ? Status() : Status(Code::kStorageFailed, status.ToString());
}

}  // namespace

Result<RepairReport> RepairDirectory(const RocksDirectory& directory, bool keep_older,
                                     const Clock* clock, const Logger* log,
                                     const CheckProgress& progress) {
  RepairReport report;
  report.before = CheckDirectory(directory, clock, log, progress);
  if (report.before.blocks.empty() && report.before.records.empty()) {
    report.after = report.before;
    return report;
  }
  Repair repair(directory, clock, log);
  SMILE_TRY(repair.PutAside(report.before));
  SMILE_TRY(directory.EndEpoch());  // what is given up may have been written in it
  SMILE_TRY(repair.EmptyBlocks(report.before));
  SMILE_TRY(repair.DeleteAndCompact(report.before, keep_older));
  report.salvage = repair.salvage();
  report.older = repair.older();
  report.after = CheckDirectory(directory, clock, log, progress);
  return report;
}

}  // namespace smile
