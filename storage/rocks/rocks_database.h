// An open database in its directory: RocksDB, its tables, the watermark, and the state of its
// health. What is done with it is elsewhere: group_writer, scan_job, rocks_stats.
//
// RocksDB is reopened in process after a full disk, and when table files that could not be opened
// were rebuilt. So a user of db(), family() or memtables() holds a Use (Enter) meanwhile, and for
// as long as it has iterators or values that RocksDB pins.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "storage/rocks/blob_collector.h"
#include "storage/rocks/compression_choice.h"
#include "storage/rocks/damage.h"
#include "storage/rocks/disk_space.h"
#include "storage/rocks/expiring_blobs.h"
#include "storage/rocks/index_format.h"
#include "storage/rocks/partition_memtable.h"
#include "storage/rocks/rebuilt_table.h"
#include "storage/rocks/rocks_directory.h"
#include "storage/rocks/rocks_engine.h"
#include "storage/rocks/table_files.h"
#include "storage/rocks/unopenable_files.h"
#include "storage/rocks/use_gate.h"

namespace smile {

class RocksDatabase {
 public:
  // As RocksEngine::Open. Recovery is first tried without writing anything, so that a directory
  // that is rejected is left as it was found.
  static Result<std::unique_ptr<RocksDatabase>> Open(const RocksOptions& options,
                                                     const Clock* clock, const Logger* log,
                                                     rocksdb::Env* env);
  // Nothing uses it any more (CHECK). If it is healthy, flushes the memtables and writes the
  // watermark, then closes.
  ~RocksDatabase();
  RocksDatabase(const RocksDatabase&) = delete;
  RocksDatabase& operator=(const RocksDatabase&) = delete;

  // Any thread. False: RocksDB is being reopened; answer Reopening().
  [[nodiscard]] UseGate::Use Enter() const { return gate_.Enter(); }
  // For long uses: RocksDB is about to be reopened and waits for uses to end; answer Reopening().
  bool closing() const { return gate_.closed(); }
  static Status Reopening();

  rocksdb::DB* db() const { return db_.get(); }
  rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families_[static_cast<size_t>(table)];
  }
  const PartitionMemtableFactory& memtables(Table table) const {
    return *memtables_[static_cast<size_t>(table)];
  }
  ExpiringBlobs& expiring_blobs() { return expiring_blobs_; }
  rocksdb::Cache* block_cache() const { return cache_.get(); }

  BlobCollector& collector() { return collector_; }
  const BlobCollector& collector() const { return collector_; }

  // Records the damage that is found in its files. Any thread.
  Damage& damage() const { return *damage_; }

  // The epoch of versions. Constant once Open has returned.
  const Epoch& epoch() const { return epoch_; }

  // ok while writes may be tried; kNoSpace after a full disk, until there is space and RocksDB was
  // reopened; kStorageFailed until a restart. Any thread.
  Status Writable() const;
  // RocksDB met an error in I/O that writes depend on: no write may follow. Any thread, also called
  // by RocksDB.
  void Break(const rocksdb::Status& why);
  // The number of times RocksDB was reopened. An outcome that is unknown is settled when it has
  // changed.
  uint64_t reopenings() const { return reopenings_.load(std::memory_order_acquire); }

  // From 0 to 1, see storage/rocks/write_pressure.h. Updated every kUpkeepPeriod.
  double write_pressure() const { return write_pressure_.load(std::memory_order_relaxed); }
  // Total time that the committer has delayed writes because of it.
  void CountHold(std::chrono::nanoseconds hold) {
    CHECK(hold.count() >= 0);
    held_nanos_.fetch_add(static_cast<uint64_t>(hold.count()), std::memory_order_relaxed);
  }
  uint64_t held_nanos() const { return held_nanos_.load(std::memory_order_relaxed); }

  // Before a group of this size is written: whether so little space is free that only deletes may
  // be written. Called by the committer, with a Use.
  bool IsLowOnSpaceFor(uint64_t bytes);
  // Before deletes are written while it is low.
  void MakeRoomForDeletes();
  const DiskSpace& space() const { return space_; }

  static constexpr std::chrono::milliseconds kUpkeepPeriod{50};

 private:
  // Column families: "default", which RocksDB requires and only expiring_blobs.h uses, then the
  // tables in order.
  static constexpr size_t kFamilies = kTables.size() + 1;
  enum class Health : uint8_t { kGood, kNoSpace, kFailed };

  RocksDatabase(const RocksOptions& options, const Clock* clock, const Logger* log,
                rocksdb::Env* env);

  Status OpenAll();
  Status OpenDatabaseWithDamage(uint64_t needed);
  rocksdb::DBOptions Options();
  rocksdb::Status OpenDatabase(const rocksdb::DBOptions& options);
  void CloseDatabase();
  FamilyDescriptors Families() const;
  Status CheckRecovery(uint64_t watermark);
  // After RocksDB failed to open: rebuilds the table files that cannot be opened. Returns whether
  // it is worth trying again.
  bool RebuildTables();
  Status SettleEpoch(const Watermark& found);
  Status RefuseLoss(uint64_t recovered, uint64_t watermark) const;
  void Flush();
  void RunUpkeep();
  void LookAtPressure();
  uint64_t MemtableBytes(const std::string& property) const;
  uint64_t MemtableBytes() const;
  void LookAtSpace();
  void RaiseWatermark();
  void MaybeReopen();
  Status ReopenFromLog();
  Status ReopenHealthy();
  Status EndUses();
  Status OpenAgain();
  bool HasRoomToReopen();
  uint64_t LogBytes() const;

  const RocksOptions options_;
  const Clock* const clock_;
  const Logger* const log_;
  rocksdb::Env* const env_;
  const std::shared_ptr<RebuiltTables> rebuilt_;
  // env_ with the file systems of rebuilt_table.h, compaction_room.h and log_files.h.
  const std::unique_ptr<rocksdb::Env> log_env_;
  const std::shared_ptr<rocksdb::Logger> info_log_;

  DiskSpace space_;

  std::unique_ptr<RocksDirectory> directory_;
  std::shared_ptr<rocksdb::Cache> cache_;
  IndexFormat index_format_;
  CompressionChoice compression_choice_;
  mutable UseGate gate_;  // closed while the members below are replaced
  const std::unique_ptr<Damage> damage_;
  LogLimit failed_compactions_;
  ExpiringBlobs expiring_blobs_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_{};
  std::array<std::shared_ptr<const PartitionMemtableFactory>, kFamilies> memtables_;

  Epoch epoch_;
  std::atomic<Health> health_{Health::kGood};
  std::atomic<uint64_t> reopenings_{0};
  std::atomic<bool> compaction_lacks_room_{false};
  std::atomic<bool> deletes_while_low_{false};
  uint64_t empty_memtable_bytes_ = 0;
  std::atomic<double> write_pressure_{0};
  std::atomic<uint64_t> held_nanos_{0};

  // Used by the upkeep thread, and by the opening and closing threads before and after it runs.
  uint64_t watermark_ = 0;  // the sequence number in the file
  bool watermark_warned_ = false;
  bool was_low_on_space_ = false;
  bool had_reserve_ = false;
  bool flush_wanted_ = false;
  size_t rebuilt_in_use_ = 0;  // rebuilt files when the database was opened
  int periods_to_reopening_ = 0;
  std::string reopening_error_;  // the last one that was logged
  std::mutex mutex_;
  std::condition_variable closing_changed_;
  bool closing_ = false;
  std::thread upkeep_;
  UnopenableFiles unopenable_files_;
  BlobCollector collector_;
};

}  // namespace smile
