// Gives up what is damaged in a data directory that no smiled serves, and nothing else.
//
// A damaged block is overwritten with an empty one of the same size; a damaged record is deleted; a
// table file that RocksDB cannot open is replaced by what can be read of it (rebuilt_table.h).
// What is changed is first put aside in salvage/TIME/ in the data directory:
//
//   NUMBER.sst       each damaged table file as it was, with zeros where the disk cannot be read
//   damage.txt       what was damaged, one line each
//   older.jsonl      records that came to light, as `smilecat load` takes them
//   damaged.jsonl    values that do not match their checksums
//
// A block may have hidden an older version of a record in a file below it, or the mark that a
// record was deleted. The file's filter says of nearly all other records that the file never held
// them; those stay. What it cannot say that of, inside what was given up, may be outdated: it is
// written to older.jsonl and deleted, unless the operator keeps it. It is not served in silence.
//
// Of a range that a file has lost without its filter nothing of the kind is known: all older
// records in it may be outdated, and nearly all may be current. What becomes of them is for the
// operator to say, before anything is changed.
//
// The log is left alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/rocks/check.h"

namespace smile {

enum class OlderRecords {
  kDeleteInBlocks,  // kDelete, but refuse if there are any in a range that a file has lost
  kDelete,
  kKeep,
};

struct RepairReport {
  CheckReport before;
  CheckReport after;
  std::string salvage;             // the directory; empty: nothing was changed
  std::vector<std::string> older;  // paths of the records that came to light
};

// kStorageFailed, in a sentence, if a file cannot be written or the database cannot be opened; what
// was put aside is then there, and the repair may be begun anew. kConditionFailed: see
// OlderRecords::kDeleteInBlocks.
Result<RepairReport> RepairDirectory(const RocksDirectory& directory, OlderRecords older_records,
                                     const Clock* clock, const Logger* log,
                                     const CheckProgress& progress);

}  // namespace smile
