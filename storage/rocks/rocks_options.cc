#include "storage/rocks/rocks_options.h"

#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>

#include "base/limits.h"
#include "storage/rocks/compression_choice.h"
#include "storage/rocks/expiry_filter.h"
#include "storage/rocks/partition_memtable.h"

namespace smile {
namespace {

constexpr size_t kBlockBytes = 8 << 10;
constexpr size_t kLeastBlockBytes = 4 << 10;  // about the size of the smaller ones in the cache
static_assert(kLeastBlockBytes <= kBlockBytes);

// Blocks of 8 KiB get within 3 % as small as at RocksDB's default level of 3, in two thirds of the
// time.
constexpr int kZstdLevel = 1;

// About the size of a small record in a memtable.
constexpr size_t kMemtableBytesPerBucket = 256;

bool Supports(rocksdb::CompressionType wanted) {
  const auto supported = rocksdb::GetSupportedCompressions();
  return std::find(supported.begin(), supported.end(), wanted) != supported.end();
}

// Flushed files live only until the next compaction and are not compressed. Upper levels use fast
// compression; the last one, which contains nearly all data, good compression, unless that saves
// little (storage/rocks/compression_choice.h). Posts are short and similar, so a dictionary helps.
void SetCompression(Table table, rocksdb::ColumnFamilyOptions* family) {
  family->compression = rocksdb::kNoCompression;
  if (table == Table::kBlobs) return;  // photos and videos are compressed already
  if (Supports(rocksdb::kLZ4Compression)) {
    family->compression = rocksdb::kLZ4Compression;
    family->compression_per_level = {rocksdb::kNoCompression, rocksdb::kLZ4Compression};
  }
  if (!Supports(rocksdb::kZSTD)) return;
  family->bottommost_compression = rocksdb::kZSTD;
  family->bottommost_compression_opts.enabled = true;
  family->bottommost_compression_opts.level = kZstdLevel;
  if (CompressionChoice::IsFor(table) && family->compression == rocksdb::kLZ4Compression) {
    family->sample_for_compression = CompressionChoice::kSampledBlocks;
  }
  if (table != Table::kPosts) return;
  family->bottommost_compression_opts.max_dict_bytes = 16 << 10;
  family->bottommost_compression_opts.zstd_max_train_bytes = 1 << 20;
  family->bottommost_compression_opts.max_dict_buffer_bytes = 16 << 20;
}

// Without a cache for their values: photos would push everything else out of it, and the operating
// system caches files too.
void SetBlobFiles(rocksdb::ColumnFamilyOptions* family) {
  family->enable_blob_files = true;
  family->min_blob_size = kLeastBlobFileBytes;  // the smallest ones stay in the tree
  static_assert(kLeastBlobFileBytes < limits::kMaxValueBytes);
  family->enable_blob_garbage_collection = false;  // see storage/rocks/blob_collector.h
}

rocksdb::BlockBasedTableOptions TableOptions(Table table,
                                             const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions options;
  options.block_cache = cache;
  options.block_size = kBlockBytes;
  options.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.optimize_filters_for_memory = true;
  // To bound the memory, filters and indexes are in the cache too, where they are evicted last.
  options.cache_index_and_filter_blocks = true;
  options.cache_index_and_filter_blocks_with_high_priority = true;
  options.pin_l0_filter_and_index_blocks_in_cache = true;
  if (table == Table::kUsers || table == Table::kLogins || table == Table::kSessions ||
      table == Table::kGuesses ||
      table == Table::kTokens) {  // mostly looked up by their whole keys
    options.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
    options.data_block_hash_table_util_ratio = 0.75;
  }
  return options;
}

}  // namespace

rocksdb::DBOptions DatabaseOptions(const RocksOptions& options, rocksdb::Env* env) {
  rocksdb::DBOptions database;
  database.env = env;
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  database.paranoid_checks = true;

  // A crash leaves a log that is torn at its end; any other damage is for the operator to handle.
  database.wal_recovery_mode = options.accept_wal_loss
                                   ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                   : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // The manifest records the sizes of all logs but the newest, so that a missing or shortened one
  // is detected: the watermark covers only the end of the newest.
  database.track_and_verify_wals_in_manifest = !options.accept_wal_loss;
  database.max_total_wal_size = 2 * options.write_buffer_bytes;  // bounds what a start replays
  database.db_write_buffer_size = options.write_buffer_bytes;
  database.allow_concurrent_memtable_write = false;  // a group is one batch, inserted by one thread

  // Within the descriptors that are reserved for the storage, with some left for logs and
  // compactions.
  database.max_open_files = static_cast<int>(limits::kReservedDescriptors * 3 / 4);
  // One more than others need, which collecting the garbage of content may occupy.
  database.max_background_jobs =
      static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2u, 8u)) + 1;
  database.bytes_per_sync = 1 << 20;
  database.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  database.info_log_level = rocksdb::WARN_LEVEL;
  // After an error RocksDB is reopened and never resumed (storage/rocks/error_listener.h, which is
  // not called for errors that a file system reports as retryable).
  database.max_bgerror_resume_count = 0;
  return database;
}

std::shared_ptr<rocksdb::Cache> MakeBlockCache(const RocksOptions& options) {
  return rocksdb::HyperClockCacheOptions(options.block_cache_bytes, kLeastBlockBytes)
      .MakeSharedCache();
}

rocksdb::ColumnFamilyOptions FamilyOptions(Table table, const RocksOptions& options,
                                           const std::shared_ptr<rocksdb::Cache>& cache,
                                           const IndexFormat* format, const Clock* clock,
                                           const ExpiringBlobs* blobs) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = options.write_buffer_bytes / 2;
  family.max_write_buffer_number = kMaxMemtables;
  family.level0_slowdown_writes_trigger = kLevel0SlowdownFiles;
  family.level0_stop_writes_trigger = 2 * kLevel0SlowdownFiles;
  family.soft_pending_compaction_bytes_limit = kSoftPendingCompactionBytes;
  family.level_compaction_dynamic_level_bytes = true;
  family.table_factory = MakeTableFactory(TableOptions(table, cache), format);
  SetCompression(table, &family);
  if (table == Table::kBlobs) SetBlobFiles(&family);

  // A scan stays in one partition and uses the filters for it. A login is a partition with one
  // record.
  const size_t width = WidthOf(InfoOf(table).partition.type);
  family.prefix_extractor.reset(width > 0 ? rocksdb::NewFixedPrefixTransform(width)
                                          : rocksdb::NewNoopTransform());
  family.memtable_factory = std::make_shared<PartitionMemtableFactory>(
      std::bit_floor(family.write_buffer_size / kMemtableBytesPerBucket));

  family.compaction_filter_factory = std::make_shared<ExpiryFilterFactory>(clock, blobs);
  // Many adjacent tombstones make scans slow; files with them are compacted early.
  family.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(/*sliding_window_size=*/10'000,
                                                    /*deletion_trigger=*/5'000));
  return family;
}

rocksdb::ReadOptions InMemoryReadOptions() {
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  // RocksDB 7.8.3 reads partitions of an index in any tier, but passes on the deadline, at which it
  // looks only before it reads a file: this one has passed.
  options.deadline = std::chrono::microseconds(1);
  return options;
}

rocksdb::WriteOptions GroupWriteOptions() {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.no_slowdown = true;  // a stall is an error (kOverloaded), not a wait
  return options;
}

}  // namespace smile
