#include "storage/rocks/damage.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "storage/key_name.h"
#include "storage/rocks/rocks_status.h"

namespace smile {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

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
      damage_->CompactionFailed(info.cf_name, info.status);
    }
  }
  // A failed compaction has installed nothing: without an error RocksDB goes on as before it.
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
    if (IsForItsTableAlone(reason, *error)) *error = rocksdb::Status::OK();
  }

 private:
  Damage* const damage_;
};

std::shared_ptr<rocksdb::EventListener> Damage::MakeListener() {
  for (Compactions& of_table : compactions_) {
    of_table.failed.store(false);
    of_table.paused.store(false);
  }
  return std::make_shared<Listener>(this);
}

void Damage::CompactionFailed(const std::string& family, const rocksdb::Status& status) {
  failed_compactions_.fetch_add(1, std::memory_order_relaxed);
  const TableInfo* const info = FindTable(family);
  if (info == nullptr) return;
  Compactions& compactions = compactions_[static_cast<size_t>(info->table)];
  const bool damaged = status.IsCorruption();
  const bool is_news = damaged && !compactions.damaged.exchange(true);
  if (compactions.failed.exchange(true) && !is_news) return;
  if (damaged) {
    log_->Error(
        fmt::format("a compaction of {} met damage ({}): compactions of {} are paused until the "
                    "next start, and its reads get slower; all that is not damaged is served. Stop "
                    "smiled, then `smiled check` says what is damaged and `smiled repair` gives it "
                    "up",
                    family, status.ToString(), family));
  } else {
    log_->Error(
        fmt::format("a compaction of {} failed ({}): compactions of {} are paused and tried "
                    "again later, and its reads get slower meanwhile. Look into the "
                    "system's log for errors of the disk",
                    family, status.ToString(), family));
  }
}

void Damage::CompactionSucceeded(const std::string& family) {
  const TableInfo* const info = FindTable(family);
  if (info != nullptr) compactions_[static_cast<size_t>(info->table)].succeeded.store(true);
}

void Damage::PauseCompactions(rocksdb::DB* db,
                              std::span<rocksdb::ColumnFamilyHandle* const> families) {
  failed_reads_.Tick();
  for (size_t i = 0; i < families.size(); ++i) {
    Compactions& compactions = compactions_[i];
    if (compactions.succeeded.exchange(false)) compactions.pause_nanos = 0;
    if (!compactions.paused.load()) {
      if (compactions.failed.load()) Pause(db, families[i], &compactions);
    } else if (!compactions.damaged.load() && clock_->MonotonicNanos() >= compactions.pause_ends) {
      GoOn(db, families[i], &compactions);
    }
  }
}

void Damage::Pause(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Compactions* compactions) {
  if (!db->SetOptions(family, {{"disable_auto_compactions", "true"}}).ok()) return;
  compactions->pause_nanos =
      std::clamp(2 * compactions->pause_nanos, limits::kMinCompactionPauseSeconds * kNanosPerSecond,
                 limits::kMaxCompactionPauseSeconds * kNanosPerSecond);
  compactions->pause_ends = clock_->MonotonicNanos() + compactions->pause_nanos;
  compactions->paused.store(true);
}

// One that begins at once may fail at once: what it sets is not to be overwritten.
void Damage::GoOn(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Compactions* compactions) {
  compactions->failed.store(false);
  compactions->paused.store(false);
  if (db->SetOptions(family, {{"disable_auto_compactions", "false"}}).ok()) {
    log_->Info(fmt::format("compactions of {} are tried again", family->GetName()));
  } else {
    compactions->failed.store(true);
  }
}

void Damage::PauseAgain() {
  for (Compactions& compactions : compactions_) {
    if (compactions.paused.exchange(false)) compactions.failed.store(true);
  }
}

Status Damage::FailedRead(Table table, ByteView encoded, const rocksdb::Status& status) {
  Status answer = StatusOfRead(status);
  if (answer.code() == Code::kCorrupt) corrupt_reads_.fetch_add(1, std::memory_order_relaxed);
  LogRead(table, encoded, [&] { return status.ToString(); });
  return answer;
}

void Damage::DamagedRecord(Table table, ByteView encoded, const Status& why) {
  if (why.code() == Code::kCorrupt) corrupt_reads_.fetch_add(1, std::memory_order_relaxed);
  LogRead(table, encoded, [&] { return why.words(); });
}

void Damage::LogRead(Table table, ByteView encoded, FunctionRef<std::string()> why) {
  failed_reads_.Write(
      [&] { return fmt::format("{} cannot be read: {}", NameOfEncoded(table, encoded), why()); });
}

void Damage::TableRebuilt(const RebuiltTable& rebuilt, const std::string& why,
                          const std::string& directory) {
  rebuilt_files_.fetch_add(1, std::memory_order_relaxed);
  log_->Error(fmt::format(
      "{}: {} cannot be used ({}): {}. All that can be read is served. Stop smiled, then "
      "`smiled check {}` verifies all files and `smiled repair {}` gives up what is lost",
      InfoOf(rebuilt.table()).name, rebuilt.name(), why, rebuilt.DescribeLost(), directory,
      directory));
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
