#include "storage/rocks/damage.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "storage/key_name.h"
#include "storage/rocks/rocks_status.h"

namespace smile {
namespace {

static_assert(limits::kMinCompactionPauseSeconds <= limits::kMaxCompactionPauseSeconds);
static_assert(limits::kMaxCompactionPauseSeconds <= INT64_MAX / kNanosPerSecond / 4);

// Damage, or a disk that cannot be read or written; not a full disk (error_listener.h), nor a
// directory that another process has taken over.
bool IsForItsTableAlone(rocksdb::BackgroundErrorReason reason, const rocksdb::Status& error) {
  if (reason != rocksdb::BackgroundErrorReason::kCompaction) return false;
  return error.IsCorruption() || (error.IsIOError() && !error.IsNoSpace() && !error.IsIOFenced());
}

}  // namespace

class Damage::Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(Damage* damage) : damage_(damage) {}

  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& info) override {
    if (info.status.ok()) {
      damage_->CompactionSucceeded(info.cf_name);
    } else if (IsForItsTableAlone(rocksdb::BackgroundErrorReason::kCompaction, info.status)) {
      damage_->CompactionFailed(info);
    }
  }
  // A failed compaction has installed nothing: with the error cleared, RocksDB continues as before.
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
    if (IsForItsTableAlone(reason, *error)) *error = rocksdb::Status::OK();
  }

 private:
  Damage* const damage_;
};

std::shared_ptr<rocksdb::EventListener> Damage::MakeListener() {
  return std::make_shared<Listener>(this);
}

void Damage::Note(Place place) {
  const std::lock_guard lock(mutex_);
  if (places_.size() < kMaxPlaces) places_.push_back(std::move(place));
}

std::vector<Damage::Place> Damage::TakePlaces() {
  const std::lock_guard lock(mutex_);
  return std::exchange(places_, {});
}

void Damage::CompactionFailed(const rocksdb::CompactionJobInfo& compaction) {
  const std::string& family = compaction.cf_name;
  const rocksdb::Status& status = compaction.status;
  failed_compactions_.fetch_add(1, std::memory_order_relaxed);
  const TableInfo* const info = FindTable(family);
  if (info == nullptr) return;
  Compactions& compactions = compactions_[static_cast<size_t>(info->table)];
  const bool damaged = status.IsCorruption();
  for (const rocksdb::CompactionFileInfo& file : compaction.input_file_infos) {
    if (IsDamage(status)) Note({.table = info->table, .key = {}, .file_number = file.file_number});
  }
  const bool is_news = damaged && !compactions.damaged.exchange(true);
  if (compactions.failed.exchange(true) && !is_news) return;
  if (damaged) {
    log_->Error(
        fmt::format("a compaction of {0} met damage ({1}): compactions of {0} are paused until the "
                    "next start, and reads of it get slower; undamaged data is served. Stop "
                    "smiled, run `smiled check` to list the damage and `smiled repair` to remove "
                    "it",
                    family, status.ToString()));
  } else {
    log_->Error(
        fmt::format("a compaction of {0} failed ({1}): compactions of {0} are paused and will be "
                    "retried, and reads of it get slower meanwhile; check the system log for disk "
                    "errors",
                    family, status.ToString()));
  }
}

void Damage::CompactionSucceeded(const std::string& family) {
  const TableInfo* const info = FindTable(family);
  if (info != nullptr) compactions_[static_cast<size_t>(info->table)].succeeded.store(true);
}

void Damage::PauseCompactions(rocksdb::DB* db,
                              std::span<rocksdb::ColumnFamilyHandle* const> families) {
  failed_reads_.Tick();
  CHECK(families.size() == compactions_.size());
  for (size_t i = 0; i < families.size(); ++i) {
    Compactions& compactions = compactions_[i];
    if (compactions.succeeded.exchange(false)) compactions.pause_nanos = 0;
    if (!compactions.paused.load()) {
      if (compactions.failed.load()) Pause(db, families[i], &compactions);
    } else if (!compactions.damaged.load() && clock_->MonotonicNanos() >= compactions.pause_ends) {
      Resume(db, families[i], &compactions);
    }
  }
}

void Damage::Pause(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Compactions* compactions) {
  CHECK(!compactions->paused.load(), "they are paused or running");
  if (!db->SetOptions(family, {{"disable_auto_compactions", "true"}}).ok()) return;
  compactions->pause_nanos =
      std::clamp(2 * compactions->pause_nanos, limits::kMinCompactionPauseSeconds * kNanosPerSecond,
                 limits::kMaxCompactionPauseSeconds * kNanosPerSecond);
  compactions->pause_ends = clock_->MonotonicNanos() + compactions->pause_nanos;
  compactions->paused.store(true);
}

// The flags are cleared first: a compaction that starts at once may also fail at once.
void Damage::Resume(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family,
                    Compactions* compactions) {
  CHECK(compactions->paused.load());
  compactions->failed.store(false);
  compactions->paused.store(false);
  if (db->SetOptions(family, {{"disable_auto_compactions", "false"}}).ok()) {
    log_->Info(fmt::format("compactions of {} are resumed", family->GetName()));
  } else {
    compactions->failed.store(true);
  }
}

void Damage::PauseAgain() {
  for (Compactions& compactions : compactions_) {
    if (compactions.paused.exchange(false)) compactions.failed.store(true);
  }
}

void Damage::ForgetFailedCompactions() {
  for (Compactions& compactions : compactions_) {
    compactions.failed.store(false);
    compactions.damaged.store(false);
    compactions.paused.store(false);
    compactions.pause_nanos = 0;
  }
}

Status Damage::FailedRead(Table table, ByteView encoded, const rocksdb::Status& status) {
  Status answer = StatusOfRead(status);
  if (answer.code() == Code::kCorrupt) corrupt_reads_.fetch_add(1, std::memory_order_relaxed);
  if (IsDamage(status)) Note({.table = table, .key = Bytes(encoded)});
  LogRead(table, encoded, [&] { return status.ToString(); });
  return answer;
}

void Damage::DamagedRecord(Table table, ByteView encoded, const Status& why) {
  if (why.code() == Code::kCorrupt) corrupt_reads_.fetch_add(1, std::memory_order_relaxed);
  LogRead(table, encoded, [&] { return why.message(); });
}

void Damage::LogRead(Table table, ByteView encoded, FunctionRef<std::string()> why) {
  failed_reads_.Write(
      [&] { return fmt::format("{} cannot be read: {}", NameOfEncoded(table, encoded), why()); });
}

void Damage::TableRebuilt(const RebuiltTable& rebuilt, const std::string& why) {
  rebuilt_files_.fetch_add(1, std::memory_order_relaxed);
  log_->Error(fmt::format(
      "table {0}: the file {1} is damaged ({2}): {3}. Readable data is served. Stop smiled, run "
      "`smiled check {4}` to verify all files and `smiled repair {4}` to remove what is lost",
      InfoOf(rebuilt.table()).name, rebuilt.name(), why, rebuilt.DescribeLost(), directory_));
}

Damage::Counts Damage::counts() const {
  Counts counts{.corrupt_reads = corrupt_reads_.load(std::memory_order_relaxed),
                .failed_compactions = failed_compactions_.load(std::memory_order_relaxed),
                .paused_tables = 0,
                .rebuilt_files = rebuilt_files_.load(std::memory_order_relaxed)};
  for (const TableInfo& info : kTables) counts.paused_tables += paused(info.table) ? 1 : 0;
  return counts;
}

}  // namespace smile
