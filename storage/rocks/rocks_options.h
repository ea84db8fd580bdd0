// How RocksDB is set up: for the whole database, and for each table what it holds.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <memory>

#include "base/clock.h"
#include "model/tables.h"
#include "storage/rocks/expiring_blobs.h"
#include "storage/rocks/rocks_engine.h"

namespace smile {

rocksdb::DBOptions DatabaseOptions(const RocksOptions& options, rocksdb::Env* env);

// Blocks of all tables' files.
std::shared_ptr<rocksdb::Cache> MakeBlockCache(const RocksOptions& options);

// `cache` is shared by all tables. The clock and `blobs`, by which expired records are dropped,
// outlive the database.
rocksdb::ColumnFamilyOptions FamilyOptions(Table table, const RocksOptions& options,
                                           const std::shared_ptr<rocksdb::Cache>& cache,
                                           const Clock* clock, const ExpiringBlobs* blobs);

// In the table `blobs`: values of so many bytes, as they are stored, lie in blob files.
inline constexpr size_t kLeastBlobFileBytes = 4 << 10;

// For the group of a committer.
rocksdb::WriteOptions GroupWriteOptions();

inline constexpr size_t kProtectionBytesPerKey = 8;

// Of one table: where RocksDB begins to delay writers.
inline constexpr int kMaxMemtables = 4;  // with one less that waits to be written out
inline constexpr int kLevel0SlowdownFiles = 20;
inline constexpr uint64_t kSoftPendingCompactionBytes = uint64_t{64} << 30;

}  // namespace smile
