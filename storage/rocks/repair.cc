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
#include <span>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "storage/key_encoding.h"
#include "storage/key_name.h"
#include "storage/record_format.h"
#include "storage/rocks/offline_database.h"
#include "storage/rocks/readable_bytes.h"
#include "storage/rocks/table_blocks.h"
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

// A line in the format of `smilecat load`. In a path only two characters need escapes in JSON.
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

class DirectoryRepair {
 public:
  DirectoryRepair(const RocksDirectory& directory, const CheckReport& report, const Clock* clock,
                  const Logger* log)
      : directory_(directory), report_(report), clock_(clock), log_(log) {}

  // Changes nothing.
  Status FindOlder(OlderRecords older_records);
  // Saves everything that is changed later, durably.
  Status PutAside();
  Status EmptyBlocks();
  Status DeleteAndCompact(bool keep_older);

  const std::string& salvage() const { return salvage_; }
  std::vector<std::string> older() const {
    std::vector<std::string> names;
    for (const StoredRecord& record : older_) {
      names.push_back(NameOfEncoded(record.table, record.encoded));
    }
    return names;
  }

 private:
  // The keys that a file may have contained, from `lower`, inclusive, to `upper`, exclusive.
  struct Range {
    Table table;
    std::string file;
    Bytes lower, upper;
  };

  Status MakeSalvage();
  Status Save(const std::string& name, const std::string& content);
  void FindOlderIn(const ReadOnlyDatabase& database, const Range& range);
  std::string DamagedLines(const ReadOnlyDatabase& database);
  rocksdb::Status Delete(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families,
                         bool keep_older);
  rocksdb::Status Compact(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families);
  std::map<std::string, Table> DamagedFiles() const;

  const RocksDirectory& directory_;
  const CheckReport& report_;
  const Clock* const clock_;
  const Logger* const log_;
  std::string salvage_;
  std::string older_lines_;
  std::string damaged_lines_;
  std::vector<StoredRecord> older_;
  std::set<std::pair<Table, Bytes>> found_;
};

