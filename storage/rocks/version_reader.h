// Finds the versions that a group's conditions are about, for the committer: in memory, where
// storage/rocks/write_admission.h has brought the records. For the committer's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/record_cache.h"
#include "storage/rocks/multi_get.h"
#include "storage/rocks/rocks_database.h"

namespace smile {

class VersionReader {
 public:
  struct Wanted {
    EncodedTableKey key;
    const Status* unread = nullptr;  // why the readers could not read it; null: they could
    // What is found: the version (0: absent or expired), or why it could not be read.
    uint64_t version = 0;
    Status error;
  };

  // All outlive it.
  VersionReader(const RocksDatabase* database, RecordCache* cache, const Clock* clock)
      : database_(database), cache_(cache), clock_(clock) {}

  void Read(std::vector<Wanted>* wanted);

  // Records that were read from the disk all the same: they had been in memory, and had left it
  // before they were asked for here. Any thread.
  uint64_t disk_reads() const { return disk_reads_.load(std::memory_order_relaxed); }

 private:
  bool FindInCache(Wanted* wanted);
  bool FindInMemory(Wanted* wanted) const;
  void ReadFromDisk(const std::vector<Wanted*>& wanted);
  void Set(Wanted* wanted, const Result<ByteView>& stored) const;

  const RocksDatabase* const database_;
  RecordCache* const cache_;
  const Clock* const clock_;
  std::atomic<uint64_t> disk_reads_{0};
};

}  // namespace smile
