// `smiled repair`: removes what is damaged from a data directory that no smiled serves, and nothing
// else.
//
// A damaged block is overwritten with an empty one of the same size; a damaged record is deleted; a
// table file that RocksDB cannot open is replaced by what can be read of it (rebuilt_table.h). What
// is changed is first saved in salvage/TIME/ in the data directory:
//
//   NUMBER.sst       each damaged table file as it was, with zeros where the disk cannot be read
//   damage.txt       what was damaged, one line per finding
//   older.jsonl      records that became visible, in the format of `smilecat load`
//   damaged.jsonl    values that do not match their checksums
//
// repair.tmp/ in the data directory holds what will be in older.jsonl, until the repair ends. A
// file REPAIR is there from before the first change until EndRepair.
//
// A damaged block may have contained a newer version of a record in a file below, or its tombstone.
// The filter of the file excludes that for nearly all records; those stay. Records for which it
// does not, within what was removed, may be outdated: they are written to older.jsonl and deleted,
// unless the operator keeps them. They are never served without notice.
//
// For a range that a file has lost together with its filter this is unknown: all older records in
// it may be outdated, and nearly all may be current. The operator must decide before anything is
// changed.
//
// The log is not changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/rocks/check.h"

namespace smile {

enum class OlderRecords {
  kDeleteInBlocks,  // kDelete, but fail if there are any in a range that a file has lost
  kDelete,
  kKeep,
};

// Ids of partitions, from the first to the last, inclusive; an empty one is unbounded.
struct PartitionRange {
  Bytes first;
  Bytes last;
};

// The partitions of which a repair of this damage removes records of the table, or may do so.
std::vector<PartitionRange> RemovedFrom(const CheckReport& damage, Table table);

struct RepairReport {
  bool resumed = false;  // an earlier repair did not get as far as EndRepair
  CheckReport before;
  CheckReport after;
  std::string salvage;             // the directory; empty: nothing was changed
  uint64_t older_count = 0;        // records that became visible
  std::vector<std::string> older;  // paths of the first 100 of them
};

// kStorageFailed, with a message, if a file cannot be written or the database cannot be opened;
// what was saved until then remains, and the repair may be repeated. kConditionFailed: see
// OlderRecords::kDeleteInBlocks.
Result<RepairReport> RepairDirectory(const RocksDirectory& directory, OlderRecords older_records,
                                     const Clock* clock, const Logger* log,
                                     const CheckProgress& progress);

// To be called when what can be derived of the removed records has been restored: of all users if
// the repair was resumed.
void EndRepair(const std::string& data_directory);

}  // namespace smile
