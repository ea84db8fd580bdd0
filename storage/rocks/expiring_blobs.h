// Whether some value in RocksDB's blob files may have expired: only then do compactions have to
// read such values, to find those that they may drop.
//
// What is kept is the earliest time at which any of them ever expires: in memory, and in the column
// family `default`, so that it is known after a restart. While it is in the future, as it is
// without any expiring blob, blob values are not read.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <cstdint>

namespace smile {

class ExpiringBlobs {
 public:
  // Until Load, any blob may have expired.
  ExpiringBlobs() = default;
  ExpiringBlobs(const ExpiringBlobs&) = delete;
  ExpiringBlobs& operator=(const ExpiringBlobs&) = delete;

  void Load(rocksdb::DB* db);

  // For a batch with values for blob files, the first of which expires at that time. Answers
  // whether it has added an entry to the batch, which it mostly need not; then Written has to
  // follow when the batch is written. On one thread.
  bool Note(uint64_t expires_ms, rocksdb::DB* db, rocksdb::WriteBatch* batch);
  void Written(uint64_t expires_ms) { stored_ = expires_ms; }

  // Any thread.
  bool MayHaveExpiredBy(int64_t millis) const {
    return static_cast<int64_t>(earliest_.load(std::memory_order_acquire)) <= millis;
  }

 private:
  std::atomic<uint64_t> earliest_{0};
  uint64_t stored_ = 0;  // in the database
};

}  // namespace smile
