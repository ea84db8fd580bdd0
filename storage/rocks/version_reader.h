// Finds the records that the conditions and additions of a group depend on, in memory, where write
// admission has loaded the records (storage/rocks/write_admission.h). Used by the committer's
// thread alone.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/record_cache.h"
#include "storage/rocks/multi_get.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/rocks_options.h"

namespace smile {

// What the mutations of a group need to know of a record.
struct CurrentRecord {
  uint64_t version = 0;  // 0: absent or expired
  uint64_t expires_ms = 0;
  std::optional<int64_t> number = 0;  // nullopt: its value is not a number
};

CurrentRecord CurrentRecordOf(const RecordView& record);

class VersionReader {
 public:
  struct Wanted {
    EncodedTableKey key;
    const Status* unread = nullptr;  // why the readers could not read it; null: they could
    // The result: the record, or why it could not be read.
    CurrentRecord record = {};
    Status error = {};
  };

  // The arguments outlive it.
  VersionReader(const RocksDatabase* database, RecordCache* cache, const Clock* clock)
      : database_(database), cache_(cache), clock_(clock), in_memory_(InMemoryReadOptions()) {}

  void Read(std::vector<Wanted>* wanted);

  // Records that had to be read from the disk because they were evicted from memory between
  // admission and this lookup. Any thread.
  uint64_t disk_reads() const { return disk_reads_.load(std::memory_order_relaxed); }

 private:
  bool FindInCache(Wanted* wanted);
  bool FindInMemory(Wanted* wanted) const;
  void ReadFromDisk(const std::vector<Wanted*>& wanted);
  void Set(Wanted* wanted, const Result<ByteView>& stored) const;

  const RocksDatabase* const database_;
  RecordCache* const cache_;
  const Clock* const clock_;
  const rocksdb::ReadOptions in_memory_;
  std::atomic<uint64_t> disk_reads_{0};
};

}  // namespace smile
