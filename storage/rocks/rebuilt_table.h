// A table file that RocksDB cannot open, presented in a form that it can, without changing the
// file.
//
// The file is missing, or the structures that locate its data are damaged: footer, index,
// properties. The data is at the beginning, in blocks with their own checksums, so it can be found
// without the index. RocksDB is then given the file with an index and a footer that are generated
// from what was found, and without a filter (MakeRebuiltFileSystem).
//
// Where blocks are missing, a lost range, the generated index points to an unreadable block, so
// that lookups of keys in the range fail; or, once the range is given up, to an empty block. The
// first record after a lost range, unless the range ends the file, counts as lost as well, because
// it is unknown whether the range contained another version of it.
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
#include "storage/rocks/file_overlay.h"
#include "storage/rocks/table_blocks.h"

namespace smile {

// Of encoded keys.
struct LostRange {
  Bytes after;   // the last record before it; empty: it starts at the start of the file
  Bytes before;  // the first record after it; empty: it ends at the end of the file
};

// Of the entries that can be read.
struct EntryCounts {
  uint64_t entries = 0;  // records and tombstones
  uint64_t deletions = 0;
  uint64_t key_bytes = 0;
  uint64_t value_bytes = 0;
};

class RebuiltTable {
 public:
  // Reads what can be read of the file, nothing if it is missing. `file` is its description in the
  // manifest.
  static std::shared_ptr<const RebuiltTable> Make(Table table,
                                                  const rocksdb::LiveFileMetaData& file,
                                                  rocksdb::FileSystem* system);

  const std::string& name() const { return name_; }  // "000022.sst"
  Table table() const { return table_; }
  uint64_t size() const { return size_; }  // according to the manifest
  // Encoded keys of the first and last record of the file.
  const Bytes& smallest() const { return smallest_; }
  const Bytes& largest() const { return largest_; }
  uint64_t entries() const { return counts_.entries; }  // that can be read
  const std::vector<LostRange>& lost() const { return lost_; }
  // "all of its 2,000 entries can be read", "it had users/1/profile to users/9/profile, …".
  std::string DescribeLost() const;

  // What RocksDB reads: the bytes of the file up to data_end(), overlaid with these pieces.
  // The rest of the file is not used.
  uint64_t data_end() const { return data_end_; }
  std::vector<FileOverlay> Pieces(bool lost_is_empty) const;

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
  BlockPlace lost_block_;  // shared by all lost ranges
  Bytes empty_block_;
  Bytes unreadable_block_;
  uint64_t tail_offset_ = 0;  // past the end of the file, where nothing else is
  Bytes tail_;
  Bytes footer_;
};

// The rebuilt tables of one database. Any thread.
class RebuiltTables {
 public:
  void Add(std::shared_ptr<const RebuiltTable> table);
  std::shared_ptr<const RebuiltTable> Find(const std::string& path) const;  // null: there is none
  size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const RebuiltTable>> tables_;  // by name
};

enum class LostRecords { kUnreadable, kGivenUp };

// A file system in which rebuilt tables are read as rebuilt; other files are unchanged. A database
// that has one is opened without verify_sst_unique_id_in_manifest, because what that compares may
// be lost.
std::shared_ptr<rocksdb::FileSystem> MakeRebuiltFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, std::shared_ptr<const RebuiltTables> tables,
    LostRecords lost);

// Checks that the file exists, has the size in the manifest, and that its index, its properties and
// the partitions of its filter can be read. `options` are those of its table.
rocksdb::Status OpensWhole(const rocksdb::LiveFileMetaData& file, const rocksdb::Options& options);

std::string PathOf(const rocksdb::LiveFileMetaData& file);

}  // namespace smile
