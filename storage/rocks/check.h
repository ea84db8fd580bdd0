// Verifies a data directory that no smiled serves: every block of every table file, every record's
// checksum, the values in blob files, and the log as a start would read it. Changes nothing.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "model/tables.h"
#include "storage/rocks/expiring_blobs.h"
#include "storage/rocks/rocks_directory.h"

namespace smile {

// A block of a table file. What was in it is known only by what stands on both sides.
struct DamagedBlock {
  Table table;
  std::string file;  // "000022.sst"
  uint64_t offset;
  uint64_t size;  // without RocksDB's trailer of 5 bytes
  Bytes after;    // encoded key of the last record before it; empty: it is the file's first
  Bytes before;   // of the first record after it; empty: it is the file's last
};

// A file that cannot be read at all, or whose index cannot.
struct DamagedFile {
  std::string file;
  std::string why;
};

struct DamagedRecord {
  Table table;
  Bytes encoded;
  std::string why;
};

struct CheckReport {
  std::vector<DamagedBlock> blocks;
  std::vector<DamagedFile> files;
  std::vector<DamagedRecord> records;
  std::vector<std::string> others;  // of the log, the watermark: a sentence each
  uint64_t checked_files = 0;
  uint64_t checked_records = 0;

  bool clean() const {
    return blocks.empty() && files.empty() && records.empty() && others.empty();
  }
  // One line for each damage.
  std::vector<std::string> Lines() const;
};

// The database of a directory, opened without writing anything.
class ReadOnlyDatabase {
 public:
  // kStorageFailed: RocksDB's words. The clock and the log outlive it.
  static Result<std::unique_ptr<ReadOnlyDatabase>> Open(const RocksDirectory& directory,
                                                        const Clock* clock, const Logger* log);
  ~ReadOnlyDatabase();

  rocksdb::DB* db() const { return db_.get(); }
  // Null: the table is not there yet.
  rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families_[static_cast<size_t>(table)];
  }
  rocksdb::Env* env() const { return env_.get(); }

  // For one file by itself.
  rocksdb::Options OptionsOf(Table table) const;

 private:
  ReadOnlyDatabase() = default;

  std::unique_ptr<rocksdb::Env> env_;
  std::shared_ptr<rocksdb::Cache> cache_;
  ExpiringBlobs blobs_;
  const Clock* clock_ = nullptr;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kTables.size() + 1> families_{};
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

// `done` of `whole` bytes of table files have been read.
using CheckProgress = std::function<void(uint64_t done, uint64_t whole)>;

// Without a database that opens, the report says only why it does not.
CheckReport CheckDirectory(const RocksDirectory& directory, const Clock* clock, const Logger* log,
                           const CheckProgress& progress);

}  // namespace smile
