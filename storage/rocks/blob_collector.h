// Gives back the disk space of deleted content: removes the garbage in the blob files of the table
// `blobs`.
//
// RocksDB could do so in its compactions, but then each compaction moves all values of the oldest
// files, whether these have garbage or not; and as content has random keys, each compaction meets
// all files. So it is done only when it pays: deletes are flushed after a while; when they, and the
// garbage that is known, are a fraction of all blob files, a compaction without values finds out
// which files have how much garbage, and the values of the oldest files are moved into new ones, a
// part at a time, with pauses, until little garbage is left.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "base/log.h"

namespace smile {

class RocksDatabase;

class BlobCollector {
 public:
  // Both outlive it.
  BlobCollector(const RocksDatabase* database, const Logger* log);
  ~BlobCollector();
  BlobCollector(const BlobCollector&) = delete;
  BlobCollector& operator=(const BlobCollector&) = delete;

  // Begins to look about every 5 seconds.
  void Start();
  // Ends the thread, soon. Further calls do nothing.
  void Stop();
  // One look, without waiting for its time: for tests. Deletes in the memtable are flushed if there
  // were some at the last look too.
  void Look();
  // Ends running work soon; it continues with a later look. Any thread.
  void Interrupt() { canceled_.store(true, std::memory_order_relaxed); }

  uint64_t moved_bytes() const { return moved_bytes_.load(std::memory_order_relaxed); }

 private:
  // What is known of the blob files, oldest first.
  struct Garbage {
    uint64_t bytes = 0;      // of all files
    uint64_t known = 0;      // garbage
    uint64_t suspected = 0;  // of deletes that no compaction has met yet
    // Of the prefix of the files which is best moved next.
    double prefix = 0;  // as a fraction of the number of files
    uint64_t prefix_live = 0;
  };

  void Run();
  bool Resume();
  bool stopping() const { return canceled_.load(std::memory_order_relaxed); }
  void FlushDeletes();
  Garbage Measure() const;
  // `prefix`: of the files whose values are moved.
  bool Compact(double prefix);
  bool Pause(std::chrono::nanoseconds pause);

  const RocksDatabase* const database_;
  const Logger* const log_;
  std::atomic<bool> canceled_{false};
  std::atomic<uint64_t> moved_bytes_{0};
  std::mutex looking_;
  bool had_deletes_ = false;  // guarded by looking_
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace smile
