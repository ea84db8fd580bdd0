#include "storage/rocks/repair.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "storage/key_encoding.h"
#include "storage/key_name.h"
#include "storage/record_format.h"
#include "storage/rocks/doubtful_records.h"
#include "storage/rocks/emptied_blocks.h"
#include "storage/rocks/offline_database.h"
#include "storage/rocks/readable_bytes.h"
#include "storage/rocks/salvage.h"
#include "storage/rocks/table_blocks.h"
#include "storage/rocks/table_walk.h"

namespace smile {
namespace {

constexpr uint64_t kDeletesPerWrite = 1000;
constexpr size_t kListedOlder = 100;

std::string OlderPath(const RocksDirectory& directory) {
  return directory.path() + "/repair.tmp";
}

Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return {};
  const char* const advice = status.IsNoSpace() ? "; free some space, and repair again" : "";
  return {Code::kStorageFailed, status.ToString() + advice};
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

class DirectoryRepair {
 public:
  DirectoryRepair(const RocksDirectory& directory, const CheckReport& report, const Clock* clock,
                  const Logger* log)
      : directory_(directory), report_(report), clock_(clock), log_(log) {}

  // Changes nothing.
  Status FindOlder(OlderRecords older_records);
  // Saves everything that is changed later, durably.
  Status PutAside();
  // Deletes records before it removes what hides the older ones, so that a repair that is
  // interrupted never leaves an outdated record visible, and can be repeated.
  Status Change(bool keep_older);

  const std::string& salvage() const { return salvage_->path(); }
  uint64_t older_count() const { return older_->count(); }
  Result<std::vector<std::string>> NamesOfOlder(size_t limit) const;

 private:
  // The keys that a file may have contained, from `lower`, inclusive, to `upper`, exclusive.
  struct Range {
    Table table;
    Bytes lower, upper;
  };

  Status OpenViews();
  void FindOlderIn(const Range& range);
  Status SaveDamagedRecords();
  Status SaveOlder();
  Status Mark();
  Status EmptyBlocks();
  Status Delete(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families,
                bool keep_older);
  rocksdb::Status Compact(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families);
  std::map<std::string, Table> DamagedFiles() const;

