#include "storage/committer.h"

#include <utility>

#include "base/limits.h"
#include "base/thread_name.h"

namespace smile {
namespace {

// About what a full queue takes to drain.
constexpr uint32_t kRetryAfterMillis = 50;

}  // namespace

Committer::Committer(const Clock* clock, CommitFunction commit)
    : clock_(clock), commit_(std::move(commit)), thread_([this] { Run(); }) {}

Committer::~Committer() {
  Close();
}

void Committer::Submit(WriteRequest request, std::function<void(WriteReply)> done) {
  Status refusal;
  {
    std::unique_lock lock(mutex_);
    const size_t bytes = request.bytes();
    if (closing_) {
      refusal = Status(Code::kShuttingDown, "the storage is closing");
    } else if (counts_.waiting_bytes + bytes > limits::kMaxCommitQueueBytes) {
      ++counts_.refused_writes;
      refusal = Status(Code::kOverloaded, "too many writes are waiting", kRetryAfterMillis);
    } else {
      counts_.waiting_bytes += bytes;
      const bool wake = queue_.empty();
      queue_.push_back({.request = std::move(request), .done = std::move(done), .reply = {}});
      lock.unlock();
      if (wake) not_empty_.notify_one();
      return;
    }
  }
  done({.status = std::move(refusal), .versions = {}});
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
  std::vector<PendingWrite> taken;  // swapped with the queue, so that both keep their memory
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      not_empty_.wait(lock, [this] { return !queue_.empty() || closing_; });
      if (queue_.empty()) return;
      taken.swap(queue_);
    }
    CommitAll(taken);
    taken.clear();
  }
}

void Committer::CommitAll(std::span<PendingWrite> writes) {
  while (!writes.empty()) {
    const size_t count = MarkLateAndCut(writes);
    CommitGroup(writes.first(count));
    writes = writes.subspan(count);
  }
}

// The length of the next group. Deadlines are looked at here, so that a write which waited through
// the groups before it is not begun late.
size_t Committer::MarkLateAndCut(std::span<PendingWrite> writes) const {
  const int64_t now = clock_->MonotonicNanos();
  size_t bytes = 0;
  size_t count = 0;
  for (PendingWrite& write : writes) {
    bytes += write.request.bytes();
    const bool full = bytes > limits::kMaxCommitGroupBytes;
    if (count == limits::kMaxCommitGroupRequests || (full && count > 0)) break;
    ++count;
    const int64_t deadline = write.request.deadline_nanos();
    write.late = deadline != 0 && deadline <= now;
    if (write.late) {
      write.reply.status = Status(Code::kDeadlineExceeded, "the write waited past its deadline");
    }
  }
  return count;
}

void Committer::CommitGroup(std::span<PendingWrite> group) {
  size_t bytes = 0;
  size_t in_time = 0;
  for (const PendingWrite& write : group) {
    bytes += write.request.bytes();
    in_time += write.late ? 0 : 1;
  }
  if (in_time > 0) commit_(group);
  {
    const std::lock_guard lock(mutex_);
    counts_.waiting_bytes -= bytes;
    counts_.groups += in_time > 0 ? 1 : 0;
    counts_.writes += in_time;
  }
  for (PendingWrite& write : group) {
    write.done(std::move(write.reply));
    write.done = nullptr;
  }
}

}  // namespace smile
