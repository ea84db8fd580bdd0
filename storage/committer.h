// Group commit: one thread that combines waiting writes into groups, so that they share the cost of
// a commit (one fsync). While a group is committed, new writes queue up for the next one; when the
// committer is idle, a write is taken at once, so an idle server adds no latency. When more writes
// wait than fit in one group, sources take turns (storage/commit_backlog.h).
//
// Bulk writes (WriteRequest::bulk) have a share of each group, and of the committer's time: while
// others write too, a group with bulk writes is followed by half as much time without, so that most
// other writes wait only for each other. Without others, bulk writes do not wait.
//
// How a group is committed is up to the function that is passed to the constructor. Any thread may
// call Submit and counts. Writes of one source are committed and answered in the order of their
// Submit calls, if they are of one partition.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "storage/commit_backlog.h"
#include "storage/engine.h"
#include "storage/pending_write.h"

namespace smile {

class Committer {
 public:
  // All run on the committer's thread. PaceFunction is called when writes wait; their group is
  // formed when it returns, so it may delay them. Deadlines are checked after it. CommitFunction
  // fills in the replies of all writes that are not late, in order. AnsweredFunction is called
  // after the writes of each group were answered.
  using PaceFunction = std::function<void()>;
  using CommitFunction = std::function<void(std::span<PendingWrite> group)>;
  using AnsweredFunction = std::function<void()>;

  struct Counts {
    uint64_t groups = 0;          // calls of the commit function
    uint64_t writes = 0;          // requests in these groups that were not late
    uint64_t refused_writes = 0;  // rejected because the queue was full
    uint64_t waiting_bytes = 0;   // accepted and not yet answered
  };

  // The clock is for deadlines and outlives the committer.
  Committer(
      const Clock* clock, PaceFunction pace, CommitFunction commit,
      AnsweredFunction answered = [] {});
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // A request that would bring accepted and not yet answered requests over
  // limits::kMaxCommitQueueBytes is answered kOverloaded at once. After Close: kShuttingDown.
  void Submit(WriteRequest request, std::function<void(WriteReply)> done);

  // Submit in two steps, for writes that first wait elsewhere: their bytes count from Reserve on,
  // which rejects as Submit does. Each Reserve is followed by either SubmitReserved, before Close
  // (CHECK), or GiveBack of the same number of bytes.
  Status Reserve(size_t bytes);
  void SubmitReserved(PendingWrite write);
  void GiveBack(size_t bytes);

  // Commits and answers all accepted writes, then ends the thread. Further calls do nothing.
  void Close();

  Counts counts() const;

 private:
  // The caller holds mutex_.
  Status ReserveLocked(size_t bytes);
  void GiveBackLocked(size_t bytes);
  bool Enqueue(PendingWrite write);
  void Run();
  bool WaitForWork();
  bool BulkMayGo() const;
  bool OthersWrite(int64_t now) const;
  void ShareTime(int64_t begin_nanos);
  void FormGroup();
  void MarkLate();
  void CommitGroup();

  const Clock* const clock_;
  const PaceFunction pace_;
  const CommitFunction commit_;
  const AnsweredFunction answered_;

  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::vector<PendingWrite> queue_;
  Counts counts_;
  bool closing_ = false;

  // Used only by the committer's thread.
  std::vector<PendingWrite> group_;         // swapped with queue_, so that both keep their memory
  CommitBacklog backlog_;                   // writes that did not fit in an earlier group
  std::optional<int64_t> others_at_nanos_;  // when there was a write that is not bulk last
  int64_t bulk_after_nanos_ = 0;            // bulk writes wait until then

  std::thread thread_;
};

}  // namespace smile
