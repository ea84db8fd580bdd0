#include "storage/rocks/check.h"

#include <fmt/format.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "storage/key_name.h"
#include "storage/record_format.h"
#include "storage/rocks/gap_end.h"
#include "storage/rocks/log_files.h"
#include "storage/rocks/rocks_log.h"
#include "storage/rocks/rocks_options.h"
#include "storage/rocks/slices.h"
#include "storage/rocks/table_walk.h"

namespace smile {
namespace {

constexpr size_t kCheckCacheBytes = size_t{64} << 20;

struct BlockPlace {
  uint64_t offset;
  uint64_t size;

  bool operator<(const BlockPlace& other) const { return offset < other.offset; }
};

std::optional<uint64_t> NumberAfter(std::string_view words, std::string_view what) {
  const size_t at = words.rfind(what);
  if (at == std::string_view::npos) return std::nullopt;
  const char* const begin = words.data() + at + what.size();
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(begin, words.data() + words.size(), number);
  if (error != std::errc() || end == begin) return std::nullopt;
  return number;
}

// RocksDB 7.8 ends so: "… in /data/rocksdb/000022.sst offset 24405 size 1229". Nothing else of its
// interface says which block it was.
std::optional<BlockPlace> PlaceIn(const rocksdb::Status& status) {
  const std::string words = status.ToString();
  const auto offset = NumberAfter(words, " offset ");
  const auto size = NumberAfter(words, " size ");
  if (words.find("block checksum mismatch") == std::string::npos || !offset || !size) return {};
  return BlockPlace{*offset, *size};
}

// One table file: which of its blocks are damaged.
class FileCheck {
 public:
  FileCheck(Table table, const rocksdb::LiveFileMetaData& file, const rocksdb::Options& options,
            CheckReport* report)
      : table_(table),
        name_(file.relative_filename),
        path_(file.directory + "/" + file.relative_filename),
        reader_(options),
        report_(report) {}

  void Run() {
    ++report_->checked_files;
    if (const rocksdb::Status opened = reader_.Open(path_); !opened.ok()) return GiveUp(opened);
    // First index, filter and the like, then the data.
    const rocksdb::Status status = reader_.VerifyChecksum();
    if (status.ok()) return;
    const std::optional<BlockPlace> place = PlaceIn(status);
    if (!place || place->offset >= reader_.GetTableProperties()->data_size) return GiveUp(status);
    FindBlocks();
  }

 private:
  void GiveUp(const rocksdb::Status& why) { report_->files.push_back({name_, why.ToString()}); }

  std::unique_ptr<rocksdb::Iterator> NewIterator() {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    options.fill_cache = false;
    return std::unique_ptr<rocksdb::Iterator>(reader_.NewIterator(options));
  }

  void FindBlocks() {
    Bytes from;
    Bytes last;
    while (true) {
      const auto iterator = NewIterator();
      for (iterator->Seek(from); iterator->Valid(); iterator->Next()) {
        last = Bytes(ViewOf(iterator->key()));
      }
      if (iterator->status().ok()) return;
      if (!last.empty()) from = last + '\0';
      std::set<BlockPlace> places;
      const auto note = [&](const rocksdb::Status& status) {
        if (const auto place = PlaceIn(status)) places.insert(*place);
      };
      note(iterator->status());
      const Bytes end = FindGapEnd(table_, from, {}, [&](ByteView key) -> std::optional<Bytes> {
        const auto probe = NewIterator();
        probe->Seek(rocksdb::Slice(key.data(), key.size()));
        if (probe->Valid()) return Bytes(ViewOf(probe->key()));
        if (probe->status().ok()) return Bytes();
        note(probe->status());
        return std::nullopt;
      });
      if (places.empty()) return GiveUp(iterator->status());
      for (const BlockPlace& place : places) {
        report_->blocks.push_back({table_, name_, place.offset, place.size, last, end});
      }
      if (end.empty()) return;
      from = end;
    }
  }

