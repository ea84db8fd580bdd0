#include "client/smilecat/load_tracker.h"

#include "base/check.h"

namespace smile::cat {

uint64_t LoadTracker::BeginRow(const Position& next, size_t records) {
  ++counts_.rows;
  open_.push_back({next, records});
  const uint64_t row = first_open_ + open_.size() - 1;
  Advance();
  return row;
}

void LoadTracker::FinishRecord(uint64_t row, uint64_t LoadCounts::*count) {
  CHECK(row >= first_open_ && row - first_open_ < open_.size());
  OpenRow& open = open_[row - first_open_];
  CHECK(open.records_left > 0);
  --open.records_left;
  ++(counts_.*count);
  Advance();
}

void LoadTracker::Advance() {
  while (!open_.empty() && open_.front().records_left == 0) {
    position_ = open_.front().next;
    open_.pop_front();
    ++first_open_;
  }
}

}  // namespace smile::cat
