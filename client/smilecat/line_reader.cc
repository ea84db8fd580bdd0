#include "client/smilecat/line_reader.h"

#include <utility>

#include <fmt/format.h>

namespace smile::cat {

Status LineReader::Seek(uint64_t offset, uint64_t line) {
  SMILE_TRY(file_->Seek(offset));
  block_ = {};
  at_end_ = false;
  line_ = line;
  offset_ = offset;
  return {};
}

Result<bool> LineReader::Next(Bytes* line) {
  line->clear();
  while (true) {
    if (block_.empty()) {
      if (at_end_) return false;
      SMILE_ASSIGN(block_, file_->ReadBlock());
      at_end_ = block_.empty();
      if (at_end_) return !line->empty();
    }
    const size_t end = block_.find('\n');
    const size_t size = end == ByteView::npos ? block_.size() : end + 1;
    line->append(block_.substr(0, size));
    block_.remove_prefix(size);
    offset_ += size;
    if (line->size() > max_bytes_) {
      line_ended_ = end != ByteView::npos;
      return Status(Code::kTooLarge,
                    fmt::format("{} line {}: over {} bytes", file_->name(), line_, max_bytes_));
    }
    if (end == ByteView::npos) continue;
    ++line_;
    line->pop_back();
    return true;
  }
}

Status LineReader::SkipLine() {
  if (std::exchange(line_ended_, false)) {
    ++line_;
    return {};
  }
  while (!at_end_) {
    if (block_.empty()) {
      SMILE_ASSIGN(block_, file_->ReadBlock());
      at_end_ = block_.empty();
      continue;
    }
    const size_t end = block_.find('\n');
    const size_t size = end == ByteView::npos ? block_.size() : end + 1;
    block_.remove_prefix(size);
    offset_ += size;
    if (end == ByteView::npos) continue;
    ++line_;
    break;
  }
  return {};
}

}  // namespace smile::cat
