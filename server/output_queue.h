// The replies of a session that its transport does not have yet. Bulk replies, such as pieces of a
// video, let all others go first, and wait here while the transport has more than a few bytes: a
// small reply that is written later does not wait for megabytes.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "server/output_piece.h"
#include "server/reply_buffer.h"

namespace smile {

class OutputQueue {
 public:
  // For replies that are not bulk.
  ReplyBuffer* replies() { return &replies_; }
  // One frame, in one or several pieces.
  void AppendBulk(ReplyBuffer frame) {
    CHECK(!frame.empty());
    bulk_bytes_ += frame.size();
    bulk_memory_ += frame.memory();
    bulk_.push_back(std::move(frame));
  }

  bool empty() const { return replies_.empty() && bulk_.empty(); }
  size_t size() const { return replies_.size() + bulk_bytes_; }
  size_t bulk_bytes() const { return bulk_bytes_; }
  size_t other_bytes() const { return replies_.size(); }
  size_t memory() const { return replies_.memory() + bulk_memory_; }

  // Whether there is something to be sent while the transport has so many unsent bytes.
  bool HasNext(size_t unsent) const {
    return half_sent_ || !replies_.empty() || (!bulk_.empty() && unsent < limits::kUnsentBulkBytes);
  }
  // About the bytes that are to be sent then.
  size_t NextBytes(size_t unsent) const {
    const bool with_bulk = half_sent_ || (!bulk_.empty() && unsent < limits::kUnsentBulkBytes);
    return replies_.size() + (with_bulk ? bulk_.front().size() : 0);
  }

  // Whether the next piece is one of a bulk reply.
  bool next_is_bulk() const { return half_sent_ || (replies_.empty() && !bulk_.empty()); }

  // The next piece, which is removed; empty if there is none. A frame is not interrupted.
  OutputPiece TakeFront() {
    if (!next_is_bulk()) return replies_.TakeFront();
    ReplyBuffer& frame = bulk_.front();
    bulk_bytes_ -= frame.size();
    bulk_memory_ -= frame.memory();
    OutputPiece piece = frame.TakeFront();
    half_sent_ = !frame.empty();
    if (half_sent_) {
      bulk_bytes_ += frame.size();
      bulk_memory_ += frame.memory();
    } else {
      bulk_.pop_front();
    }
    CHECK(!bulk_.empty() || (bulk_bytes_ == 0 && bulk_memory_ == 0), "sizes add up");
    return piece;
  }

 private:
  ReplyBuffer replies_;
  std::deque<ReplyBuffer> bulk_;
  size_t bulk_bytes_ = 0;
  size_t bulk_memory_ = 0;
  bool half_sent_ = false;  // the first bulk frame
};

}  // namespace smile
