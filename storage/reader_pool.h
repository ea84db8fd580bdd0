// The threads on which reads wait for the disk, so that event loops need not: a fixed number, with
// two bounded queues in front of them, one for each kind of job.
//
// Point reads and walks take turns, so that neither waits for all that there is of the other: where
// both wait, a thread takes limits::kWalkSlicesPerPointTurn slices of walks, then one job of point
// reads, and so on, counted over all threads. Within a kind, sources take turns
// (storage/fair_queue.h). A thread sleeps only when nothing of either kind waits.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "storage/fair_queue.h"

namespace smile {

class ReaderPool {
 public:
  // Something to read. Exactly one of these ends it: a Run that returns kDone, or Refuse; each of
  // them answers whoever asked.
  class Job {
   public:
    enum class Progress : uint8_t {
      kDone,
      kMore,  // a slice is done; the job goes behind all that waits of its kind and source
    };
    enum class Kind : uint8_t { kWalk, kPointReads };

    // `source`: as in storage/engine.h.
    explicit Job(int64_t deadline_nanos, uint64_t source = 0, Kind kind = Kind::kWalk)
        : deadline_nanos_(deadline_nanos), source_(source), kind_(kind) {}
    virtual ~Job() = default;
    virtual Progress Run() = 0;
    virtual void Refuse(Status why) = 0;

    int64_t deadline_nanos() const { return deadline_nanos_; }
    uint64_t source() const { return source_; }
    Kind kind() const { return kind_; }

   private:
    const int64_t deadline_nanos_;
    const uint64_t source_;
    const Kind kind_;
  };

  // The clock is for deadlines and outlives the pool. At least one thread, at most
  // limits::kMaxReaders (CHECK).
  ReaderPool(const Clock* clock, uint32_t threads);
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Any thread. Over limits::kMaxReaderQueue waiting jobs of its kind the job is refused with
  // TooManyReadsWait(), after Close with kShuttingDown. One whose deadline is over before it first
  // runs is refused with kDeadlineExceeded.
  void Submit(std::unique_ptr<Job> job);

  // Runs all that was accepted to its end, then ends the threads. More calls do nothing.
  void Close();

  uint64_t waiting_jobs() const;

 private:
  struct Waiting {
    std::unique_ptr<Job> job;
    bool begun;
  };

  using Queue = FairQueue<Waiting>;

  Queue& QueueOf(Job::Kind kind) { return queues_[static_cast<size_t>(kind)]; }
  uint64_t Size() const;
  void Enqueue(Waiting waiting);
  Waiting TakeNext();
  void Run();
  bool RunOne(Waiting* waiting);

  const Clock* const clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Queue, 2> queues_ = {Queue(/*quantum=*/1), Queue(/*quantum=*/1)};
  uint32_t walks_in_a_row_ = 0;  // slices that were taken since point reads were
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

// What a read is told when as many wait already as may: kOverloaded.
Status TooManyReadsWait();

}  // namespace smile
