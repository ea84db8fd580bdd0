// `smiled check`: verifies a data directory that no smiled serves: every block of every table file,
// the checksum of every record, the values in blob files, and the log as a start would read it.
// Changes nothing.
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

// A damaged block of a table file. Only the records before and after it are known.
struct DamagedBlock {
  Table table;
  std::string file;  // "000022.sst"
  uint64_t offset;
  uint64_t size;  // without RocksDB's trailer of 5 bytes
  Bytes after;    // encoded key of the last record before it; empty: it is the first in the file
  Bytes before;   // encoded key of the first record after it; empty: it is the last in the file
};

// A table file that is missing, or in which more than data blocks are damaged, and what can still
// be read of it.
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
  std::vector<std::string> others;  // damage of the log or the watermark: a sentence each
  std::shared_ptr<RebuiltTables> rebuilt = std::make_shared<RebuiltTables>();  // those in `files`
  uint64_t checked_files = 0;
  uint64_t checked_records = 0;

  bool clean() const {
    return blocks.empty() && files.empty() && records.empty() && others.empty();
  }
  // One line per finding.
  std::vector<std::string> Lines() const;
};

// `done` of `whole` bytes of table files have been read.
using CheckProgress = std::function<void(uint64_t done, uint64_t whole)>;

// If the manifest or the log cannot be read, the report says only why the database cannot be
// opened.
CheckReport CheckDirectory(const RocksDirectory& directory, const Clock* clock, const Logger* log,
                           const CheckProgress& progress);

}  // namespace smile
