#include "storage/committer.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/thread_name.h"

namespace smile {
namespace {

// A source's turn, when more waits than goes into a group: some tens of small writes.
constexpr size_t kTurnBytes = size_t{16} << 10;

}  // namespace

Committer::Committer(const Clock* clock, PaceFunction pace, CommitFunction commit)
    : clock_(clock),
      pace_(std::move(pace)),
      commit_(std::move(commit)),
      backlog_(kTurnBytes),
      thread_([this] { Run(); }) {}

Committer::~Committer() {
  Close();
}

Status Committer::ReserveLocked(size_t bytes) {
  if (closing_) return {Code::kShuttingDown, "the storage is closing"};
  if (counts_.waiting_bytes + bytes > limits::kMaxCommitQueueBytes) {
    ++counts_.refused_writes;
    return {Code::kOverloaded, "too many writes are waiting", limits::kFullQueueRetryMillis};
  }
  counts_.waiting_bytes += bytes;
  return {};
}

bool Committer::Enqueue(PendingWrite write) {
  queue_.push_back(std::move(write));
  return queue_.size() == 1;
}

void Committer::Submit(WriteRequest request, std::function<void(WriteReply)> done) {
  std::unique_lock lock(mutex_);
  if (Status refusal = ReserveLocked(request.bytes()); !refusal.ok()) {
    lock.unlock();
    return done({.status = std::move(refusal), .versions = {}});
  }
  const bool wake = Enqueue({.request = std::move(request), .done = std::move(done), .reply = {}});
  lock.unlock();
  if (wake) not_empty_.notify_one();
}

Status Committer::Reserve(size_t bytes) {
  const std::lock_guard lock(mutex_);
  return ReserveLocked(bytes);
}

void Committer::SubmitReserved(PendingWrite write) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    CHECK(!closing_, "what waits elsewhere comes before Close");
    wake = Enqueue(std::move(write));
  }
  if (wake) not_empty_.notify_one();
}

void Committer::GiveBack(size_t bytes) {
  const std::lock_guard lock(mutex_);
  counts_.waiting_bytes -= bytes;
}

void Committer::Close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  not_empty_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Committer::Counts Committer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Committer::Run() {
  NameThisThread("smile-committer");
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      not_empty_.wait(lock, [this] { return !queue_.empty() || !backlog_.empty() || closing_; });
      if (queue_.empty() && backlog_.empty()) return;
    }
    pace_();
    {
      const std::lock_guard lock(mutex_);
      group_.swap(queue_);
    }
    FormGroup();
    MarkLate();
    CommitGroup();
    group_.clear();
  }
}

// Of what has just been taken and what was left before: mostly, all of it.
void Committer::FormGroup() {
  size_t bytes = 0;
  for (const PendingWrite& write : group_) bytes += write.request.bytes();
  const bool fits =
      group_.size() <= limits::kMaxCommitGroupRequests && bytes <= limits::kMaxCommitGroupBytes;
  if (fits && backlog_.empty()) return;

  for (PendingWrite& write : group_) {
    const uint64_t source = write.request.source();
    const size_t cost = write.request.bytes();
    backlog_.Push(source, cost, std::move(write));
  }
  group_.clear();
  bytes = 0;
  while (!backlog_.empty() && group_.size() < limits::kMaxCommitGroupRequests) {
    bytes += backlog_.Front().request.bytes();
    if (bytes > limits::kMaxCommitGroupBytes && !group_.empty()) return;
    group_.push_back(backlog_.Pop());
  }
}

// Just before the group is committed, so that a write which waited through the groups before it is
// not begun late.
void Committer::MarkLate() {
  const int64_t now = clock_->MonotonicNanos();
  for (PendingWrite& write : group_) {
    const int64_t deadline = write.request.deadline_nanos();
    write.late = deadline != 0 && deadline <= now;
    if (write.late) {
      write.reply.status = Status(Code::kDeadlineExceeded, "the write waited past its deadline");
    }
  }
}

void Committer::CommitGroup() {
  size_t bytes = 0;
  size_t in_time = 0;
  for (const PendingWrite& write : group_) {
    bytes += write.request.bytes();
    in_time += write.late ? 0 : 1;
  }
  if (in_time > 0) commit_(group_);
  {
    const std::lock_guard lock(mutex_);
    counts_.waiting_bytes -= bytes;
    counts_.groups += in_time > 0 ? 1 : 0;
    counts_.writes += in_time;
  }
  for (PendingWrite& write : group_) {
    write.done(std::move(write.reply));
    write.done = nullptr;
  }
}

}  // namespace smile
