#include "client/smilecat/load_tracker.h"

#include "base/check.h"

namespace smile::cat {

void LoadCounts::Add(const LoadCounts& other) {
  rows += other.rows;
  written += other.written;
  present += other.present;
  expired += other.expired;
  refused += other.refused;
  bad_rows += other.bad_rows;
}

LoadCounts LoadCounts::Since(const LoadCounts& earlier) const {
  return {.rows = rows - earlier.rows,
          .written = written - earlier.written,
          .present = present - earlier.present,
          .expired = expired - earlier.expired,
          .refused = refused - earlier.refused,
          .bad_rows = bad_rows - earlier.bad_rows};
}

uint64_t LoadTracker::BeginRow(const Position& next, size_t records) {
  open_.push_back({next, records, {.rows = 1}});
  const uint64_t row = first_open_ + open_.size() - 1;
  Advance();
  return row;
}

void LoadTracker::FinishRecord(uint64_t row, uint64_t LoadCounts::*count) {
  CHECK(row >= first_open_ && row - first_open_ < open_.size());
  OpenRow& open = open_[row - first_open_];
  CHECK(open.records_left > 0);
  --open.records_left;
  ++(open.counts.*count);
  Advance();
}

void LoadTracker::AddBadRow(const Position& next) {
  open_.push_back({next, 0, {.rows = 1, .bad_rows = 1}});
  Advance();
}

void LoadTracker::Advance() {
  while (!open_.empty() && open_.front().records_left == 0) {
    position_ = open_.front().next;
    counts_.Add(open_.front().counts);
    open_.pop_front();
    ++first_open_;
  }
}

}  // namespace smile::cat
