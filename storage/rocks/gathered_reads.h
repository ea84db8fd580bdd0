// The queue of point reads that wait for a reader. A reader that becomes free takes its share of
// them, so that under load many reads are done together (storage/rocks/read_batch.h), while an idle
// server does each read at once: no read waits for others to arrive. Sources take turns by the keys
// and bytes that they read. To the pool they are point reads, which have their own turns however
// many walks there are.
//
// A read that had not been taken when a write was answered sees that write. A read that begins
// after the write was answered has not been taken by then, so it may share a fetch with any read
// that waits.
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
  // The arguments outlive it, and it outlives the pool's Close(). `readers`: the number of threads
  // of the pool.
  GatheredReads(const RocksDatabase* database, RecordCache* cache, const Clock* clock,
                ReaderPool* pool, uint32_t readers);
  ~GatheredReads();
  GatheredReads(const GatheredReads&) = delete;
  GatheredReads& operator=(const GatheredReads&) = delete;

  // As Engine::Read. Any thread. Refused with TooManyReadsWait() if limits::kMaxReaderQueue reads
  // or kMaxReaderQueueBytes of keys wait already.
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done);

  // Like Read, for a caller that only wants to know whether the records exist, and to have them in
  // memory. Values are left empty, and their size is not limited.
  void Look(ReadRequest request, std::function<void(Result<ReadReply>)> done);

  struct Counts {
    uint64_t reads = 0;         // taken by a reader
    uint64_t batches = 0;       // in which they were taken
    uint64_t fetched_keys = 0;  // distinct keys of each batch
    uint64_t waiting = 0;
  };
  Counts counts() const;

 private:
  class Job;

  void Enqueue(PendingRead read);
  void Schedule();
  void RefuseAll(const Status& why);
  std::vector<PendingRead> Take(bool* more);
  void Settle(const std::vector<PendingRead>& done, size_t fetched);
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
  bool scheduled_ = false;  // a job in the pool's queue will take some
  uint32_t running_ = 0;    // jobs that have taken some and will look again
  Counts counts_;
};

}  // namespace smile
