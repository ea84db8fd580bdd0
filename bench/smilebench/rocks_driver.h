// rocksdb: RocksDB in this process, without a server, a protocol or checksums of ours: what a
// server over RocksDB could at best do with the same requests in flight. All that was started in a
// turn of the loop is one MultiGet for all reads, and one synced batch for all writes.
//
// Its block cache is as large, and its filters are the same, as those of smiled by default. Keys
// are as short as those of Redis: "u:" and 14 digits. A post's are its author and the complement of
// its number, big-endian, so that the newest comes first.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/smilebench/driver.h"

namespace smile::bench {

// Waits for the disk on its loop's thread, for that is what is measured.
class RocksDriver final : public Driver {
 public:
  // Opens the database, or makes it. kStorageFailed, in RocksDB's words, if that cannot be.
  static Result<std::unique_ptr<Driver>> Open(const BenchOptions& options,
                                              const DriverParts& parts);

  void Start(uint32_t connection, uint32_t slot, const Operation& operation) override;
  void Flush() override;
  double StorageCpuSeconds() const override { return cpu_seconds_; }

 private:
  struct Get {  // also an mget; its keys stand one after the other in keys_
    uint32_t slot = 0;
    size_t keys = 0;
  };
  struct Scan {
    uint32_t slot = 0;
    uint64_t author = 0;
    uint32_t limit = 0;
  };
  // What was started and not yet carried out.
  struct Due {
    std::vector<uint32_t> pings;
    std::vector<Get> gets;
    std::vector<std::string> keys;
    std::vector<uint32_t> puts;
    rocksdb::WriteBatch batch;
    std::vector<Scan> scans;

    bool empty() const { return pings.empty() && gets.empty() && puts.empty() && scans.empty(); }
    void Clear();
  };

  RocksDriver(const BenchOptions& options, const DriverParts& parts,
              std::unique_ptr<rocksdb::DB> database);
  std::string KeyOf(uint64_t number) const;
  void DoPings();
  void DoPuts();
  void DoGets();
  void DoScans();
  void DoScan(const Scan& scan);

  const uint32_t posts_per_author_;
  EventLoop* const loop_;
  DriverEvents* const events_;
  const std::unique_ptr<rocksdb::DB> database_;
  Due due_;
  Due doing_;
  double cpu_seconds_ = 0;  // in calls of RocksDB on the loop's thread
};

}  // namespace smile::bench