  const RocksDirectory& directory_;
  const CheckReport& report_;
  const Clock* const clock_;
  const Logger* const log_;
  // As it is, and as it will be without what is damaged, until all is put aside.
  std::unique_ptr<ReadOnlyDatabase> database_;
  std::unique_ptr<ReadOnlyDatabase> repaired_;
  std::unique_ptr<DoubtfulRecords> older_;  // whose newest version may have been in what is lost
  std::optional<Salvage> salvage_;          // once all is put aside
};

Result<std::vector<std::string>> DirectoryRepair::NamesOfOlder(size_t limit) const {
  std::vector<std::string> names;
  SMILE_TRY(older_->ForEach(limit, [&names](Table table, ByteView encoded, ByteView) {
    names.push_back(NameOfEncoded(table, encoded));
    return Status();
  }));
  return names;
}

// What will be visible in the range, where the newest version may have been in what is lost:
// reading it now meets what is lost before it finds that version.
void DirectoryRepair::FindOlderIn(const Range& range) {
  rocksdb::ColumnFamilyHandle* const family = database_->family(range.table);
  TableWalk walk(repaired_->db(), repaired_->family(range.table), range.table, range.lower,
                 range.upper);
  walk.Run({.record =
                [&](ByteView encoded, ByteView stored) {
                  std::string value;
                  const rocksdb::Slice key(encoded.data(), encoded.size());
                  if (!database_->db()->Get({}, family, key, &value).IsCorruption()) return;
                  const Result<RecordView> record = ParseRecord(stored);
                  if (!record.ok()) return;
                  older_->Add(range.table, encoded, SalvageLine(range.table, encoded, *record));
                },
            .damaged_value = [](ByteView, const rocksdb::Status&) {},
            .gap = [](ByteView, ByteView, const rocksdb::Status&) {}});
}

Status DirectoryRepair::OpenViews() {
  const auto files = directory_.env()->GetFileSystem();
  SMILE_ASSIGN(database_, ReadOnlyDatabase::Open(directory_, files, report_.rebuilt,
                                                 LostRecords::kUnreadable, clock_, log_));
  SMILE_ASSIGN(repaired_, ReadOnlyDatabase::Open(
                              directory_, MakeEmptiedBlocksFileSystem(files, report_.blocks),
                              report_.rebuilt, LostRecords::kGivenUp, clock_, log_));
  return {};
}

Status DirectoryRepair::FindOlder(OlderRecords older_records) {
  SMILE_TRY(OpenViews());
  SMILE_ASSIGN(older_, DoubtfulRecords::Make(OlderPath(directory_)));
  for (const DamagedFile& file : report_.files) {
    const RebuiltTable& rebuilt = *file.rebuilt;
    for (const LostRange& lost : rebuilt.lost()) {
      FindOlderIn({.table = rebuilt.table(),
                   .lower = lost.after.empty() ? rebuilt.smallest() : lost.after + '\0',
                   .upper = lost.before.empty() ? rebuilt.largest() + '\0' : lost.before});
    }
  }
  if (older_->count() > 0 && older_records == OlderRecords::kDeleteInBlocks) {
    SMILE_ASSIGN(const std::vector<std::string> first, NamesOfOlder(1));
    return {Code::kConditionFailed,
            fmt::format("nothing was changed: {} records, the first of them {}, may be outdated or "
                        "deleted, because they are in ranges that a file has lost; repair with "
                        "--delete-older (they are saved in older.jsonl first) or with --keep-older "
                        "(they are served)",
                        older_->count(), first.front())};
  }
  for (const DamagedBlock& block : report_.blocks) {
    FindOlderIn({.table = block.table,
                 .lower = block.after.empty() ? Bytes() : block.after + '\0',
                 .upper = block.before});
  }
  return {};
}

std::map<std::string, Table> DirectoryRepair::DamagedFiles() const {
  std::map<std::string, Table> files;
  for (const DamagedBlock& block : report_.blocks) files[block.file] = block.table;
  for (const DamagedFile& file : report_.files) {
    files[file.rebuilt->name()] = file.rebuilt->table();
  }
  return files;
}

Status DirectoryRepair::SaveDamagedRecords() {
  return salvage_->Write("damaged.jsonl", [this](Salvage::Append append) -> Status {
    for (const DamagedRecord& damaged : report_.records) {
      rocksdb::ColumnFamilyHandle* const family = database_->family(damaged.table);
      std::string stored;
      if (!database_->db()->Get({}, family, damaged.encoded, &stored).ok()) continue;
      const Result<RecordView> record = ParseRecord(stored);
      if (!record.ok()) continue;
      SMILE_TRY(append(SalvageLine(damaged.table, damaged.encoded, *record)));
    }
    return {};
  });
}

Status DirectoryRepair::SaveOlder() {
  return salvage_->Write("older.jsonl", [this](Salvage::Append append) {
    return older_->ForEach(DoubtfulRecords::kAll,
                           [append](Table, ByteView, ByteView line) { return append(line); });
  });
}

Status DirectoryRepair::PutAside() {
  SMILE_ASSIGN(salvage_, Salvage::Make(directory_, *clock_));
  std::string damage;
  for (const std::string& line : report_.Lines()) damage += line + "\n";
  SMILE_TRY(salvage_->Save("damage.txt", damage));
  rocksdb::FileSystem* const files = directory_.env()->GetFileSystem().get();
  for (const auto& [file, table] : DamagedFiles()) {
    const std::string path = directory_.database_path() + "/" + file;
    if (directory_.env()->FileExists(path).IsNotFound()) continue;
    SMILE_TRY(salvage_->Save(file, ReadReadableBytes(files, path)));
  }
  SMILE_TRY(SaveOlder());
  SMILE_TRY(SaveDamagedRecords());
  database_.reset();
  repaired_.reset();
  return salvage_->Sync();
}

Status DirectoryRepair::Mark() {
  const std::string path = RocksDirectory::RepairMarkOf(directory_.path());
  SMILE_TRY(
      FromRocks(rocksdb::WriteStringToFile(directory_.env(), "", path, /*should_sync=*/true)));
  return directory_.Sync();
}

Status DirectoryRepair::EmptyBlocks() {
  for (const DamagedBlock& block : report_.blocks) {
    SMILE_TRY(Overwrite(directory_.database_path() + "/" + block.file, block.offset,
                        EmptyBlock(block.size)));
  }
  return {};
}

// Durable when it returns.
Status DirectoryRepair::Delete(rocksdb::DB* db,
                               std::span<rocksdb::ColumnFamilyHandle* const> families,
                               bool keep_older) {
  rocksdb::WriteBatch batch;
  const auto write = [&] {
    const rocksdb::Status status = db->Write({}, &batch);
    batch.Clear();
    return FromRocks(status);
  };
  const auto add = [&](Table table, ByteView encoded, ByteView = {}) {
    const rocksdb::Slice key(encoded.data(), encoded.size());
    CHECK(batch.Delete(families[static_cast<size_t>(table)], key).ok());
    return batch.Count() < kDeletesPerWrite ? Status() : write();
  };
  for (const DamagedRecord& record : report_.records) SMILE_TRY(add(record.table, record.encoded));
  if (!keep_older) SMILE_TRY(older_->ForEach(DoubtfulRecords::kAll, add));
  SMILE_TRY(write());
  return FromRocks(db->Flush(rocksdb::FlushOptions(), {families.begin(), families.end()}));
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
Status DirectoryRepair::Change(bool keep_older) {
  CHECK(salvage_.has_value() && database_ == nullptr, "what is changed was saved");
  SMILE_TRY(Mark());
  OfflineOptions options(directory_, directory_.env()->GetFileSystem(), report_.rebuilt,
                         LostRecords::kGivenUp, clock_, log_);
  for (rocksdb::ColumnFamilyDescriptor& family : options.families) {
    family.options.disable_auto_compactions = true;  // they might start with a damaged file
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  SMILE_TRY(FromRocks(
      rocksdb::DB::Open(options.settings, options.path, options.families, &handles, &opened)));
  const std::unique_ptr<rocksdb::DB> db(opened);
  options.blobs.Load(db.get());
  Status status = Delete(db.get(), handles, keep_older);
  if (status.ok()) status = EmptyBlocks();
  if (status.ok()) status = FromRocks(Compact(db.get(), handles));
  for (rocksdb::ColumnFamilyHandle* const handle : handles) {
    (void)db->DestroyColumnFamilyHandle(handle);
  }
  const Status closed = FromRocks(db->Close());
  return status.ok() ? closed : status;
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
  report.resumed = std::filesystem::exists(RocksDirectory::RepairMarkOf(directory.path()));
  DoubtfulRecords::RemoveLeftOver(OlderPath(directory));
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
  SMILE_TRY(repair.Change(older_records == OlderRecords::kKeep));
  report.salvage = repair.salvage();
  report.older_count = repair.older_count();
  SMILE_ASSIGN(report.older, repair.NamesOfOlder(kListedOlder));
  report.after = CheckDirectory(directory, clock, log, progress);
  return report;
}

void EndRepair(const std::string& data_directory) {
  std::error_code ignored;  // then the next repair restores the links again
  std::filesystem::remove(RocksDirectory::RepairMarkOf(data_directory), ignored);
}

}  // namespace smile
