// A committer: one thread that makes groups out of the writes that wait, so that they share what a
// commit costs (one fsync). While a group is being committed the next writes gather; when nothing
// is under way a write is taken at once, so an idle server adds no latency. When more waits than
// goes into one group, sources take turns (storage/fair_queue.h).
//
// It knows nothing of how a group is committed: that is the function it was made with. Any thread
// may call Submit and counts. Writes of one source are committed and answered in the order of their
// Submit calls.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "storage/engine.h"
#include "storage/fair_queue.h"

namespace smile {

// A write on its way through a committer.
struct PendingWrite {
  WriteRequest request;
  std::function<void(WriteReply)> done;
  WriteReply reply;
  // Mutations whose condition is about a record that could not be read, and why: for a commit
  // function that reads only what is in memory.
  struct Unread {
    size_t mutation;
    Status why;
  };
  std::vector<Unread> unread = {};
  bool late = false;  // the deadline was over when its group was formed; answered, not committed
};

class Committer {
 public:
  // Both run on the committer's thread. PaceFunction: writes wait, and their group is formed when
  // it returns, so it may hold them back; deadlines are looked at behind it. CommitFunction: fills
  // in the replies of all that are not late, in order.
  using PaceFunction = std::function<void()>;
  using CommitFunction = std::function<void(std::span<PendingWrite> group)>;

  struct Counts {
    uint64_t groups = 0;          // calls of the commit function
    uint64_t writes = 0;          // requests in them that were not late
    uint64_t refused_writes = 0;  // over the queue's bound
    uint64_t waiting_bytes = 0;   // accepted and not yet answered
  };

  // The clock is for deadlines and outlives the committer.
  Committer(const Clock* clock, PaceFunction pace, CommitFunction commit);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Over limits::kMaxCommitQueueBytes of accepted and not yet answered requests: kOverloaded at
  // once. After Close: kShuttingDown.
  void Submit(WriteRequest request, std::function<void(WriteReply)> done);

  // Submit in two steps, for writes that wait elsewhere first: the bytes count from Reserve on,
  // which refuses as Submit does. Then comes one of the other two.
  Status Reserve(size_t bytes);
  void SubmitReserved(PendingWrite write);
  void GiveBack(size_t bytes);

  // Commits and answers all that was accepted, then ends the thread. More calls do nothing.
  void Close();

  Counts counts() const;

 private:
  Status ReserveLocked(size_t bytes);
  bool Enqueue(PendingWrite write);
  void Run();
  void FormGroup();
  void MarkLate();
  void CommitGroup();

  const Clock* const clock_;
  const PaceFunction pace_;
  const CommitFunction commit_;

  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::vector<PendingWrite> queue_;
  Counts counts_;
  bool closing_ = false;

  // The committer's thread's.
  std::vector<PendingWrite> group_;  // swapped with the queue, so that both keep their memory
  FairQueue<PendingWrite> backlog_;  // what did not go into a group with what came before it

  std::thread thread_;
};

}  // namespace smile
