#include "storage/committer.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/thread_name.h"

namespace smile {
namespace {

// The turn of a source when more writes wait than fit in a group: some tens of small writes.
constexpr size_t kTurnBytes = size_t{16} << 10;
static_assert(kTurnBytes <= limits::kMaxCommitGroupBytes);
static_assert(limits::kMaxCommitGroupBytes <= limits::kMaxCommitQueueBytes);

}  // namespace

Committer::Committer(const Clock* clock, PaceFunction pace, CommitFunction commit)
    : clock_(clock),
      pace_(std::move(pace)),
      commit_(std::move(commit)),
      backlog_(kTurnBytes),
      thread_([this] { Run(); }) {
  CHECK(pace_ && commit_);
}

Committer::~Committer() {
  Close();
  CHECK(queue_.empty() && backlog_.empty() && group_.empty());
  CHECK(counts_.waiting_bytes == 0, "every accepted write was answered or given back");
}

Status Committer::ReserveLocked(size_t bytes) {
  CHECK(bytes > 0);
  CHECK(counts_.waiting_bytes <= limits::kMaxCommitQueueBytes);
  if (closing_) return {Code::kShuttingDown, "the storage is closing"};
  if (counts_.waiting_bytes + bytes > limits::kMaxCommitQueueBytes) {
    ++counts_.refused_writes;
    return {Code::kOverloaded, "write queue full; retry later", limits::kFullQueueRetryMillis};
  }
  counts_.waiting_bytes += bytes;
  return {};
}

void Committer::GiveBackLocked(size_t bytes) {
  CHECK(bytes <= counts_.waiting_bytes, "no more is given back than was reserved");
  counts_.waiting_bytes -= bytes;
}

bool Committer::Enqueue(PendingWrite write) {
  CHECK(write.done, "every write is answered");
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
    CHECK(!closing_, "writes that wait elsewhere are submitted before Close");
    CHECK(write.request.bytes() <= counts_.waiting_bytes, "its bytes were reserved");
    wake = Enqueue(std::move(write));
  }
  if (wake) not_empty_.notify_one();
}

void Committer::GiveBack(size_t bytes) {
  const std::lock_guard lock(mutex_);
  GiveBackLocked(bytes);
}

void Committer::Close() {
  CHECK(std::this_thread::get_id() != thread_.get_id(), "the committer cannot join itself");
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
      CHECK(group_.empty());
      group_.swap(queue_);
    }
    FormGroup();
    MarkLate();
    CommitGroup();
    group_.clear();
  }
}

// Forms the next group from what was just taken from the queue and from the backlog. Usually that
// is all of it.
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

// Called just before the group is committed, so that a write that waited while earlier groups were
// committed is not begun after its deadline.
void Committer::MarkLate() {
  CHECK(!group_.empty() && group_.size() <= limits::kMaxCommitGroupRequests);
  const int64_t now = clock_->MonotonicNanos();
  for (PendingWrite& write : group_) {
    const int64_t deadline = write.request.deadline_nanos();
    write.late = deadline != 0 && deadline <= now;
    if (write.late) {
      write.reply.status =
          Status(Code::kDeadlineExceeded, "the deadline passed before the write began");
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
    GiveBackLocked(bytes);
    counts_.groups += in_time > 0 ? 1 : 0;
    counts_.writes += in_time;
  }
  for (PendingWrite& write : group_) {
    const WriteReply& reply = write.reply;
    CHECK(!write.late || reply.status.code() == Code::kDeadlineExceeded);
    const size_t versions = reply.status.ok() ? write.request.mutations().size() : 0;
    CHECK(reply.versions.size() == versions, "one version per mutation that took effect");
    write.done(std::move(write.reply));
    write.done = nullptr;
  }
}

}  // namespace smile
