// The writes that did not fit in an earlier group of the committer. Sources take turns, and bulk
// writes are kept apart: they have a bounded share of each group, so that others do not wait for
// megabytes, and those leave them their share.
//
// Writes of one source to one partition keep their order: while one waits, those that follow wait
// in the same queue, whatever their size.
//
// Single-threaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "storage/fair_queue.h"
#include "storage/pending_write.h"

namespace smile {

class CommitBacklog {
 public:
  CommitBacklog();

  void Push(PendingWrite write);

  // Adds writes to an empty group, within limits::kMaxCommitGroupRequests and kMaxCommitGroupBytes;
  // at most `bulk_bytes` (up to limits::kMaxBulkGroupBytes) are bulk writes. One write of each kind
  // always fits, but with 0, none is bulk.
  void Take(size_t bulk_bytes, std::vector<PendingWrite>* group);

  bool empty() const { return others_.empty() && bulk_.empty(); }
  bool only_bulk() const { return others_.empty() && !bulk_.empty(); }

 private:
  using Queue = FairQueue<PendingWrite>;
  // Writes of one source to one partition.
  struct Stream {
    size_t waiting = 0;
    bool in_bulk = false;
  };

  static uint64_t StreamOf(const PendingWrite& write);
  void TakeFrom(Queue* queue, size_t max_bytes, size_t max_requests,
                std::vector<PendingWrite>* group);

  Queue others_;
  Queue bulk_;
  std::unordered_map<uint64_t, Stream> streams_;  // those of which some wait
};

}  // namespace smile
