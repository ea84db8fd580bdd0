// RocksDB's options: for the whole database, and for each table according to what it contains.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <memory>

#include "base/clock.h"
#include "model/tables.h"
#include "storage/rocks/expiring_blobs.h"
#include "storage/rocks/index_format.h"
#include "storage/rocks/rocks_engine.h"

namespace smile {

rocksdb::DBOptions DatabaseOptions(const RocksOptions& options, rocksdb::Env* env);

// The cache for blocks of the files of all tables.
std::shared_ptr<rocksdb::Cache> MakeBlockCache(const RocksOptions& options);

// `cache` is shared by all tables. The format, the clock and `blobs`, which are used to drop
// expired records, outlive the database.
rocksdb::ColumnFamilyOptions FamilyOptions(Table table, const RocksOptions& options,
                                           const std::shared_ptr<rocksdb::Cache>& cache,
                                           const IndexFormat* format, const Clock* clock,
                                           const ExpiringBlobs* blobs);

// In the table `blobs`, stored values of at least this size are in blob files.
inline constexpr size_t kLeastBlobFileBytes = 4 << 10;

// For a Get that reads nothing from the disk; see storage/rocks/memory_reader.h.
rocksdb::ReadOptions InMemoryReadOptions();

// For the batch of a committer's group.
rocksdb::WriteOptions GroupWriteOptions();

// For one table: the values at which RocksDB begins to delay writers.
inline constexpr int kMaxMemtables = 4;  // if all but one wait to be flushed
inline constexpr int kLevel0SlowdownFiles = 20;
inline constexpr uint64_t kSoftPendingCompactionBytes = uint64_t{64} << 30;

}  // namespace smile
