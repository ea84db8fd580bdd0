// An open database in its directory: RocksDB, the tables in it, the watermark beside it, and what
// is known of its health. What is done with it is elsewhere: group_writer, scan_job, rocks_stats.
//
// RocksDB is opened again, in process, after it met a full disk: whoever uses db(), family() or
// memtables() holds a use (Enter) while it does, and as long as it has iterators or values that
// RocksDB pins.
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

#include "base/clock.h"
#include "base/log.h"
#include "storage/rocks/damage.h"
#include "storage/rocks/disk_space.h"
#include "storage/rocks/expiring_blobs.h"
#include "storage/rocks/partition_memtable.h"
#include "storage/rocks/rebuilt_table.h"
#include "storage/rocks/rocks_directory.h"
#include "storage/rocks/rocks_engine.h"
#include "storage/rocks/table_files.h"
#include "storage/rocks/use_gate.h"

namespace smile {

class RocksDatabase {
 public:
  // As RocksEngine::Open. Recovery is first tried without writing anything, so that a directory
  // which is refused stays as it was found.
  static Result<std::unique_ptr<RocksDatabase>> Open(const RocksOptions& options,
                                                     const Clock* clock, const Logger* log,
                                                     rocksdb::Env* env);
  // Nothing may use it any more. If it is healthy, writes out what is in memory and the watermark,
  // then closes.
  ~RocksDatabase();
  RocksDatabase(const RocksDatabase&) = delete;
  RocksDatabase& operator=(const RocksDatabase&) = delete;

  // Any thread. False: RocksDB is being opened again; answer Reopening().
  [[nodiscard]] UseGate::Use Enter() const { return gate_.Enter(); }
  // Of a long use: RocksDB is about to be opened again and waits for it. End with Reopening().
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

  // What is met of damage to its files. Any thread.
  Damage& damage() const { return *damage_; }

  // In which versions are given. Set before anything is served.
  const Epoch& epoch() const { return epoch_; }

  // ok while writes may be tried; kNoSpace until there is room and RocksDB was opened again;
  // kStorageFailed until a new start. Any thread.
  Status Writable() const;
  // RocksDB met this error on a way to the disk on which writes depend: no write may follow. Any
  // thread, also out of RocksDB.
  void Break(const rocksdb::Status& why);
  // How often RocksDB was opened again. What a write left unknown is known when this has changed.
  uint64_t reopenings() const { return reopenings_.load(std::memory_order_acquire); }

  // See storage/rocks/write_pressure.h. Looked at some twenty times a second.
  double write_pressure() const { return write_pressure_.load(std::memory_order_relaxed); }
  // How long committers have held back writes because of it.
  void CountHold(std::chrono::nanoseconds hold) {
    held_nanos_.fetch_add(static_cast<uint64_t>(hold.count()), std::memory_order_relaxed);
  }
  uint64_t held_nanos() const { return held_nanos_.load(std::memory_order_relaxed); }

  // Before a group of so many bytes is written: whether there is so little room that only deletes
  // are to be written. By a committer, with a use.
  bool IsLowOnSpaceFor(uint64_t bytes);
  // Before deletes are written when it is.
  void MakeRoomForDeletes();
  const DiskSpace& space() const { return space_; }

 private:
  // "default", which RocksDB insists on and in which only expiring_blobs.h has something, then the
  // tables in their order.
  static constexpr size_t kFamilies = kTables.size() + 1;
  enum class Health : uint8_t { kGood, kNoSpace, kFailed };

  RocksDatabase(const RocksOptions& options, const Clock* clock, const Logger* log,
                rocksdb::Env* env);

  Status OpenAll();
  rocksdb::DBOptions Options();
  rocksdb::Status OpenDatabase(const rocksdb::DBOptions& options);
  void CloseDatabase();
  FamilyDescriptors Families() const;
  Status CheckRecovery(uint64_t watermark);
  // After RocksDB did not open: whether it may now, because it gets rebuilt tables.
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
  Status Reopen();
  bool HasRoomToReopen();
  uint64_t LogBytes() const;

  const RocksOptions options_;
  const Clock* const clock_;
  const Logger* const log_;
  rocksdb::Env* const env_;
  const std::shared_ptr<RebuiltTables> rebuilt_;
  // The same, with storage/rocks/rebuilt_table.h, compaction_room.h and log_files.h.
  const std::unique_ptr<rocksdb::Env> log_env_;
  const std::shared_ptr<rocksdb::Logger> info_log_;

  DiskSpace space_;

  std::unique_ptr<RocksDirectory> directory_;
  std::shared_ptr<rocksdb::Cache> cache_;
  mutable UseGate gate_;  // closed while these are replaced
  const std::unique_ptr<Damage> damage_;
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

  // The upkeep thread's.
  uint64_t watermark_ = 0;
  bool watermark_warned_ = false;
  bool was_low_on_space_ = false;
  bool had_reserve_ = false;
  bool flush_wanted_ = false;
  int periods_to_reopening_ = 0;
  std::string reopening_error_;  // as it was last told
  std::mutex mutex_;
  std::condition_variable closing_changed_;
  bool closing_ = false;
  std::thread upkeep_;
};

}  // namespace smile
