#include "storage/rocks/unopenable_files.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/thread_name.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/table_files.h"

namespace smile {
namespace {

using Files = std::vector<rocksdb::LiveFileMetaData>;

// A damaged block is met again and again, in a file that can be opened.
constexpr int64_t kNanosBetweenExaminations = 60'000'000'000;
constexpr int64_t kNanosBetweenSearches = 1'000'000'000;

// Adds the files at a place: a file, or those of a table that a read at a key may have met: at each
// level those that contain the key, and the next one, at which a scan arrives.
void AddFilesAt(const Files& files, const Damage::Place& place,
                std::map<uint64_t, const rocksdb::LiveFileMetaData*>* met) {
  std::map<int, const rocksdb::LiveFileMetaData*> next;  // by level
  for (const rocksdb::LiveFileMetaData& file : files) {
    if (place.file_number != 0) {
      if (file.file_number == place.file_number) met->emplace(file.file_number, &file);
      continue;
    }
    if (file.column_family_name != InfoOf(place.table).name || file.largestkey < place.key)
      continue;
    if (file.smallestkey <= place.key) {
      met->emplace(file.file_number, &file);
      continue;
    }
    const auto [at, is_first] = next.try_emplace(file.level, &file);
    if (!is_first && file.smallestkey < at->second->smallestkey) at->second = &file;
  }
  for (const auto& [level, file] : next) met->emplace(file->file_number, file);
}

}  // namespace

UnopenableFiles::UnopenableFiles(const RocksDatabase* database,
                                 std::shared_ptr<RebuiltTables> rebuilt, const Clock* clock,
                                 rocksdb::Env* env)
    : database_(database), rebuilt_(std::move(rebuilt)), clock_(clock), env_(env) {}

void UnopenableFiles::Stop() {
  stopping_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
}

void UnopenableFiles::Tick() {
  const int64_t now = clock_->MonotonicNanos();
  if (searching_.load(std::memory_order_acquire) || now < next_search_nanos_) return;
  std::vector<Damage::Place> places = database_->damage().TakePlaces();
  if (places.empty()) return;
  next_search_nanos_ = now + kNanosBetweenSearches;
  if (thread_.joinable()) thread_.join();
  searching_.store(true, std::memory_order_release);
  thread_ = std::thread([this, met = std::move(places)] {
    NameThisThread("smile-rebuild");
    Search(met);
    searching_.store(false, std::memory_order_release);
  });
}

void UnopenableFiles::Search(const std::vector<Damage::Place>& places) {
  const Files files = LiveFiles();
  std::map<uint64_t, const rocksdb::LiveFileMetaData*> met;
  for (const Damage::Place& place : places) {
    AddFilesAt(files, place, &met);
  }
  for (const auto& [number, file] : met) {
    if (stopping_.load(std::memory_order_acquire)) return;
    Examine(*file);
  }
}

void UnopenableFiles::Examine(const rocksdb::LiveFileMetaData& file) {
  if (rebuilt_->Find(file.relative_filename) != nullptr) return;
  const int64_t now = clock_->MonotonicNanos();
  const auto [examined, is_first] = examined_nanos_.try_emplace(file.file_number, now);
  if (!is_first && now - examined->second < kNanosBetweenExaminations) return;
  examined->second = now;
  const TableInfo* const info = FindTable(file.column_family_name);
  CHECK(info != nullptr, "damage is noted for tables");
  std::optional<rocksdb::Options> options;
  if (const UseGate::Use use = database_->Enter()) {
    options = database_->db()->GetOptions(database_->family(info->table));
  }
  if (!options.has_value()) return;
  options->env = env_;
  const std::optional<UnopenableTable> found = RebuildIfUnopenable(info->table, file, *options);
  if (!found.has_value()) return;
  if (!IsLive(file)) {  // a compaction has replaced it, or the database is being reopened
    examined_nanos_.erase(file.file_number);
    return;
  }
  database_->damage().TableRebuilt(*found->rebuilt, found->why);
  rebuilt_->Add(found->rebuilt);
}

bool UnopenableFiles::IsLive(const rocksdb::LiveFileMetaData& file) const {
  const Files files = LiveFiles();
  return std::any_of(files.begin(), files.end(),
                     [&](const auto& live) { return live.file_number == file.file_number; });
}

Files UnopenableFiles::LiveFiles() const {
  Files files;
  const UseGate::Use use = database_->Enter();
  if (use) database_->db()->GetLiveFilesMetaData(&files);
  return files;
}

}  // namespace smile
