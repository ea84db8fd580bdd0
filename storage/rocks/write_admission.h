// What a write goes through before the committer: the records that its conditions are about are
// brought into memory by the readers, so that the committer does not wait for the disk.
//
// A write without conditions, or whose records are in memory, goes to the committer at once. Any
// other waits until a reader has looked its records up. Later writes of its partition wait behind
// it, so that writes of one partition keep the order in which they came; writes of other partitions
// do not wait. The committer looks at the records once more, in memory, when it commits: between
// then and now they may have changed.
//
// Any thread may call.
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
  // All outlive it. The readers have ended when it goes, so that nothing waits in it any more.
  WriteAdmission(const MemoryReader* memory, GatheredReads* reads, Committer* committer);
  ~WriteAdmission();
  WriteAdmission(const WriteAdmission&) = delete;
  WriteAdmission& operator=(const WriteAdmission&) = delete;

  // As Engine::Write. A write that waits here counts in the committer's bound; over
  // limits::kMaxHeldWrites of them, and when no more reads may wait, it is kOverloaded.
  void Write(WriteRequest request, std::function<void(WriteReply)> done);

  struct Counts {
    uint64_t fetches = 0;  // writes whose records had to be looked up
    uint64_t refused = 0;  // writes over the bound
    uint64_t waiting = 0;  // writes that are here now
  };
  Counts counts() const;

 private:
  struct Held {
    PendingWrite write;
    bool ready = false;  // does not wait for a reader
  };
  // The writes of one partition. Those that other threads add while a thread lets some go come
  // after them.
  struct Lane {
    std::deque<std::shared_ptr<Held>> writes;
    bool letting_go = false;
  };

  std::vector<size_t> MissingRecords(const WriteRequest& request) const;
  bool HasLane(uint64_t partition) const;
  bool Hold(uint64_t partition, const std::shared_ptr<Held>& held);
  void Fetch(uint64_t partition, const std::shared_ptr<Held>& held, std::vector<size_t> missing);
  void LetGo(uint64_t partition);

  const MemoryReader* const memory_;
  GatheredReads* const reads_;
  Committer* const committer_;

  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Lane> lanes_;  // by the partition's hash
  size_t held_ = 0;
  uint64_t fetches_ = 0;
  uint64_t refused_ = 0;
  std::atomic<size_t> lane_count_{0};  // mostly 0: then no lock is taken
};

}  // namespace smile
