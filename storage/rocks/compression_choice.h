// How the last level of each table, which contains nearly all of its data, is compressed: with zstd
// where that saves much space, else with LZ4. A block that is read from the disk costs four times
// as much to decompress with zstd (docs/decisions/0075-compression-follows-the-data.md).
//
// RocksDB compresses one block of 64 in both ways when it writes a file, and tells the sizes.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "model/tables.h"

namespace smile {

class CompressionChoice {
 public:
  static constexpr uint64_t kSampledBlocks = 64;  // one of so many
  // Estimated bytes of new files of a table, if compressed with LZ4, before its data is judged.
  static constexpr uint64_t kLeastBytes = 16 << 20;

  // Whether the files of a table are compressed as their data allows. Those of the others have a
  // dictionary, or are not compressed.
  static constexpr bool IsFor(Table table) {
    return table != Table::kBlobs && table != Table::kPosts;
  }

  // For DBOptions::listeners of the database. This object outlives that.
  std::shared_ptr<rocksdb::EventListener> MakeListener();

  // Adds the estimates for a new file. Any thread.
  void Add(Table table, uint64_t lz4_bytes, uint64_t zstd_bytes);
  // Whether LZ4 is to be used for what a table contains, if it is used now or is not. Any thread.
  bool PrefersLz4(Table table, bool is_lz4) const;

  // Sets the option of each table that has it otherwise, for files that begin later. Takes
  // RocksDB's locks. If something changes, it is written to the manifest and to a new OPTIONS
  // file, for which writes wait. One thread at a time.
  void Update(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families) const;

 private:
  struct Estimate {
    uint64_t lz4_bytes = 0;
    uint64_t zstd_bytes = 0;
  };

  mutable std::mutex mutex_;
  std::array<Estimate, kTables.size() + 1> estimates_{};  // by Table
};

}  // namespace smile
