// Tracks whether a value in RocksDB's blob files may have expired. Only then do compactions have to
// read blob values, to find those that may be dropped.
//
// It keeps the earliest expiry time of all of them, in memory and, so that it is known after a
// restart, in the column family `default`. While that is in the future, as it is without any
// expiring blob, blob values are not read.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <cstdint>

#include "base/check.h"

namespace smile {

class ExpiringBlobs {
 public:
  // Until Load, any blob may have expired.
  ExpiringBlobs() = default;
  ExpiringBlobs(const ExpiringBlobs&) = delete;
  ExpiringBlobs& operator=(const ExpiringBlobs&) = delete;

  void Load(rocksdb::DB* db);

  // For a batch with values for blob files, of which the earliest expires at that time. Returns
  // whether it has added an entry to the batch, which it seldom does; then Written must follow when
  // the batch was written. Called by one thread.
  bool Note(uint64_t expires_ms, rocksdb::DB* db, rocksdb::WriteBatch* batch);
  void Written(uint64_t expires_ms) {
    CHECK(expires_ms < stored_, "only an earlier time is stored");
    stored_ = expires_ms;
  }

  // Any thread.
  bool MayHaveExpiredBy(int64_t millis) const {
    return static_cast<int64_t>(earliest_.load(std::memory_order_acquire)) <= millis;
  }

 private:
  std::atomic<uint64_t> earliest_{0};
  uint64_t stored_ = 0;  // in the database
};

}  // namespace smile
