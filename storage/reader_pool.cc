#include "storage/reader_pool.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/thread_name.h"

namespace smile {

Status TooManyReadsWait() {
  return {Code::kOverloaded, "read queue full; retry later", limits::kFullQueueRetryMillis};
}

ReaderPool::ReaderPool(const Clock* clock, const Threads& threads, ReaderPool* rest)
    : clock_(clock), priority_(threads.priority), rest_(rest == nullptr ? this : rest) {
  CHECK(threads.count >= 1 && threads.count <= limits::kMaxReaders);
  threads_.reserve(threads.count);
  for (uint32_t i = 0; i < threads.count; ++i) {
    threads_.emplace_back([this, name = threads.name] { Run(name); });
  }
}

ReaderPool::~ReaderPool() {
  Close();
  CHECK(Size() == 0, "every job was completed");
}

void ReaderPool::Submit(std::unique_ptr<Job> job) {
  CHECK(job != nullptr);
  Add({std::move(job), /*begun=*/false});
}

void ReaderPool::Add(Waiting waiting) {
  Status refusal;
  {
    std::unique_lock lock(mutex_);
    if (closing()) {
      refusal = Status(Code::kShuttingDown, "the storage is closing");
    } else if (QueueOf(waiting.job->kind()).size() >= limits::kMaxReaderQueue) {
      refusal = TooManyReadsWait();
    } else {
      Enqueue(std::move(waiting));
      lock.unlock();
      changed_.notify_one();
      return;
    }
  }
  GiveUp(&waiting, std::move(refusal));
}

void ReaderPool::GiveUp(Waiting* waiting, Status why) {
  if (waiting->begun) {
    waiting->job->End();
  } else {
    waiting->job->Refuse(std::move(why));
  }
}

uint64_t ReaderPool::Size() const {
  return queues_[0].size() + queues_[1].size();
}

// The cost is an estimate; the real one is known when the job has run.
void ReaderPool::Enqueue(Waiting waiting) {
  const uint64_t source = waiting.job->call().source;
  Queue& queue = QueueOf(waiting.job->kind());
  queue.Push(source, limits::kReadTurnWork, std::move(waiting));
}

// At least one job waits. A kind that waits alone has every turn and owes the other nothing for it.
ReaderPool::Waiting ReaderPool::TakeNext() {
  static_assert(limits::kWalkSlicesPerPointTurn >= 1, "walks have turns too");
  CHECK(walks_in_a_row_ <= limits::kWalkSlicesPerPointTurn);
  uint64_t source = 0;
  Queue& walks = QueueOf(Job::Kind::kWalk);
  Queue& points = QueueOf(Job::Kind::kPointReads);
  const bool points_are_due = walks_in_a_row_ >= limits::kWalkSlicesPerPointTurn;
  if (!points.empty() && (points_are_due || walks.empty())) {
    walks_in_a_row_ = 0;
    return points.PopToSettle(&source);
  }
  if (!points_are_due) ++walks_in_a_row_;
  return walks.PopToSettle(&source);
}

void ReaderPool::Close() {
  CHECK(!IsThisThread(), "a reader cannot join itself");
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

bool ReaderPool::IsThisThread() const {
  return std::any_of(threads_.begin(), threads_.end(), [](const std::thread& thread) {
    return std::this_thread::get_id() == thread.get_id();
  });
}

uint64_t ReaderPool::waiting_jobs() const {
  const std::lock_guard lock(mutex_);
  return Size();
}

// A thread ends when the pool closes and nothing waits. A job that another thread still runs and
// queues again is then completed by that other thread.
void ReaderPool::Run(const char* thread_name) {
  NameThisThread(thread_name);
  const bool is_low = priority_ == Priority::kLow;
  if (is_low) LowerPriorityOfThisThread(limits::kPatientNice);
  SetTimeSliceOfThisThread(limits::kReaderSliceNanos);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return Size() > 0 || closing(); });
    if (Size() == 0) return;
    Waiting waiting = TakeNext();
    lock.unlock();
    const bool more = RunOne(&waiting);
    // Else a thread that has one job after the other keeps its core for as long as the scheduler
    // lets it, some milliseconds, although an event loop has woken up there.
    LetOtherThreadsRun(is_low ? limits::kPatientTurnNanos : limits::kReaderTurnNanos);
    const uint64_t source = waiting.job->call().source;
    const size_t work = waiting.job->work();
    const Job::Kind kind = waiting.job->kind();
    ReaderPool* const next = !more ? nullptr : kind == Job::Kind::kWalk ? rest_ : this;
    if (next == nullptr) waiting.job.reset();
    lock.lock();
    QueueOf(kind).Settle(source, limits::kReadTurnWork, work);
    if (next == this) {
      Enqueue(std::move(waiting));
    } else if (next != nullptr) {
      lock.unlock();
      next->Add(std::move(waiting));
      lock.lock();
    }
  }
}

// Ok: the job may begin or continue.
Status ReaderPool::WhyNotRun(const Job& job) const {
  if (closing()) return {Code::kShuttingDown, "the storage is closing"};
  return MayRead(job.call(), clock_->MonotonicNanos());
}

bool ReaderPool::RunOne(Waiting* waiting) {
  if (Status why = WhyNotRun(*waiting->job); !why.ok()) {
    GiveUp(waiting, std::move(why));
    return false;
  }
  waiting->begun = true;
  return waiting->job->Run() == Job::Progress::kMore;
}

}  // namespace smile
