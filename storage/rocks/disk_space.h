// The room on the disk: how much there is, whether puts may take of it, and a file that keeps some
// of it for deletes.
//
// What must be free for puts: limits::kMinFreeDiskBytes, and what the memtables will need when they
// are written out. It is looked at some twenty times a second, and what is written in between is
// counted, so that a fast writer does not get past it.
//
// RESERVE, a file in the directory that holds nothing, takes as much as all memtables need. It is
// given up when a delete or a start would not have the room, because something else than puts has
// filled the disk, and made again when there is room for it and for puts.
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
  // Of the file system of `directory`, which need not be there yet. `memtable_bytes`: what all
  // memtables may grow to. All outlive it.
  DiskSpace(std::string directory, uint64_t memtable_bytes, rocksdb::Env* env, const Logger* log);

  // Any thread. Not low: puts may be written.
  bool low() const { return low_.load(std::memory_order_relaxed); }
  // It is not low, but will be by the time that as much again is in memtables.
  bool tight() const { return tight_.load(std::memory_order_relaxed); }
  uint64_t free_bytes() const { return free_.load(std::memory_order_relaxed); }
  uint64_t reserve_bytes_kept() const { return has_reserve() ? reserve_bytes() : 0; }
  bool has_reserve() const { return has_reserve_.load(std::memory_order_relaxed); }

  // Once the directory is there, before all that follows.
  void Begin();

  // Looks at the disk. `memtable_bytes`: what is in memtables now. Any thread.
  void Look(uint64_t memtable_bytes);

  // Before so much is written. True: so much was written since the last look that it is time for
  // another. Any thread.
  bool Count(uint64_t bytes);

  // Sees that so much is free, for which it gives up RESERVE. False: it is not. Any thread.
  bool MakeRoom(uint64_t bytes);
  // What memtables needed at the last look.
  uint64_t memtable_bytes() const { return memtables_now_.load(std::memory_order_relaxed); }

  // Makes RESERVE if it is missing and there is room for it and for puts. Any thread.
  void KeepReserve();

 private:
  uint64_t reserve_bytes() const { return reserve_bytes_.load(std::memory_order_relaxed); }
  std::string ReservePath() const { return directory_ + "/RESERVE"; }
  uint64_t LookAtFree();

  const std::string directory_;
  rocksdb::Env* const env_;
  const Logger* const log_;

  std::atomic<uint64_t> least_free_;  // for puts, beside what memtables need
  std::atomic<uint64_t> reserve_bytes_;
  std::atomic<bool> low_{false};
  std::atomic<bool> tight_{false};
  std::atomic<bool> has_reserve_{false};
  std::atomic<uint64_t> free_{~uint64_t{0}};
  std::atomic<uint64_t> counted_{0};
  std::atomic<uint64_t> look_at_{0};  // when so much is counted
  std::atomic<uint64_t> memtables_now_{0};

  std::mutex mutex_;  // of looks and of the file
};

}  // namespace smile
