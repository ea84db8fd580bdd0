// What an open database does about the room on its disk, and how it is opened again after it met a
// full one.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/limits.h"
#include "storage/rocks/log_files.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/rocks_properties.h"

namespace smile {
namespace {

constexpr std::chrono::seconds kReopeningPatience{10};  // for uses of RocksDB to end
constexpr uint32_t kReopeningRetryMillis = 500;
constexpr int kPeriodsBetweenTries = 20;  // of the upkeep: about a second

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

// When room gets short the memtables are written out, while what they need is there; and earlier,
// so that they do not keep puts from room that there is.
void RocksDatabase::LookAtSpace() {
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
  // Deletes make room only by compactions.
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
  // It fails only with RocksDB itself, of which writes will tell.
  (void)db_->Flush(options, {families_.begin(), families_.end()});
}

// What a start may have to write out.
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

// With a full disk behind it RocksDB is opened again: the log says what was written, and its replay
// gives each write the sequence number that it has there. Reads go on until there is room for it.
void RocksDatabase::MaybeReopen() {
  if (health_.load(std::memory_order_acquire) != Health::kNoSpace) return;
  if (--periods_to_reopening_ > 0) return;
  periods_to_reopening_ = kPeriodsBetweenTries;
  if (!HasRoomToReopen()) return;
  const Status status = Reopen();
  if (status.ok()) {
    periods_to_reopening_ = 0;
    reopening_error_.clear();
    log_->Info("there is room on the disk again: writes are taken");
  } else if (status.words() != reopening_error_) {
    reopening_error_ = status.words();
    log_->Error(fmt::format("the storage cannot be opened again yet: {}", reopening_error_));
  }
}

Status RocksDatabase::Reopen() {
  if (db_ != nullptr) {
    // While the one that is open still answers reads.
    SMILE_TRY(CheckRecovery(watermark_));
    if (!gate_.Close(kReopeningPatience)) {
      return {Code::kOverloaded, "reads have not ended in time"};
    }
    CloseDatabase();
  }
  if (const rocksdb::Status status = OpenDatabase(Options()); !status.ok()) {
    return {Code::kStorageFailed, status.ToString()};
  }
  damage_->PauseAgain();
  reopenings_.fetch_add(1, std::memory_order_acq_rel);
  Health full = Health::kNoSpace;  // or a disk that has failed meanwhile
  health_.compare_exchange_strong(full, Health::kGood, std::memory_order_acq_rel);
  gate_.Open();
  return {};
}

// What the file system says is free need not be to be had: a file is written.
bool RocksDatabase::HasRoomToReopen() {
  if (!space_.MakeRoom(space_.memtable_bytes() + limits::kStartFreeDiskBytes)) return false;
  const std::string path = directory_->path() + "/PROBE";
  const rocksdb::Status written = rocksdb::WriteStringToFile(env_, std::string(kLogZeroBytes, '\0'),
                                                             path, /*should_sync=*/true);
  (void)env_->DeleteFile(path);
  return written.ok();
}

Status RocksDatabase::Reopening() {
  return {Code::kOverloaded, "the storage is being opened again after its disk was full",
          kReopeningRetryMillis};
}

}  // namespace smile
