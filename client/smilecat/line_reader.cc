#include "client/smilecat/line_reader.h"

#include <fmt/format.h>

namespace smile::cat {

void LineReader::Continue(uint64_t offset, uint64_t line) {
  block_ = {};
  at_end_ = false;
  line_finished_ = true;
  line_ = line;
  offset_ = offset;
}

// At the end of the file it stays empty.
Status LineReader::FillBlock() {
  while (block_.empty() && !at_end_) {
    const bool first = offset_ == 0;
    SMILE_ASSIGN(block_, first ? file_->ReadFirstBlock() : file_->ReadBlock());
    at_end_ = block_.empty();
    if (!first || !block_.starts_with(kByteOrderMark)) continue;
    if (hash_ != nullptr) hash_->Update(kByteOrderMark);
    offset_ += kByteOrderMark.size();
    block_.remove_prefix(kByteOrderMark.size());
  }
  return {};
}

// What the block has of the line, with its end.
ByteView LineReader::TakePiece() {
  const size_t end = block_.find('\n');
  line_finished_ = end != ByteView::npos;
  const ByteView piece = block_.substr(0, line_finished_ ? end + 1 : block_.size());
  if (hash_ != nullptr) hash_->Update(piece);
  offset_ += piece.size();
  if (line_finished_) ++line_;
  block_.remove_prefix(piece.size());
  return piece;
}

Result<bool> LineReader::Next(Bytes* line) {
  line->clear();
  while (true) {
    SMILE_TRY(FillBlock());
    if (block_.empty()) return !line->empty();
    line->append(TakePiece());
    if (line->size() > max_bytes_) {
      return Status(Code::kTooLarge, fmt::format("the line is over {} bytes", max_bytes_));
    }
    if (!line_finished_) continue;
    line->pop_back();
    return true;
  }
}

Status LineReader::SkipLine() {
  while (!line_finished_) {
    SMILE_TRY(FillBlock());
    if (block_.empty()) break;
    TakePiece();
  }
  return {};
}

}  // namespace smile::cat
