// Reads that are done together: one MultiGet for all their keys, and one fetch of a key that
// several of them want.
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

// A Read that waits for a reader or is being done.
struct PendingRead {
  ReadRequest request;
  std::function<void(Result<ReadReply>)> done;
  ReadReply reply;
  bool wants_values = true;
  size_t value_bytes = 0;
  bool full = false;  // no more values fit
  Status ended;       // if not ok, the answer instead of the reply, which is no longer wanted
};

// The reads that one reader does at a time. The arguments outlive it.
class ReadBatch {
 public:
  // Offers what it reads to the cache, and records the sizes of values in `sizes`.
  ReadBatch(const RocksDatabase* database, RecordCache* cache, const Clock* clock,
            ValueSizes* sizes, std::vector<PendingRead>* reads);

  // Fills in all replies. May wait for the disk. Between its calls of MultiGet it checks which
  // reads are still wanted; if `stop` returns true, none is (kShuttingDown). Returns the number of
  // keys that were fetched. May be called once.
  size_t Run(FunctionRef<bool()> stop);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  // A key of one of the reads.
  struct Wanted {
    PendingRead* read;
    size_t index;         // in its request and reply
    uint32_t same_after;  // the next Wanted with the same key, or kNone
    bool fetched_before;  // there is an earlier Wanted with the same key
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
