// Unsent replies, in order: small ones are gathered into one piece and sent in one write; a large
// value is a piece of its own, in the memory in which it was read, or a part of a file.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/file_range.h"
#include "base/memory_budget.h"
#include "server/output_piece.h"

namespace smile {

class ReplyBuffer {
 public:
  bool empty() const { return pieces_.empty() && tail_.empty(); }
  size_t size() const { return before_tail_ + tail_.size(); }
  // Its memory, including unused capacity.
  size_t memory() const { return memory_before_tail_ + MemoryOf(tail_); }

  // The last piece, for appending. Valid until another function is called.
  Bytes* tail() { return &tail_; }

  // Appends bytes without copying them.
  void AppendPiece(Bytes bytes) {
    SealTail();
    Push({.bytes = std::move(bytes), .file = {}});
  }

  // The same for a part of a file, which is a piece together with the tail.
  void AppendFile(FileRange file) {
    Push({.bytes = std::exchange(tail_, {}), .file = std::move(file)});
  }

  void Append(ReplyBuffer other) {
    for (OutputPiece& piece : other.pieces_) {
      SealTail();
      Push(std::move(piece));
    }
    tail_.append(other.tail_);
  }

  // The first piece. Empty if there is none.
  OutputPiece TakeFront() {
    if (pieces_.empty()) return {.bytes = std::exchange(tail_, {}), .file = {}};
    OutputPiece front = std::move(pieces_.front());
    pieces_.erase(pieces_.begin());  // there are few
    CHECK(before_tail_ >= front.size() && memory_before_tail_ >= front.memory());
    before_tail_ -= front.size();
    memory_before_tail_ -= front.memory();
    CHECK(!pieces_.empty() || (before_tail_ == 0 && memory_before_tail_ == 0));
    if (kExpensiveChecks) CHECK(before_tail_ == BytesOfPieces(), "sizes add up");
    return front;
  }

  // After something large was appended to the tail and removed.
  void ShrinkTail() { Bytes(tail_).swap(tail_); }

 private:
  void Push(OutputPiece piece) {
    before_tail_ += piece.size();
    memory_before_tail_ += piece.memory();
    pieces_.push_back(std::move(piece));
  }
  size_t BytesOfPieces() const {
    size_t bytes = 0;
    for (const OutputPiece& piece : pieces_) bytes += piece.size();
    return bytes;
  }
  void SealTail() {
    if (!tail_.empty()) Push({.bytes = std::exchange(tail_, {}), .file = {}});
  }

  std::vector<OutputPiece> pieces_;  // everything before the tail
  size_t before_tail_ = 0;
  size_t memory_before_tail_ = 0;
  Bytes tail_;
};

}  // namespace smile
