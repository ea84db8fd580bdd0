// What of a load is done: rows are sent in their order and acknowledged in any order; the position
// from which a load may go on is behind the last row before which all are done.
//
// Not thread-safe: its owner locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "client/smilecat/row.h"

namespace smile::cat {

struct LoadCounts {
  uint64_t rows = 0;      // read, bad ones included
  uint64_t written = 0;   // records
  uint64_t present = 0;   // records already there (--if-absent)
  uint64_t expired = 0;   // records whose time was over before they were loaded
  uint64_t refused = 0;   // records that the server refused for good
  uint64_t bad_rows = 0;  // rows that make no record

  uint64_t errors() const { return refused + bad_rows; }
  void Add(const LoadCounts& other);
  // What came after `earlier`, which is an earlier state of this.
  LoadCounts Since(const LoadCounts& earlier) const;
  bool operator==(const LoadCounts&) const = default;
};

class LoadTracker {
 public:
  // Goes on from an earlier load's position and counts.
  LoadTracker(const Position& position, const LoadCounts& counts)
      : position_(position), counts_(counts) {}

  // A row of `records` records is sent; the row after it begins at `next`. A row of none is done
  // at once. Gives the row's number, for FinishRecord.
  uint64_t BeginRow(const Position& next, size_t records);

  // One record of this row is done: `count`, a member of LoadCounts, says how.
  void FinishRecord(uint64_t row, uint64_t LoadCounts::*count);

  // A row that makes no record because it is bad.
  void AddBadRow(const Position& next);

  // All rows before it are done, and counted; rows after it may be done, too.
  const Position& position() const { return position_; }
  const LoadCounts& counts() const { return counts_; }

 private:
  struct OpenRow {
    Position next;
    size_t records_left = 0;
    LoadCounts counts;
  };

  void Advance();

  std::deque<OpenRow> open_;  // in the order of the file
  uint64_t first_open_ = 0;   // number of the first one
  Position position_;
  LoadCounts counts_;
};

}  // namespace smile::cat
