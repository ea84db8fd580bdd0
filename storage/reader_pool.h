// The threads on which reads wait for the disk, so that event loops need not: a fixed number, with
// one bounded queue in front of them, in which sources take turns (storage/fair_queue.h).
#pragma once

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
      kMore,  // a slice is done; the job goes behind all that waits of its source
    };

    // `source`: as in storage/engine.h. `bytes`: what it holds while it waits, if that can be much.
    explicit Job(int64_t deadline_nanos, uint64_t source = 0, size_t bytes = 0)
        : deadline_nanos_(deadline_nanos), source_(source), bytes_(bytes) {}
    virtual ~Job() = default;
    virtual Progress Run() = 0;
    virtual void Refuse(Status why) = 0;

    int64_t deadline_nanos() const { return deadline_nanos_; }
    uint64_t source() const { return source_; }
    size_t bytes() const { return bytes_; }

   private:
    const int64_t deadline_nanos_;
    const uint64_t source_;
    const size_t bytes_;
  };

  // The clock is for deadlines and outlives the pool. At least one thread, at most
  // limits::kMaxReaders (CHECK).
  ReaderPool(const Clock* clock, uint32_t threads);
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Any thread. Over limits::kMaxReaderQueue waiting jobs, or kMaxReaderQueueBytes of them, the job
  // is refused with kOverloaded, after Close with kShuttingDown. One whose deadline is over before
  // it first runs is refused with kDeadlineExceeded.
  void Submit(std::unique_ptr<Job> job);

  // Runs all that was accepted to its end, then ends the threads. More calls do nothing.
  void Close();

  uint64_t waiting_jobs() const;

 private:
  struct Waiting {
    std::unique_ptr<Job> job;
    bool begun;
  };

  void Enqueue(Waiting waiting);
  void Run();
  bool RunOne(Waiting* waiting);

  const Clock* const clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  FairQueue<Waiting> queue_{/*quantum=*/1};
  size_t queue_bytes_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace smile
