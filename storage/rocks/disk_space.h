// Disk space: how much is free, whether puts are allowed, and a file that reserves some for
// deletes.
//
// Puts need limits::kMinFreeDiskBytes of free space and what the memtables will need when they are
// flushed. It is checked about 20 times per second, and what is written in between is counted, so
// that a fast writer does not exceed it.
//
// RESERVE, a file without content in the directory, occupies as much as all memtables need. It is
// removed when a delete or a start needs the space, because something other than puts has filled
// the disk, and created again when there is enough space for it and for puts.
#pragma once

#include <rocksdb/env.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "base/log.h"

namespace smile {

class DiskSpace {
 public:
  // For the file system of `directory`, which need not exist yet. `memtable_bytes`: the maximum
  // size of all memtables. `env` and `log` outlive it.
  DiskSpace(std::string directory, uint64_t memtable_bytes, rocksdb::Env* env, const Logger* log);

  // Any thread. While space is low, puts are rejected.
  bool low() const { return low_.load(std::memory_order_relaxed); }
  // Space is not low, but will be when the memtables have grown to twice their size.
  bool tight() const { return tight_.load(std::memory_order_relaxed); }
  uint64_t free_bytes() const { return free_.load(std::memory_order_relaxed); }
  uint64_t reserve_bytes_kept() const { return has_reserve() ? reserve_bytes() : 0; }
  bool has_reserve() const { return has_reserve_.load(std::memory_order_relaxed); }

  // Called once the directory exists, before the functions below.
  void Begin();

  // Checks the free space. `memtable_bytes`: the current size of the memtables. Any thread.
  void Look(uint64_t memtable_bytes);

  // Before this much is written. True: so much was written since the last Look that it is time for
  // another. Any thread.
  bool Count(uint64_t bytes);

  // Makes sure that this much is free, if necessary by removing RESERVE. False: it is not. Any
  // thread.
  bool MakeRoom(uint64_t bytes);
  // The size of the memtables at the last Look.
  uint64_t memtable_bytes() const { return memtables_now_.load(std::memory_order_relaxed); }

  // Creates RESERVE if it is missing and there is enough space for it and for puts. Any thread.
  void KeepReserve();

 private:
  uint64_t reserve_bytes() const { return reserve_bytes_.load(std::memory_order_relaxed); }
  std::string ReservePath() const { return directory_ + "/RESERVE"; }
  uint64_t LookAtFree();

  const std::string directory_;
  rocksdb::Env* const env_;
  const Logger* const log_;

  std::atomic<uint64_t> least_free_;  // for puts, in addition to what memtables need
  std::atomic<uint64_t> reserve_bytes_;
  std::atomic<bool> low_{false};
  std::atomic<bool> tight_{false};
  std::atomic<bool> has_reserve_{false};
  std::atomic<uint64_t> free_{~uint64_t{0}};
  std::atomic<uint64_t> counted_{0};
  std::atomic<uint64_t> look_at_{0};  // look again when this much is counted
  std::atomic<uint64_t> memtables_now_{0};

  std::mutex mutex_;  // held while looking, and while the file is changed
};

}  // namespace smile
