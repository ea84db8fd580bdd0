// Write admission, the step before the committer: readers load the records that the conditions of a
// write depend on into memory, so that the committer does not wait for the disk.
//
// A write without conditions, or whose records are in memory, goes to the committer at once. Any
// other waits until a reader has looked up its records. Later writes of the same partition wait
// until it has been submitted, so that writes of one partition keep their order; writes of other
// partitions do not wait. The committer looks up the records again, in memory, because they may
// have changed by the time it commits.
//
// Any thread may call all functions.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "storage/committer.h"
#include "storage/engine.h"
#include "storage/rocks/gathered_reads.h"
#include "storage/rocks/memory_reader.h"

namespace smile {

class WriteAdmission {
 public:
  // The arguments outlive it. When it is destroyed the readers have ended, and no write waits in it
  // (CHECK).
  WriteAdmission(const MemoryReader* memory, GatheredReads* reads, Committer* committer);
  ~WriteAdmission();
  WriteAdmission(const WriteAdmission&) = delete;
  WriteAdmission& operator=(const WriteAdmission&) = delete;

  // As Engine::Write. A write that waits here counts in the committer's limit. It is kOverloaded if
  // limits::kMaxHeldWrites writes wait here already, or if the read queue is full.
  void Write(WriteRequest request, std::function<void(WriteReply)> done);

  struct Counts {
    uint64_t fetches = 0;  // writes whose records had to be looked up by a reader
    uint64_t refused = 0;  // writes over limits::kMaxHeldWrites
    uint64_t waiting = 0;  // writes that wait now
  };
  Counts counts() const;

 private:
  struct Held {
    PendingWrite write;
    bool ready = false;  // does not wait for a reader
  };
  // The waiting writes of one partition, in order. Writes that other threads add while a thread
  // submits some come after those.
  struct Lane {
    std::deque<std::shared_ptr<Held>> writes;
    bool submitting = false;  // by one thread at a time
  };

  std::vector<size_t> MissingRecords(const WriteRequest& request) const;
  bool HasLane(uint64_t partition) const;
  bool Hold(uint64_t partition, const std::shared_ptr<Held>& held);
  void Fetch(uint64_t partition, const std::shared_ptr<Held>& held, std::vector<size_t> missing);
  void SubmitReady(uint64_t partition);

  const MemoryReader* const memory_;
  GatheredReads* const reads_;
  Committer* const committer_;

  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Lane> lanes_;  // by the partition's hash
  size_t held_ = 0;                           // writes in all lanes
  uint64_t fetches_ = 0;
  uint64_t refused_ = 0;
  std::atomic<size_t> lane_count_{0};  // usually 0: then no lock is taken
};

}  // namespace smile
