// Reads that are done together: one question to RocksDB for all of their keys, and one fetch of a
// key that several of them want.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "storage/engine.h"
#include "storage/record_cache.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/value_sizes.h"

namespace smile {

// A Read that waits for a reader, and its answer as it grows.
struct PendingRead {
  ReadRequest request;
  std::function<void(Result<ReadReply>)> done;
  ReadReply reply;
  bool wants_values = true;
  size_t value_bytes = 0;
  bool full = false;  // no more values fit
  Status ended;       // not ok: nobody wants the reply any more, this is the answer
};

// Ok: the read is to begin, or to go on.
Status WhyNotRead(const ReadRequest& request, int64_t now_nanos);

// What one reader does at a time. Everything it is given outlives it.
class ReadBatch {
 public:
  // What it reads it offers to the cache, and what it learns about values to `sizes`.
  ReadBatch(const RocksDatabase* database, RecordCache* cache, const Clock* clock,
            ValueSizes* sizes, std::vector<PendingRead>* reads);

  // Fills in all replies. May wait for the disk; between its questions to RocksDB it looks at which
  // reads are still wanted, and whether `stop` says that none is (by kShuttingDown). Answers how
  // many keys it fetched.
  size_t Run(FunctionRef<bool()> stop);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  // A key of one of the reads.
  struct Wanted {
    PendingRead* read;
    size_t index;         // in its reply
    uint32_t same_after;  // the next one that wants the same key, or kNone
    bool fetched_before;  // another one that wants the same comes before it
  };

  void Encode();
  void JoinSameKeys();
  void EndUnwanted(bool stop);
  bool IsNeeded(uint32_t wanted, uint64_t expected_bytes);
  void Fetch(const std::vector<uint32_t>& leaders);
  Result<RecordView> RecordOf(const CacheKey& key, const rocksdb::Status& status,
                              const rocksdb::PinnableSlice& value) const;
  void Deliver(uint32_t leader, const Result<RecordView>& record);

  const RocksDatabase* const database_;
  RecordCache* const cache_;
  const Clock* const clock_;
  ValueSizes* const sizes_;
  std::vector<PendingRead>* const reads_;
  Bytes encoded_;  // of all keys, one after the other
  std::vector<Wanted> wanted_;
  std::vector<CacheKey> keys_;  // of wanted_
};

}  // namespace smile
