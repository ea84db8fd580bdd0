#include "storage/rocks/damage.h"

#include <fmt/format.h>

#include "storage/key_name.h"
#include "storage/rocks/rocks_status.h"

namespace smile {
namespace {

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
    if (IsForItsTableAlone(rocksdb::BackgroundErrorReason::kCompaction, info.status)) {
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
  for (std::atomic<bool>& to_pause : to_pause_) to_pause.store(false);
  for (std::atomic<bool>& paused : paused_) paused.store(false);
  return std::make_shared<Listener>(this);
}

void Damage::CompactionFailed(const std::string& family, const rocksdb::Status& status) {
  failed_compactions_.fetch_add(1, std::memory_order_relaxed);
  for (const TableInfo& info : kTables) {
    if (info.name != family) continue;
    const size_t table = static_cast<size_t>(info.table);
    if (paused_[table].load() || to_pause_[table].exchange(true)) continue;
    log_->Error(
        fmt::format("a compaction of {} met damage ({}): compactions of {} are paused until the "
                    "next start, and its reads get slower; all that is not damaged is served. Stop "
                    "smiled, then `smiled check` says what is damaged and `smiled repair` gives it "
                    "up",
                    family, status.ToString(), family));
  }
}

void Damage::PauseCompactions(rocksdb::DB* db,
                              std::span<rocksdb::ColumnFamilyHandle* const> families) {
  failed_reads_.Tick();
  for (size_t i = 0; i < families.size(); ++i) {
    if (!to_pause_[i].load() || paused_[i].load()) continue;
    if (db->SetOptions(families[i], {{"disable_auto_compactions", "true"}}).ok()) {
      paused_[i].store(true);
    }
  }
}

void Damage::PauseAgain() {
  for (size_t i = 0; i < kFamilies; ++i) {
    if (paused_[i].exchange(false)) to_pause_[i].store(true);
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

Damage::Counts Damage::counts() const {
  Counts counts{.corrupt_reads = corrupt_reads_.load(std::memory_order_relaxed),
                .failed_compactions = failed_compactions_.load(std::memory_order_relaxed),
                .paused_tables = 0};
  for (const TableInfo& info : kTables) counts.paused_tables += paused(info.table) ? 1 : 0;
  return counts;
}

}  // namespace smile
