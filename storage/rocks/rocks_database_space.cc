// How an open database manages disk space, and how it is reopened after a full disk.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "storage/rocks/log_files.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/rocks_properties.h"

namespace smile {
namespace {

constexpr std::chrono::seconds kReopeningPatience{10};  // to wait for uses of RocksDB to end
constexpr uint32_t kReopeningRetryMillis = 500;
constexpr int kPeriodsBetweenTries = 20;  // about a second

}  // namespace

uint64_t RocksDatabase::MemtableBytes(const std::string& property) const {
  uint64_t bytes = 0;
  for (rocksdb::ColumnFamilyHandle* const family : families_) {
    bytes += IntProperty(db_.get(), family, property);
  }
  return bytes - std::min(bytes, empty_memtable_bytes_);
}

uint64_t RocksDatabase::MemtableBytes() const {
  return MemtableBytes(rocksdb::DB::Properties::kCurSizeAllMemTables);
}

bool RocksDatabase::IsLowOnSpaceFor(uint64_t bytes) {
  if (space_.Count(bytes)) space_.Look(MemtableBytes());
  return space_.low();
}

void RocksDatabase::MakeRoomForDeletes() {
  deletes_while_low_ = true;
  (void)space_.MakeRoom(space_.memtable_bytes() + limits::kStartFreeDiskBytes);
}

// When space gets low, flushes the memtables while there is still enough for that; and earlier, so
// that the space reserved for them does not make puts fail.
void RocksDatabase::LookAtSpace() {
  CHECK(db_ != nullptr);
  space_.Look(MemtableBytes());
  const bool low = space_.low();
  const bool reserve = space_.has_reserve();
  if (low && (!was_low_on_space_ || (had_reserve_ && !reserve))) flush_wanted_ = true;
  if (space_.tight() && space_.memtable_bytes() >= limits::kLeastEarlyFlushBytes &&
      MemtableBytes(rocksdb::DB::Properties::kCurSizeActiveMemTable) >=
          limits::kLeastEarlyFlushBytes) {
    flush_wanted_ = true;
  }
  was_low_on_space_ = low;
  had_reserve_ = reserve;
  // Deletes free space only through compactions.
  const bool compaction_lacks_room = compaction_lacks_room_.exchange(false);
  if (!low) deletes_while_low_ = false;
  if (compaction_lacks_room && deletes_while_low_) {
    (void)space_.MakeRoom(space_.free_bytes() + limits::kStartFreeDiskBytes);
  }
  const uint64_t needed = space_.memtable_bytes() + limits::kStartFreeDiskBytes;
  if (!flush_wanted_ || space_.free_bytes() < needed) return;
  flush_wanted_ = false;
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  // If it fails, so will the next write, which reports it.
  (void)db_->Flush(options, {families_.begin(), families_.end()});
}

// How much a start may have to flush.
uint64_t RocksDatabase::LogBytes() const {
  std::vector<std::string> names;
  (void)env_->GetChildren(directory_->database_path(), &names);
  uint64_t bytes = 0;
  for (const std::string& name : names) {
    uint64_t size = 0;
    if (!name.ends_with(".log")) continue;
    if (env_->GetFileSize(directory_->database_path() + "/" + name, &size).ok()) bytes += size;
  }
  return bytes;
}

// Reopens RocksDB after a full disk: the log has what was written, and its replay gives each write
// the sequence number that it has there. Reads continue until there is enough space. Also reopens a
// healthy one that does not use all rebuilt files yet, and one that could not be opened again.
void RocksDatabase::MaybeReopen() {
  const Health health = health_.load(std::memory_order_acquire);
  const bool full = health == Health::kNoSpace;
  const bool uses_all = rebuilt_in_use_ == rebuilt_->size();
  if (db_ != nullptr && !full && (uses_all || health != Health::kGood)) return;
  if (--periods_to_reopening_ > 0) return;
  periods_to_reopening_ = kPeriodsBetweenTries;
  if (full && !HasRoomToReopen()) return;
  const Status status = full ? ReopenFromLog() : ReopenHealthy();
  if (status.ok()) {
    periods_to_reopening_ = 0;
    reopening_error_.clear();
    log_->Info(full ? fmt::format("the disk of {} has space again: writes are accepted",
                                  options_.directory)
                    : fmt::format("the database in {} was reopened to use the rebuilt files",
                                  options_.directory));
  } else if (status.message() != reopening_error_) {
    reopening_error_ = status.message();
    log_->Error(fmt::format("the database in {} cannot be reopened yet, trying again: {}",
                            options_.directory, reopening_error_));
  }
}

Status RocksDatabase::ReopenFromLog() {
  if (db_ != nullptr) {
    // The open database still answers reads meanwhile.
    SMILE_TRY(CheckRecovery(watermark_));
    SMILE_TRY(EndUses());
    CloseDatabase();
  }
  SMILE_TRY(OpenAgain());
  Health full = Health::kNoSpace;  // unless writing has failed meanwhile
  health_.compare_exchange_strong(full, Health::kGood, std::memory_order_acq_rel);
  gate_.Open();
  return {};
}

Status RocksDatabase::ReopenHealthy() {
  if (db_ != nullptr) {
    SMILE_TRY(EndUses());
    Flush();
    if (!Writable().ok()) {
      gate_.Open();
      return Writable();
    }
    RaiseWatermark();
    CloseDatabase();
  }
  SMILE_TRY(OpenAgain());
  CHECK(db_->GetLatestSequenceNumber() >= watermark_, "a healthy database loses nothing");
  gate_.Open();
  return {};
}

Status RocksDatabase::EndUses() {
  collector_.Interrupt();
  if (gate_.Close(kReopeningPatience)) return {};
  return {Code::kOverloaded, "running reads did not end in time"};
}

Status RocksDatabase::OpenAgain() {
  CHECK(db_ == nullptr && gate_.closed(), "nothing uses RocksDB while it is opened");
  const size_t rebuilt = rebuilt_in_use_;
  rocksdb::Status status = OpenDatabase(Options());
  if (!status.ok() && RebuildTables()) status = OpenDatabase(Options());
  if (!status.ok()) return {Code::kStorageFailed, status.ToString()};
  if (rebuilt_in_use_ != rebuilt) {
    damage_->ForgetFailedCompactions();
  } else {
    damage_->PauseAgain();
  }
  reopenings_.fetch_add(1, std::memory_order_acq_rel);
  return {};
}

// Not all space that the file system reports as free can be used, so a file is written.
bool RocksDatabase::HasRoomToReopen() {
  if (!space_.MakeRoom(space_.memtable_bytes() + limits::kStartFreeDiskBytes)) return false;
  const std::string path = directory_->path() + "/PROBE";
  const rocksdb::Status written = rocksdb::WriteStringToFile(env_, std::string(kLogZeroBytes, '\0'),
                                                             path, /*should_sync=*/true);
  (void)env_->DeleteFile(path);
  return written.ok();
}

Status RocksDatabase::Reopening() {
  return {Code::kOverloaded,
          "the server is opening its database again: nothing was done; retry later",
          kReopeningRetryMillis};
}

}  // namespace smile
