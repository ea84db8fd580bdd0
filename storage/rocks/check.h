// Verifies a data directory that no smiled serves: every block of every table file, every record's
// checksum, the values in blob files, and the log as a start would read it. Changes nothing.
#pragma once

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
#include "storage/rocks/rebuilt_table.h"
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

// A table file that is missing, or of which more than data blocks is damaged, and what can be read
// of it all the same.
struct DamagedFile {
  std::shared_ptr<const RebuiltTable> rebuilt;
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
  std::shared_ptr<RebuiltTables> rebuilt = std::make_shared<RebuiltTables>();  // those of `files`
  uint64_t checked_files = 0;
  uint64_t checked_records = 0;

  bool clean() const {
    return blocks.empty() && files.empty() && records.empty() && others.empty();
  }
  // One line for each damage.
  std::vector<std::string> Lines() const;
};

// `done` of `whole` bytes of table files have been read.
using CheckProgress = std::function<void(uint64_t done, uint64_t whole)>;

// Without a manifest and a log that can be read, the report says only why the database does not
// open.
CheckReport CheckDirectory(const RocksDirectory& directory, const Clock* clock, const Logger* log,
                           const CheckProgress& progress);

}  // namespace smile