  const Table table_;
  const std::string name_;
  const std::string path_;
  rocksdb::SstFileReader reader_;
  CheckReport* const report_;
};

void CheckRecords(const ReadOnlyDatabase& database, Table table, CheckReport* report) {
  TableWalk walk(database.db(), database.family(table), table, {}, {});
  walk.Run({.record =
                [&](ByteView encoded, ByteView stored) {
                  ++report->checked_records;
                  const Result<RecordView> record = ParseAndVerifyRecord(stored);
                  if (record.ok()) return;
                  report->records.push_back({table, Bytes(encoded), record.status().words()});
                },
            .damaged_value =
                [&](ByteView encoded, const rocksdb::Status& status) {
                  report->records.push_back({table, Bytes(encoded), status.ToString()});
                },
            // The files' own checks have told of it.
            .gap = [](ByteView, ByteView, const rocksdb::Status&) {}});
}

std::string Line(const DamagedBlock& block) {
  const auto name = [&](ByteView key) { return NameOfEncoded(block.table, key); };
  const std::string after =
      block.after.empty() ? "from its beginning" : "after " + name(block.after);
  const std::string before = block.before.empty() ? "to its end" : "before " + name(block.before);
  return fmt::format("{}: a block of {} (offset {}, {} bytes) is damaged: records {}, {}",
                     InfoOf(block.table).name, block.file, block.offset, block.size, after, before);
}

}  // namespace

std::vector<std::string> CheckReport::Lines() const {
  std::vector<std::string> lines = others;
  for (const DamagedFile& file : files) {
    lines.push_back(fmt::format("{} is damaged as a whole: {}", file.file, file.why));
  }
  for (const DamagedBlock& block : blocks) lines.push_back(Line(block));
  for (const DamagedRecord& record : records) {
    lines.push_back(
        fmt::format("{} is damaged: {}", NameOfEncoded(record.table, record.encoded), record.why));
  }
  return lines;
}

Result<std::unique_ptr<ReadOnlyDatabase>> ReadOnlyDatabase::Open(const RocksDirectory& directory,
                                                                 const Clock* clock,
                                                                 const Logger* log) {
  std::unique_ptr<ReadOnlyDatabase> database(new ReadOnlyDatabase());
  RocksOptions options;
  options.directory = directory.path();
  options.block_cache_bytes = kCheckCacheBytes;
  database->clock_ = clock;
  database->env_ = rocksdb::NewCompositeEnv(
      MakeLogFileSystem(rocksdb::FileSystem::Default(), /*accept_damage=*/false));
  database->cache_ = MakeBlockCache(options);
  rocksdb::DBOptions settings = DatabaseOptions(options, database->env_.get());
  settings.info_log = MakeRocksLog(clock, log);
  std::vector<std::string> present;
  rocksdb::Status status =
      rocksdb::DB::ListColumnFamilies(settings, directory.database_path(), &present);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : present) {
    const TableInfo* const info = FindTable(name);
    families.emplace_back(name, info == nullptr
                                    ? rocksdb::ColumnFamilyOptions()
                                    : FamilyOptions(info->table, options, database->cache_, clock,
                                                    &database->blobs_));
  }
  rocksdb::DB* db = nullptr;
  if (status.ok()) {
    status = rocksdb::DB::OpenForReadOnly(settings, directory.database_path(), families,
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

rocksdb::Options ReadOnlyDatabase::OptionsOf(Table table) const {
  RocksOptions options;
  rocksdb::Options result(rocksdb::DBOptions(),
                          FamilyOptions(table, options, cache_, clock_, &blobs_));
  result.env = env_.get();
  return result;
}

CheckReport CheckDirectory(const RocksDirectory& directory, const Clock* clock, const Logger* log,
                           const CheckProgress& progress) {
  CheckReport report;
  const Result<Watermark> watermark = directory.ReadWatermark();
  if (!watermark.ok()) report.others.push_back(watermark.status().words());
  Result<std::unique_ptr<ReadOnlyDatabase>> opened = ReadOnlyDatabase::Open(directory, clock, log);
  if (!opened.ok()) {
    report.others.push_back(fmt::format("the database does not open: {}", opened.status().words()));
    return report;
  }
  const ReadOnlyDatabase& database = **opened;
  const uint64_t latest = database.db()->GetLatestSequenceNumber();
  if (watermark.ok() && latest < watermark->sequence) {
    report.others.push_back(
        fmt::format("acknowledged writes are missing: the log ends at {}, but "
                    "{} were acknowledged",
                    latest, watermark->sequence));
  }
  std::vector<rocksdb::LiveFileMetaData> files;
  database.db()->GetLiveFilesMetaData(&files);
  uint64_t whole = 0;
  for (const auto& file : files) whole += file.size;
  uint64_t done = 0;
  for (const auto& file : files) {
    const TableInfo* const info = FindTable(file.column_family_name);
    if (info != nullptr) {
      FileCheck(info->table, file, database.OptionsOf(info->table), &report).Run();
    }
    done += file.size;
    progress(done, whole);
  }
  for (const TableInfo& info : kTables) {
    if (database.family(info.table) != nullptr) CheckRecords(database, info.table, &report);
  }
  return report;
}

}  // namespace smile
