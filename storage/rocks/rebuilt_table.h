// A table file that RocksDB cannot open, made one that it can, without changing the file.
//
// What is missing or damaged is the file itself, or what says where its data lies: footer, index,
// properties. The data lies at the beginning, in blocks with checksums of their own, so it can be
// found without the index. RocksDB is then given the file with an index and a footer that are made
// from what was found, and without a filter (MakeRebuiltFileSystem).
//
// Where a block can not be found, a lost range, the index leads to a block that cannot be read, so
// that all questions for keys there fail; or, once the range is given up, to an empty one. The
// first record after a lost range that is not the file's end counts as lost while the range does,
// because nothing says whether the range had another version of it.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/tables.h"
#include "storage/rocks/table_blocks.h"

namespace smile {

// Of encoded keys.
struct LostRange {
  Bytes after;   // the last record before it; empty: it begins with the file
  Bytes before;  // the first record after it; empty: it ends with the file
};

// Of what can be read.
struct EntryCounts {
  uint64_t entries = 0;  // records and marks of deleted ones
  uint64_t deletions = 0;
  uint64_t key_bytes = 0;
  uint64_t value_bytes = 0;
};

class RebuiltTable {
 public:
  // Reads what can be read of the file; of one that is missing, nothing. `file` is what the
  // manifest says of it.
  static std::shared_ptr<const RebuiltTable> Make(Table table,
                                                  const rocksdb::LiveFileMetaData& file,
                                                  rocksdb::FileSystem* system);

  const std::string& name() const { return name_; }  // "000022.sst"
  Table table() const { return table_; }
  uint64_t size() const { return size_; }  // as the manifest has it
  // Encoded keys of the file's first and last record.
  const Bytes& smallest() const { return smallest_; }
  const Bytes& largest() const { return largest_; }
  uint64_t entries() const { return counts_.entries; }  // that can be read
  const std::vector<LostRange>& lost() const { return lost_; }
  // "all of its 2,000 entries can be read", "it had users/1/profile to users/9/profile, …".
  std::string DescribeLost() const;

  // As RocksDB gets to see it: bytes of the file, and those that are put in their place.
  struct Piece {
    uint64_t offset;
    ByteView bytes;
  };
  // Bytes of the file itself beyond its data are not to be looked at.
  uint64_t data_end() const { return data_end_; }
  std::vector<Piece> Pieces(bool lost_is_empty) const;

 private:
  RebuiltTable() = default;
  void Finish(uint64_t number, const std::vector<std::pair<Bytes, Bytes>>& index,
              ByteView dictionary);

  std::string name_;
  Table table_{};
  uint64_t size_ = 0;
  Bytes smallest_, largest_;
  EntryCounts counts_;
  std::vector<LostRange> lost_;
  uint64_t data_end_ = 0;
  BlockPlace lost_block_;  // which all lost ranges share
  Bytes empty_block_;
  Bytes unreadable_block_;
  uint64_t tail_offset_ = 0;  // beyond the file's end, where there is room for anything
  Bytes tail_;
  Bytes footer_;
};

// Those of one database. Any thread.
class RebuiltTables {
 public:
  void Add(std::shared_ptr<const RebuiltTable> table);
  std::shared_ptr<const RebuiltTable> Find(const std::string& path) const;  // null: there is none
  bool empty() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const RebuiltTable>> tables_;  // by name
};

enum class LostRecords { kUnreadable, kGivenUp };

// The same files, but that rebuilt tables are read as they were rebuilt. A database that has one is
// opened without verify_sst_unique_id_in_manifest, as what that compares may be lost.
std::shared_ptr<rocksdb::FileSystem> MakeRebuiltFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, std::shared_ptr<const RebuiltTables> tables,
    LostRecords lost);

// Whether the file is there, as long as it was written, and with an index, a filter and properties
// that can be read. `options` are those of its table.
rocksdb::Status OpensWhole(const rocksdb::LiveFileMetaData& file, const rocksdb::Options& options);

std::string PathOf(const rocksdb::LiveFileMetaData& file);

}  // namespace smile
