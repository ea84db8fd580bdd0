// An open database in its directory: RocksDB, the tables in it, the watermark beside it, and what
// is known of its health. What is done with it is elsewhere: group_writer, read_jobs, rocks_stats.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "storage/rocks/damage.h"
#include "storage/rocks/partition_memtable.h"
#include "storage/rocks/rocks_directory.h"
#include "storage/rocks/rocks_engine.h"

namespace smile {

class RocksDatabase {
 public:
  // As RocksEngine::Open. Recovery is first tried without writing anything, so that a directory
  // which is refused stays as it was found.
  static Result<std::unique_ptr<RocksDatabase>> Open(const RocksOptions& options,
                                                     const Clock* clock, const Logger* log,
                                                     rocksdb::Env* env);
  // Nothing may use it any more. Writes out what is in memory and the watermark, then closes.
  ~RocksDatabase();
  RocksDatabase(const RocksDatabase&) = delete;
  RocksDatabase& operator=(const RocksDatabase&) = delete;

  rocksdb::DB* db() const { return db_.get(); }
  rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families_[static_cast<size_t>(table)];
  }
  const PartitionMemtableFactory& memtables(Table table) const {
    return *memtables_[static_cast<size_t>(table)];
  }
  rocksdb::Cache* block_cache() const { return cache_.get(); }

  // What is met of damage to its files. Any thread.
  Damage& damage() const { return *damage_; }

  // In which versions are given. Set before anything is served.
  const Epoch& epoch() const { return epoch_; }

  // A write failed in a way that only a new start can mend: no write may follow.
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  void SetFailed(const rocksdb::Status& why);

  // The last write that was tried failed by an error of the disk.
  bool write_error_known() const { return write_error_known_.load(std::memory_order_acquire); }
  void set_write_error_known(bool known) {
    write_error_known_.store(known, std::memory_order_release);
  }

  // See storage/rocks/write_pressure.h. Looked at some twenty times a second.
  double write_pressure() const { return write_pressure_.load(std::memory_order_relaxed); }
  // How long committers have held back writes because of it.
  void CountHold(std::chrono::nanoseconds hold) {
    held_nanos_.fetch_add(static_cast<uint64_t>(hold.count()), std::memory_order_relaxed);
  }
  uint64_t held_nanos() const { return held_nanos_.load(std::memory_order_relaxed); }

  // There is so little room that only deletes are taken. Looked at about once a second.
  bool low_on_space() const { return low_on_space_.load(std::memory_order_relaxed); }
  uint64_t free_disk_bytes() const { return free_disk_bytes_.load(std::memory_order_relaxed); }

 private:
  // "default", which RocksDB insists on and Smile leaves empty, then the tables in their order.
  static constexpr size_t kFamilies = kTables.size() + 1;
  using FamilyDescriptors = std::vector<rocksdb::ColumnFamilyDescriptor>;

  RocksDatabase(const RocksOptions& options, const Clock* clock, const Logger* log,
                rocksdb::Env* env);

  Status OpenAll();
  rocksdb::Status OpenDatabase(const rocksdb::DBOptions& options);
  FamilyDescriptors Families() const;
  Status CheckRecovery(uint64_t watermark) const;
  Status SettleEpoch(const Watermark& found);
  Status RefuseLoss(uint64_t recovered, uint64_t watermark) const;
  void Flush();
  void RunUpkeep();
  void LookAtPressure();
  void LookAtFreeSpace();
  void RaiseWatermark();

  const RocksOptions options_;
  const Clock* const clock_;
  const Logger* const log_;
  rocksdb::Env* const env_;
  const std::unique_ptr<rocksdb::Env> log_env_;  // the same, with storage/rocks/log_files.h

  std::unique_ptr<RocksDirectory> directory_;
  std::shared_ptr<rocksdb::Cache> cache_;
  const std::unique_ptr<Damage> damage_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_{};
  std::array<std::shared_ptr<const PartitionMemtableFactory>, kFamilies> memtables_;

  Epoch epoch_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> write_error_known_{false};
  std::atomic<double> write_pressure_{0};
  std::atomic<uint64_t> held_nanos_{0};
  std::atomic<bool> low_on_space_{false};
  std::atomic<uint64_t> free_disk_bytes_{0};

  // The upkeep thread's.
  uint64_t watermark_ = 0;
  bool watermark_warned_ = false;
  std::mutex mutex_;
  std::condition_variable closing_changed_;
  bool closing_ = false;
  std::thread upkeep_;
};

}  // namespace smile
