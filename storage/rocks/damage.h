// What is met of damage to the table files while the database is served.
//
// A read that meets a damaged block is answered `corrupt`, and that is all that comes of it. A
// compaction that meets one fails: it installs nothing, so nothing is lost or changed. RocksDB
// would stop all writing after such a failure; here it does not. The same compaction would be
// picked again every second, so automatic compactions of that table, and of no other, are paused:
// until the next start after damage; after an error of the disk, which may pass, for a time
// that doubles with each failure in a row (limits::kMinCompactionPauseSeconds). The table's level 0
// grows meanwhile without stalling writers, and reads of the table get slower with each file in it.
//
// Where damage is met is logged for the operator, with the file's name, at a bounded rate. Files'
// names never go to clients.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/function_ref.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/status.h"
#include "model/tables.h"
#include "storage/rocks/rebuilt_table.h"

namespace smile {

class Damage {
 public:
  // The clock and the log outlive it.
  Damage(const Clock* clock, const Logger* log)
      : clock_(clock),
        log_(log),
        failed_reads_(*log, *clock, LogLevel::kError, "reads that failed") {}
  Damage(const Damage&) = delete;
  Damage& operator=(const Damage&) = delete;

  // For each opening of the database, in which all compactions run again: for DBOptions::listeners,
  // before those that report what is left of an error. This object
  // outlives the database that it is given to.
  std::shared_ptr<rocksdb::EventListener> MakeListener();

  // Pauses the compactions of tables in which one has failed since the last call, lets those go on
  // whose pause is over, and ends periods of the log. Writes RocksDB's options file: for the upkeep
  // thread. `families` are "default" and those of the tables, in their
  // order.
  void PauseCompactions(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families);

  // The same after the database was opened again: for the tables that were paused.
  void PauseAgain();

  // What an unsuccessful read is answered with, without the name of a file. Counts and logs it.
  // `encoded` is the key, or where a scan met the damage.
  Status FailedRead(Table table, ByteView encoded, const rocksdb::Status& status);
  // Counts and logs a record whose own bytes are wrong.
  void DamagedRecord(Table table, ByteView encoded, const Status& why);

  // At a start: RocksDB does not open the file; it is served as it was rebuilt. Counts and logs it.
  void TableRebuilt(const RebuiltTable& rebuilt, const std::string& why,
                    const std::string& directory);

  bool paused(Table table) const {
    return compactions_[static_cast<size_t>(table)].paused.load(std::memory_order_relaxed);
  }
  // Since the start.
  struct Counts {
    uint64_t corrupt_reads = 0;
    uint64_t failed_compactions = 0;
    uint64_t paused_tables = 0;
    uint64_t rebuilt_files = 0;
  };
  Counts counts() const;
  bool any() const {
    return corrupt_reads_.load(std::memory_order_relaxed) > 0 ||
           failed_compactions_.load(std::memory_order_relaxed) > 0 ||
           rebuilt_files_.load(std::memory_order_relaxed) > 0;
  }

 private:
  class Listener;

  // By a table's number.
  struct Compactions {
    std::atomic<bool> failed{false};   // since they were last begun: they are to be paused
    std::atomic<bool> damaged{false};  // that is why
    std::atomic<bool> paused{false};
    std::atomic<bool> succeeded{false};
    // The upkeep thread's.
    int64_t pause_nanos = 0;  // the last one's; 0: the next is the first
    int64_t pause_ends = 0;
  };

  void CompactionFailed(const std::string& family, const rocksdb::Status& status);
  void CompactionSucceeded(const std::string& family);
  void Pause(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Compactions* compactions);
  void GoOn(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Compactions* compactions);
  void LogRead(Table table, ByteView encoded, FunctionRef<std::string()> why);

  const Clock* const clock_;
  const Logger* const log_;
  LogLimit failed_reads_;
  static constexpr size_t kFamilies = kTables.size() + 1;
  std::array<Compactions, kFamilies> compactions_;
  std::atomic<uint64_t> corrupt_reads_{0};
  std::atomic<uint64_t> failed_compactions_{0};
  std::atomic<uint64_t> rebuilt_files_{0};
};

}  // namespace smile
