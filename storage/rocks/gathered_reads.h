// The reads that wait for a reader. A reader that begins takes as many of them as are its share, so
// that under load they are read together (storage/rocks/read_batch.h), and an idle server reads
// each at once: nothing waits for others to come. What is taken is taken from all sources in turn.
// To the pool, they are its point reads: however many walks there are, they have turns of their
// own.
//
// A read that was not yet taken when a write was answered sees the write; one that began after the
// write was answered was not yet taken then. So it may share a fetch with whoever waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "storage/engine.h"
#include "storage/fair_queue.h"
#include "storage/reader_pool.h"
#include "storage/record_cache.h"
#include "storage/rocks/read_batch.h"
#include "storage/rocks/rocks_database.h"

namespace smile {

class GatheredReads {
 public:
  // All outlive it, and it outlives the pool's Close(). `readers`: how many threads the pool has.
  GatheredReads(const RocksDatabase* database, RecordCache* cache, const Clock* clock,
                ReaderPool* pool, uint32_t readers);

  // As Engine::Read. Any thread. Over limits::kMaxReaderQueue reads that wait, or
  // kMaxReaderQueueBytes of their keys, it is refused with TooManyReadsWait().
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done);

  // The same for one who only wants to know whether the records are there, and to have them in
  // memory: values are left empty, and nothing bounds them.
  void Look(ReadRequest request, std::function<void(Result<ReadReply>)> done);

  struct Counts {
    uint64_t reads = 0;         // that a reader has taken
    uint64_t batches = 0;       // in which they were taken
    uint64_t fetched_keys = 0;  // each once in its batch
    uint64_t waiting = 0;
  };
  Counts counts() const;

 private:
  class Job;

  void Enqueue(PendingRead read);
  void Schedule();
  void RefuseAll(const Status& why);
  std::vector<PendingRead> Take(bool* more);
  void CountFetched(size_t keys);
  bool GoOn();

  const RocksDatabase* const database_;
  RecordCache* const cache_;
  const Clock* const clock_;
  ReaderPool* const pool_;
  const uint32_t readers_;
  ValueSizes sizes_;

  mutable std::mutex mutex_;
  FairQueue<PendingRead> waiting_;
  size_t waiting_bytes_ = 0;
  bool scheduled_ = false;  // a job in the pool's queue will take some of them
  uint32_t running_ = 0;    // jobs that have taken some and will look again
  Counts counts_;
};

}  // namespace smile
