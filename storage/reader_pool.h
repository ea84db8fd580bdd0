// The threads on which reads wait for the disk, so that event loops never do: a fixed number of
// threads with two bounded queues, one for each kind of job.
//
// Point reads and walks alternate, so that neither kind waits for the whole queue of the other:
// while both wait, the pool runs limits::kWalkSlicesPerPointTurn slices of walks, then one job of
// point reads, and so on, counted over all threads. Within a kind, sources take turns by the work
// that they cause (storage/fair_queue.h); a slice is charged to its source when it is done. A
// thread sleeps only when both queues are empty. Between jobs it lets other threads run.
//
// Walks that are not done after a slice may go on in another pool, of lower priority, so that they
// do not delay what is done soon.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/status.h"
#include "storage/call_context.h"
#include "storage/fair_queue.h"

namespace smile {

class ReaderPool {
 public:
  // Something to read. Exactly one of these completes it and answers the caller: a Run that returns
  // kDone, Refuse, or End. Between two calls it may wait for a long time and should not hold
  // anything that others need, such as an iterator.
  class Job {
   public:
    enum class Progress : uint8_t {
      kDone,
      kMore,  // a slice is done; the job is queued after all others of its kind and source
    };
    enum class Kind : uint8_t { kWalk, kPointReads };

    explicit Job(CallContext call, Kind kind = Kind::kWalk) : call_(std::move(call)), kind_(kind) {}
    virtual ~Job() = default;

    // On a thread of the pool, one call at a time.
    virtual Progress Run() = 0;
    // Called if Run was never called.
    virtual void Refuse(Status why) = 0;
    // Called if Run returned kMore but the job may not continue: its deadline has passed, its
    // caller is gone, the pool closes, or limits::kMaxReaderQueue of them wait in `rest`. The job
    // answers with what it has. Jobs that never return kMore need not override it.
    virtual void End() {}

    const CallContext& call() const { return call_; }
    Kind kind() const { return kind_; }
    // The work of the last Run, in records examined or the equivalent.
    size_t work() const { return work_; }

   protected:
    void set_work(size_t work) { work_ = work; }

   private:
    const CallContext call_;
    const Kind kind_;
    size_t work_ = limits::kReadTurnWork;
  };

  enum class Priority : uint8_t {
    kUsual,  // as event loops, which take what has arrived meanwhile together
    kLow,    // event loops run first, which costs a switch of threads for each event
  };

  struct Threads {
    uint32_t count;    // from 1 to limits::kMaxReaders (CHECK)
    const char* name;  // see NameThisThread
    Priority priority;
  };

  // The clock is for deadlines and outlives the pool. Walks that return kMore go on in `rest`,
  // which outlives the pool and is closed after it; null: in this pool.
  ReaderPool(const Clock* clock, const Threads& threads, ReaderPool* rest = nullptr);
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Any thread. The job is refused with TooManyReadsWait() if limits::kMaxReaderQueue jobs of its
  // kind wait, and with kShuttingDown after Close. A job whose deadline passes before it first runs
  // is refused with kDeadlineExceeded, one whose caller is gone with kUnavailable.
  void Submit(std::unique_ptr<Job> job);

  // Lets running slices finish and begins no more: waiting jobs are refused with kShuttingDown or
  // ended. Then ends the threads. Further calls do nothing. Not on a thread of the pool (CHECK).
  void Close();
  // Close() has been called: a long slice should end. Any thread.
  bool closing() const { return closing_.load(std::memory_order_relaxed); }

  // Whether the caller is a thread of the pool.
  bool IsThisThread() const;

  uint64_t waiting_jobs() const;

 private:
  struct Waiting {
    std::unique_ptr<Job> job;
    bool begun;
  };

  using Queue = FairQueue<Waiting>;

  Queue& QueueOf(Job::Kind kind) { return queues_[static_cast<size_t>(kind)]; }
  uint64_t Size() const;
  // A job that has begun did so in another pool.
  void Add(Waiting waiting);
  static void GiveUp(Waiting* waiting, Status why);
  void Enqueue(Waiting waiting);
  Waiting TakeNext();
  void Run(const char* thread_name);
  bool RunOne(Waiting* waiting);
  Status WhyNotRun(const Job& job) const;

  const Clock* const clock_;
  const Priority priority_;
  ReaderPool* const rest_;  // may be this
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Queue, 2> queues_ = {Queue(limits::kReadTurnWork), Queue(limits::kReadTurnWork)};
  uint32_t walks_in_a_row_ = 0;       // slices of walks since the last job of point reads
  std::atomic<bool> closing_{false};  // set under mutex_
  std::vector<std::thread> threads_;
};

// The answer to a read when the queue is full: kOverloaded.
Status TooManyReadsWait();

}  // namespace smile