Status DirectoryRepair::MakeSalvage() {
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

Status DirectoryRepair::Save(const std::string& name, const std::string& content) {
  const std::string path = salvage_ + "/" + name;
  const rocksdb::Status status =
      rocksdb::WriteStringToFile(rocksdb::Env::Default(), content, path, /*should_sync=*/true);
  return status.ok() ? Status() : CannotWrite(path, status.ToString());
}

// Finds the records in the range whose newest version is unknown, because it may have been in what
// is lost.
void DirectoryRepair::FindOlderIn(const ReadOnlyDatabase& database, const Range& range) {
  rocksdb::ColumnFamilyHandle* const family = database.family(range.table);
  const uint64_t number = std::stoull(range.file);
  const auto not_this_file = [number](const rocksdb::TableProperties& properties) {
    return properties.orig_file_number != number;
  };
  TableWalk walk(database.db(), family, range.table, range.lower, range.upper, not_this_file);
  walk.Run({.record =
                [&](ByteView encoded, ByteView stored) {
                  std::string value;
                  const rocksdb::Slice key(encoded.data(), encoded.size());
                  if (!database.db()->Get({}, family, key, &value).IsCorruption()) return;
                  const Result<RecordView> record = ParseRecord(stored);
                  if (!record.ok() || !found_.insert({range.table, Bytes(encoded)}).second) return;
                  older_lines_ += SalvageLine(range.table, encoded, *record);
                  older_.push_back({range.table, Bytes(encoded)});
                },
            .damaged_value = [](ByteView, const rocksdb::Status&) {},
            .gap = [](ByteView, ByteView, const rocksdb::Status&) {}});
}

Status DirectoryRepair::FindOlder(OlderRecords older_records) {
  SMILE_ASSIGN(const auto database,
               ReadOnlyDatabase::Open(directory_, report_.rebuilt, clock_, log_));
  damaged_lines_ = DamagedLines(*database);
  for (const DamagedFile& file : report_.files) {
    const RebuiltTable& rebuilt = *file.rebuilt;
    for (const LostRange& lost : rebuilt.lost()) {
      FindOlderIn(*database,
                  {.table = rebuilt.table(),
                   .file = rebuilt.name(),
                   .lower = lost.after.empty() ? rebuilt.smallest() : lost.after + '\0',
                   .upper = lost.before.empty() ? rebuilt.largest() + '\0' : lost.before});
    }
  }
  if (!older_.empty() && older_records == OlderRecords::kDeleteInBlocks) {
    return {Code::kConditionFailed,
            fmt::format("nothing was changed: {} records, the first of them {}, may be outdated or "
                        "deleted, because they are in ranges that a file has lost; repair with "
                        "--delete-older (they are saved in older.jsonl first) or with --keep-older "
                        "(they are served)",
                        older_.size(), older().front())};
  }
  for (const DamagedBlock& block : report_.blocks) {
    FindOlderIn(*database, {.table = block.table,
                            .file = block.file,
                            .lower = block.after.empty() ? Bytes() : block.after + '\0',
                            .upper = block.before});
  }
  return {};
}

std::string DirectoryRepair::DamagedLines(const ReadOnlyDatabase& database) {
  std::string lines;
  for (const DamagedRecord& damaged : report_.records) {
    std::string stored;
    if (!database.db()->Get({}, database.family(damaged.table), damaged.encoded, &stored).ok()) {
      continue;
    }
    const Result<RecordView> record = ParseRecord(stored);
    if (record.ok()) lines += SalvageLine(damaged.table, damaged.encoded, *record);
  }
  return lines;
}

std::map<std::string, Table> DirectoryRepair::DamagedFiles() const {
  std::map<std::string, Table> files;
  for (const DamagedBlock& block : report_.blocks) files[block.file] = block.table;
  for (const DamagedFile& file : report_.files) {
    files[file.rebuilt->name()] = file.rebuilt->table();
  }
  return files;
}

Status DirectoryRepair::PutAside() {
  SMILE_TRY(MakeSalvage());
  std::string damage;
  for (const std::string& line : report_.Lines()) damage += line + "\n";
  SMILE_TRY(Save("damage.txt", damage));
  rocksdb::FileSystem* const files = rocksdb::FileSystem::Default().get();
  for (const auto& [file, table] : DamagedFiles()) {
    const std::string path = directory_.database_path() + "/" + file;
    if (rocksdb::Env::Default()->FileExists(path).IsNotFound()) continue;
    SMILE_TRY(Save(file, ReadReadableBytes(files, path)));
  }
  if (!older_lines_.empty()) SMILE_TRY(Save("older.jsonl", older_lines_));
  if (!damaged_lines_.empty()) SMILE_TRY(Save("damaged.jsonl", damaged_lines_));
  // The files are synced; now their entries, and those of the directories above them.
  SMILE_TRY(directory_.SyncSubdirectory(salvage_));
  SMILE_TRY(directory_.SyncSubdirectory(directory_.path() + "/salvage"));
  return directory_.Sync();
}

Status DirectoryRepair::EmptyBlocks() {
  CHECK(!salvage_.empty(), "what is changed was saved");
  for (const DamagedBlock& block : report_.blocks) {
    SMILE_TRY(Overwrite(directory_.database_path() + "/" + block.file, block.offset,
                        EmptyBlock(block.size)));
  }
  return {};
}

rocksdb::Status DirectoryRepair::Delete(rocksdb::DB* db,
                                        std::span<rocksdb::ColumnFamilyHandle* const> families,
                                        bool keep_older) {
  rocksdb::WriteBatch batch;
  rocksdb::Status status;
  const auto add = [&](Table table, const Bytes& encoded) {
    if (status.ok()) status = batch.Delete(families[static_cast<size_t>(table)], encoded);
  };
  for (const DamagedRecord& record : report_.records) add(record.table, record.encoded);
  if (!keep_older) {
    for (const StoredRecord& record : older_) add(record.table, record.encoded);
  }
  rocksdb::WriteOptions durably;
  durably.sync = true;
  if (status.ok() && batch.Count() > 0) status = db->Write(durably, &batch);
  return status;
}

// The level to which files of `level` are compacted: the same, but for level 0 the next one with
// files.
int OutputLevel(const rocksdb::ColumnFamilyMetaData& family, int level) {
  CHECK(level >= 0 && !family.levels.empty());
  if (level > 0) return level;
  for (const rocksdb::LevelMetaData& below : family.levels) {
    if (below.level > 0 && !below.files.empty()) return below.level;
  }
  return family.levels.back().level;
}

// Rewrites the damaged files, so that all files match the manifest. (A compaction of their key
// ranges would skip files without records.)
rocksdb::Status DirectoryRepair::Compact(rocksdb::DB* db,
                                         std::span<rocksdb::ColumnFamilyHandle* const> families) {
  rocksdb::CompactionOptions options;
  options.compression = rocksdb::kDisableCompressionOption;  // the table's own
  for (const auto& [name, table] : DamagedFiles()) {
    rocksdb::ColumnFamilyHandle* const family = families[static_cast<size_t>(table)];
    options.output_file_size_limit = db->GetOptions(family).target_file_size_base;
    rocksdb::ColumnFamilyMetaData meta;
    db->GetColumnFamilyMetaData(family, &meta);
    for (const rocksdb::LevelMetaData& level : meta.levels) {
      for (const rocksdb::SstFileMetaData& file : level.files) {
        if (file.relative_filename != name) continue;
        rocksdb::Status status =
            db->CompactFiles(options, family, {name}, OutputLevel(meta, level.level));
        if (!status.ok()) return status;
      }
    }
  }
  return {};
}

// Through the database itself, which replays its log first.
Status DirectoryRepair::DeleteAndCompact(bool keep_older) {
  CHECK(!salvage_.empty(), "what is changed was saved");
  OfflineOptions options(directory_, report_.rebuilt, LostRecords::kGivenUp, clock_, log_);
  for (rocksdb::ColumnFamilyDescriptor& family : options.families) {
    family.options.disable_auto_compactions = true;  // they might start with a damaged file
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status =
      rocksdb::DB::Open(options.settings, options.path, options.families, &handles, &opened);
  if (!status.ok()) return {Code::kStorageFailed, status.ToString()};
  const std::unique_ptr<rocksdb::DB> db(opened);
  options.blobs.Load(db.get());
  status = Delete(db.get(), handles, keep_older);
  if (status.ok()) status = Compact(db.get(), handles);
  if (status.ok()) status = db->Flush(rocksdb::FlushOptions(), handles);
  for (rocksdb::ColumnFamilyHandle* const handle : handles) {
    (void)db->DestroyColumnFamilyHandle(handle);
  }
  const rocksdb::Status closed = db->Close();
  if (status.ok()) status = closed;
  return status.ok() ? Status() : Status(Code::kStorageFailed, status.ToString());
}

}  // namespace

std::vector<PartitionRange> RemovedFrom(const CheckReport& damage, Table table) {
  std::vector<PartitionRange> ranges;
  const auto partition_of = [table](ByteView encoded) {
    Bytes partition;
    return DecodePartition(table, encoded, &partition) ? partition : Bytes();
  };
  const auto add = [&](ByteView first, ByteView last) {
    ranges.push_back({partition_of(first), partition_of(last)});
  };
  for (const DamagedBlock& block : damage.blocks) {
    if (block.table == table) add(block.after, block.before);
  }
  for (const DamagedFile& file : damage.files) {
    const RebuiltTable& rebuilt = *file.rebuilt;
    if (rebuilt.table() != table) continue;
    for (const LostRange& lost : rebuilt.lost()) {
      add(lost.after.empty() ? rebuilt.smallest() : lost.after,
          lost.before.empty() ? rebuilt.largest() : lost.before);
    }
  }
  for (const DamagedRecord& record : damage.records) {
    if (record.table == table) add(record.encoded, record.encoded);
  }
  return ranges;
}

Result<RepairReport> RepairDirectory(const RocksDirectory& directory, OlderRecords older_records,
                                     const Clock* clock, const Logger* log,
                                     const CheckProgress& progress) {
  RepairReport report;
  report.before = CheckDirectory(directory, clock, log, progress);
  if (report.before.blocks.empty() && report.before.records.empty() &&
      report.before.files.empty()) {
    report.after = report.before;
    return report;
  }
  DirectoryRepair repair(directory, report.before, clock, log);
  SMILE_TRY(repair.FindOlder(older_records));
  SMILE_TRY(repair.PutAside());
  SMILE_TRY(directory.EndEpoch());  // what is removed may have been written in it
  SMILE_TRY(repair.EmptyBlocks());
  SMILE_TRY(repair.DeleteAndCompact(older_records == OlderRecords::kKeep));
  report.salvage = repair.salvage();
  report.older = repair.older();
  report.after = CheckDirectory(directory, clock, log, progress);
  return report;
}

}  // namespace smile
