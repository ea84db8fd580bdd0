#include "storage/committer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/thread_name.h"
#include "base/wake_together.h"

namespace smile {
namespace {

// Bulk writes share with others if there was one so recently.
constexpr int64_t kRecentNanos = 1000 * kNanosPerMilli;
// After a group with bulk writes, others have this part of its time.
constexpr int64_t kOthersPart = 2;
static_assert(limits::kMaxCommitGroupBytes <= limits::kMaxCommitQueueBytes);

}  // namespace

Committer::Committer(const Clock* clock, PaceFunction pace, CommitFunction commit,
                     AnsweredFunction answered)
    : clock_(clock),
      pace_(std::move(pace)),
      commit_(std::move(commit)),
      answered_(std::move(answered)),
      thread_([this] { Run(); }) {
  CHECK(pace_ && commit_ && answered_);
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
  SetTimeSliceOfThisThread(kLeastTimeSliceNanos);  // else readers would preempt it
  bool several = false;
  while (WaitForWork()) {
    pace_();
    // On a busy core, an event loop or a reader may be about to submit more writes. Only if the
    // last group shows that writes arrive together: a client that writes alone is not delayed.
    if (several) std::this_thread::yield();
    {
      const std::lock_guard lock(mutex_);
      CHECK(group_.empty());
      group_.swap(queue_);
    }
    FormGroup();
    if (group_.empty()) continue;  // bulk writes wait for their time
    MarkLate();
    const int64_t begin_nanos = clock_->MonotonicNanos();
    CommitGroup();
    ShareTime(begin_nanos);
    several = group_.size() > 1;
    group_.clear();
  }
}

// False: the committer closes, and nothing waits.
bool Committer::WaitForWork() {
  std::unique_lock lock(mutex_);
  const auto some = [this] { return !queue_.empty() || closing_; };
  if (backlog_.only_bulk() && !BulkMayGo()) {
    const std::chrono::nanoseconds rest(bulk_after_nanos_ - clock_->MonotonicNanos());
    if (!not_empty_.wait_for(lock, rest, some)) bulk_after_nanos_ = 0;
  } else if (backlog_.empty()) {
    not_empty_.wait(lock, some);
  }
  if (closing_) bulk_after_nanos_ = 0;
  return !queue_.empty() || !backlog_.empty();
}

bool Committer::BulkMayGo() const {
  return bulk_after_nanos_ == 0 || clock_->MonotonicNanos() >= bulk_after_nanos_;
}

bool Committer::OthersWrite(int64_t now) const {
  return others_at_nanos_ && now - *others_at_nanos_ < kRecentNanos;
}

// After the group was committed.
void Committer::ShareTime(int64_t begin_nanos) {
  bool some_bulk = false;
  bool some_others = false;
  for (const PendingWrite& write : group_) {
    (write.request.bulk() ? some_bulk : some_others) = true;
  }
  if (some_others) others_at_nanos_ = begin_nanos;
  if (!some_bulk) return;
  const int64_t now = clock_->MonotonicNanos();
  bulk_after_nanos_ = OthersWrite(now) ? now + (now - begin_nanos) / kOthersPart : 0;
}

// Forms the next group from what was just taken from the queue and from the backlog. Usually that
// is all of it.
void Committer::FormGroup() {
  size_t bytes = 0;
  bool some_bulk = false;
  for (const PendingWrite& write : group_) {
    bytes += write.request.bytes();
    some_bulk = some_bulk || write.request.bulk();
  }
  const bool fits =
      group_.size() <= limits::kMaxCommitGroupRequests && bytes <= limits::kMaxCommitGroupBytes;
  if (fits && !some_bulk && backlog_.empty()) return;
  for (PendingWrite& write : group_) backlog_.Push(std::move(write));
  group_.clear();
  size_t bulk_bytes = 0;
  if (BulkMayGo()) {
    bulk_bytes = backlog_.only_bulk() && !OthersWrite(clock_->MonotonicNanos())
                     ? limits::kMaxBulkGroupBytes
                     : limits::kMaxSharedBulkGroupBytes;
  }
  backlog_.Take(bulk_bytes, &group_);
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
  const WakeTogether together;
  for (PendingWrite& write : group_) {
    const WriteReply& reply = write.reply;
    CHECK(!write.late || reply.status.code() == Code::kDeadlineExceeded);
    const size_t versions = reply.status.ok() ? write.request.mutations().size() : 0;
    CHECK(reply.versions.size() == versions, "one version per mutation that took effect");
    write.done(std::move(write.reply));
    write.done = nullptr;
  }
  answered_();
}

}  // namespace smile
