#include "storage/rocks/check.h"

#include <fmt/format.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "storage/key_name.h"
#include "storage/record_format.h"
#include "storage/rocks/emptied_blocks.h"
#include "storage/rocks/gap_end.h"
#include "storage/rocks/offline_database.h"
#include "storage/rocks/slices.h"
#include "storage/rocks/table_files.h"
#include "storage/rocks/table_walk.h"

namespace smile {
namespace {

std::optional<uint64_t> NumberAfter(std::string_view words, std::string_view what) {
  const size_t at = words.rfind(what);
  if (at == std::string_view::npos) return std::nullopt;
  const char* const begin = words.data() + at + what.size();
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(begin, words.data() + words.size(), number);
  if (error != std::errc() || end == begin) return std::nullopt;
  return number;
}

// RocksDB 7.8's message ends so: "... in /data/rocksdb/000022.sst offset 24405 size 1229". Nothing
// else in its interface identifies the block.
std::optional<BlockPlace> PlaceIn(const rocksdb::Status& status) {
  const std::string words = status.ToString();
  const auto offset = NumberAfter(words, " offset ");
  const auto size = NumberAfter(words, " size ");
  if (words.find("block checksum mismatch") == std::string::npos || !offset || !size) return {};
  return BlockPlace{.offset = *offset, .size = *size};
}

// Finds the damaged blocks of one table file.
class FileCheck {
 public:
  FileCheck(Table table, const rocksdb::LiveFileMetaData& file, const rocksdb::Options& options,
            CheckReport* report)
      : table_(table), file_(file), options_(options), reader_(options), report_(report) {}

  void Run() {
    ++report_->checked_files;
    rocksdb::Status status = OpensWhole(file_, options_);
    if (status.ok()) status = reader_.Open(PathOf(file_));
    if (!status.ok()) return Rebuild(status);
    // Verifies index, filter and so on first, then the data.
    status = reader_.VerifyChecksum();
    if (status.ok()) return;
    const std::optional<BlockPlace> place = PlaceIn(status);
    if (!place || place->offset >= reader_.GetTableProperties()->data_size) return Rebuild(status);
    FindBlocks();
    FindOtherBlocks();
  }

 private:
  void Rebuild(const rocksdb::Status& why) {
    std::erase_if(report_->blocks,
                  [this](const auto& block) { return block.file == file_.relative_filename; });
    auto rebuilt = RebuiltTable::Make(table_, file_, rocksdb::FileSystem::Default().get());
    report_->rebuilt->Add(rebuilt);
    report_->files.push_back({std::move(rebuilt), why.ToString()});
  }

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
      if (places.empty()) return Rebuild(iterator->status());
      for (const BlockPlace& place : places) {
        report_->blocks.push_back(
            {table_, file_.relative_filename, place.offset, place.size, last, end});
      }
      if (end.empty()) return;
      from = end;
    }
  }

  // The keys that FindBlocks has looked for are not in each of several damaged blocks that follow
  // each other. With those that are known emptied, the next one is what cannot be verified.
  void FindOtherBlocks() {
    for (;;) {
      std::vector<DamagedBlock> known;
      std::copy_if(report_->blocks.begin(), report_->blocks.end(), std::back_inserter(known),
                   [&](const auto& block) { return block.file == file_.relative_filename; });
      if (known.empty()) return;  // it was rebuilt
      const auto env = rocksdb::NewCompositeEnv(
          MakeEmptiedBlocksFileSystem(options_.env->GetFileSystem(), known));
      rocksdb::Options options = options_;
      options.env = env.get();
      rocksdb::SstFileReader reader(options);
      rocksdb::Status status = reader.Open(PathOf(file_));
      if (status.ok()) status = reader.VerifyChecksum();
      if (status.ok()) return;
      const std::optional<BlockPlace> place = PlaceIn(status);
      const bool is_known = std::any_of(known.begin(), known.end(), [&](const auto& block) {
        return place && block.offset == place->offset;
      });
      if (!place || is_known || place->offset >= reader.GetTableProperties()->data_size) {
        return Rebuild(status);
      }
      Add(*place, known);
    }
  }

  // Between the known blocks before and after it there may be readable ones.
  void Add(const BlockPlace& place, const std::vector<DamagedBlock>& known) {
    DamagedBlock found{table_, file_.relative_filename, place.offset, place.size, {}, {}};
    const DamagedBlock* previous = nullptr;
    const DamagedBlock* next = nullptr;
    for (const DamagedBlock& block : known) {
      if (block.offset < place.offset && (previous == nullptr || block.offset > previous->offset)) {
        previous = &block;
      }
      if (block.offset > place.offset && (next == nullptr || block.offset < next->offset)) {
        next = &block;
      }
    }
    if (previous != nullptr) found.after = previous->after;
    if (next != nullptr) found.before = next->before;
    report_->blocks.push_back(std::move(found));
  }

