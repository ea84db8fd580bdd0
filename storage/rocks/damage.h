// Handles damage to table files that is found while the database is served.
//
// A read that meets a damaged block is answered `corrupt`, with no further consequence. A
// compaction that meets one fails: it installs nothing, so nothing is lost or changed. RocksDB
// would stop all writes after such a failure; here it does not. The same compaction would be
// retried every second, so automatic compactions of that table, and of no other, are paused: after
// damage until the next start; after a disk error, which may be transient, for a time that doubles
// with each failure in a row (limits::kMinCompactionPauseSeconds). Meanwhile level 0 of the table
// grows without stalling writers, and reads of the table get slower with each file in it.
//
// Damage is logged for the operator, with the name of the file, at a bounded rate. File names are
// never sent to clients.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

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
  // `directory` is the data directory, for the log. The clock and the log outlive it.
  Damage(std::string directory, const Clock* clock, const Logger* log)
      : directory_(std::move(directory)),
        clock_(clock),
        log_(log),
        failed_reads_(*log, *clock, LogLevel::kError, "reads that failed") {}
  Damage(const Damage&) = delete;
  Damage& operator=(const Damage&) = delete;

  // A listener for DBOptions::listeners, before those that handle the errors that remain. This
  // object outlives the database that the listener is given to.
  std::shared_ptr<rocksdb::EventListener> MakeListener();

  // Pauses the compactions of tables in which one has failed since the last call, resumes those
  // whose pause is over, and ends periods of the log. Writes RocksDB's options file, so it is
  // called by the upkeep thread. `families` are "default" and those of the tables, in order.
  void PauseCompactions(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families);

  // After the database was reopened, with all compactions enabled: the next PauseCompactions pauses
  // again the tables that were paused. By the upkeep thread.
  void PauseAgain();
  // After the database was reopened with rebuilt files: compactions are tried again.
  void ForgetFailedCompactions();

  // The answer to a read that failed, without the name of a file. Counts and logs the failure.
  // `encoded` is the key, or where a scan met the damage.
  Status FailedRead(Table table, ByteView encoded, const rocksdb::Status& status);
  // Counts and logs a record whose own bytes are damaged.
  void DamagedRecord(Table table, ByteView encoded, const Status& why);

  // Counts and logs a file that RocksDB cannot open and that is served as rebuilt.
  void TableRebuilt(const RebuiltTable& rebuilt, const std::string& why);

  // Where damage was met, by a read at a key of the table, or by a compaction in a file.
  struct Place {
    Table table{};
    Bytes key;                 // encoded
    uint64_t file_number = 0;  // 0: any file that a read at the key meets
  };
  // Those since the last call, at most kMaxPlaces. Any thread.
  std::vector<Place> TakePlaces();

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
    std::atomic<bool> failed{false};   // one has failed: they are to be paused
    std::atomic<bool> damaged{false};  // because of damage
    std::atomic<bool> paused{false};
    std::atomic<bool> succeeded{false};
    // Used by the upkeep thread.
    int64_t pause_nanos = 0;  // length of the last pause; 0: the next is the first
    int64_t pause_ends = 0;
  };

  void CompactionFailed(const rocksdb::CompactionJobInfo& compaction);
  void CompactionSucceeded(const std::string& family);
  void Pause(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Compactions* compactions);
  void Resume(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Compactions* compactions);
  void LogRead(Table table, ByteView encoded, FunctionRef<std::string()> why);

  void Note(Place place);

  static constexpr size_t kMaxPlaces = 64;
  const std::string directory_;
  const Clock* const clock_;
  const Logger* const log_;
  std::mutex mutex_;
  std::vector<Place> places_;  // guarded by mutex_
  LogLimit failed_reads_;
  static constexpr size_t kFamilies = kTables.size() + 1;
  std::array<Compactions, kFamilies> compactions_;
  std::atomic<uint64_t> corrupt_reads_{0};
  std::atomic<uint64_t> failed_compactions_{0};
  std::atomic<uint64_t> rebuilt_files_{0};
};

}  // namespace smile
