// Gives up what is damaged in a data directory that no smiled serves, and nothing else.
//
// A damaged block is overwritten with an empty one of the same size; a damaged record is deleted.
// What is changed is first put aside in salvage/TIME/ in the data directory:
//
//   NUMBER.sst       each damaged table file as it was
//   damage.txt       what was damaged, one line each
//   older.jsonl      records that came to light, as `smilecat load` takes them
//   damaged.jsonl    values that do not match their checksums
//
// A block may have hidden an older version of a record in a file below it, or the mark that a
// record was deleted. The file's filter says of nearly all other records that the file never held
// them; those stay. What it cannot say that of, inside what was given up, may be outdated: it is
// written to older.jsonl and deleted, unless the operator keeps it. It is not served in silence.
//
// Files of which more than data blocks are damaged are left alone, and so is the log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/rocks/check.h"

namespace smile {

struct RepairReport {
  CheckReport before;
  CheckReport after;
  std::string salvage;             // the directory; empty: nothing was changed
  std::vector<std::string> older;  // paths of the records that came to light
};

// kStorageFailed, in a sentence, if a file cannot be written or the database cannot be opened; what
// was put aside is then there, and the repair may be begun anew.
Result<RepairReport> RepairDirectory(const RocksDirectory& directory, bool keep_older,
                                     const Clock* clock, const Logger* log,
                                     const CheckProgress& progress);

}  // namespace smile