  const Table table_;
  const rocksdb::LiveFileMetaData& file_;
  const rocksdb::Options options_;
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
                  report->records.push_back({table, Bytes(encoded), record.status().message()});
                },
            .damaged_value =
                [&](ByteView encoded, const rocksdb::Status& status) {
                  report->records.push_back({table, Bytes(encoded), status.ToString()});
                },
            // The checks of the files have reported it.
            .gap = [](ByteView, ByteView, const rocksdb::Status&) {}});
}

Status CheckFiles(const RocksDirectory& directory, const Clock* clock, const Logger* log,
                  const CheckProgress& progress, CheckReport* report) {
  OfflineOptions options(directory, directory.env()->GetFileSystem(), report->rebuilt,
                         LostRecords::kUnreadable, clock, log);
  FamilyDescriptors present = options.families;
  const rocksdb::Status status = KeepPresent(options.settings, options.path, &present);
  if (!status.ok()) return {Code::kStorageFailed, status.ToString()};
  SMILE_ASSIGN(const auto files, ListTableFiles(options.settings, options.path, present));
  uint64_t whole = 0;
  for (const auto& file : files) whole += file.size;
  uint64_t done = 0;
  for (const auto& file : files) {
    const TableInfo* const info = FindTable(file.column_family_name);
    if (info != nullptr) FileCheck(info->table, file, options.OfFile(info->table), report).Run();
    done += file.size;
    progress(done, whole);
  }
  return {};
}

std::string Line(const DamagedBlock& block) {
  const auto name = [&](ByteView key) { return NameOfEncoded(block.table, key); };
  const std::string after = block.after.empty() ? "from its start" : "after " + name(block.after);
  const std::string before = block.before.empty() ? "to its end" : "before " + name(block.before);
  return fmt::format("{}: a block of {} (offset {}, {} bytes) is damaged: records {}, {}",
                     InfoOf(block.table).name, block.file, block.offset, block.size, after, before);
}

std::string Line(const DamagedFile& file) {
  const RebuiltTable& rebuilt = *file.rebuilt;
  return fmt::format("{}: the file {} is damaged ({}): {}", InfoOf(rebuilt.table()).name,
                     rebuilt.name(), file.why, rebuilt.DescribeLost());
}

}  // namespace

std::vector<std::string> CheckReport::Lines() const {
  std::vector<std::string> lines = others;
  for (const DamagedFile& file : files) lines.push_back(Line(file));
  for (const DamagedBlock& block : blocks) lines.push_back(Line(block));
  for (const DamagedRecord& record : records) {
    lines.push_back(
        fmt::format("{} is damaged: {}", NameOfEncoded(record.table, record.encoded), record.why));
  }
  return lines;
}

CheckReport CheckDirectory(const RocksDirectory& directory, const Clock* clock, const Logger* log,
                           const CheckProgress& progress) {
  CheckReport report;
  const Result<Watermark> watermark = directory.ReadWatermark();
  if (!watermark.ok()) report.others.push_back(watermark.status().message());
  const auto refuse = [&](const Status& why) {
    report.others.push_back(fmt::format("the database cannot be opened: {}", why.message()));
    return report;
  };
  // First file by file: files that keep the database from opening are then read as rebuilt.
  if (Status status = CheckFiles(directory, clock, log, progress, &report); !status.ok()) {
    return refuse(status);
  }
  const auto opened = ReadOnlyDatabase::Open(directory, directory.env()->GetFileSystem(),
                                             report.rebuilt, LostRecords::kUnreadable, clock, log);
  if (!opened.ok()) return refuse(opened.status());
  const ReadOnlyDatabase& database = **opened;
  const uint64_t latest = database.db()->GetLatestSequenceNumber();
  if (watermark.ok() && latest < watermark->sequence) {
    report.others.push_back(
        fmt::format("acknowledged writes are missing: the log ends at {}, but writes up to {} were "
                    "acknowledged",
                    latest, watermark->sequence));
  }
  for (const TableInfo& info : kTables) {
    if (database.family(info.table) != nullptr) CheckRecords(database, info.table, &report);
  }
  return report;
}

}  // namespace smile
