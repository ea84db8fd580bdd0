// Whether the indexes and filters of new table files are whole or partitioned.
//
// A whole index or filter is one block of the file: the fastest form while all of them are in the
// block cache, but reading one again costs as much as hundreds of data blocks. So new files are
// partitioned, which costs a second lookup, once the data is large compared with the cache. RocksDB
// reads both kinds. Figures: docs/decisions/0073-indexes-of-large-data-are-partitioned.md.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace smile {

class IndexFormat {
 public:
  // Indexes and filters are up to 6 % of the files, so those of whole ones, which stay whole until
  // they are compacted, fill at most a quarter of the cache.
  static constexpr uint64_t kLargeData = 4;  // times the size of the block cache

  explicit IndexFormat(uint64_t block_cache_bytes) : block_cache_bytes_(block_cache_bytes) {}

  // Decides anew, from the size of the table files. Takes RocksDB's locks; one thread at a time.
  void Update(rocksdb::DB* db);
  // Any thread.
  bool partitioned() const { return partitioned_.load(std::memory_order_relaxed); }

 private:
  const uint64_t block_cache_bytes_;
  std::atomic<bool> partitioned_{false};
};

// Makes files as the format says when each begins. `options`: of whole indexes and filters.
// `format` outlives the database.
std::shared_ptr<rocksdb::TableFactory> MakeTableFactory(
    const rocksdb::BlockBasedTableOptions& options, const IndexFormat* format);

}  // namespace smile
