#include "client/smilecat/line_reader.h"

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
      return Status(Code::kTooLarge,
                    fmt::format("{} line {}: over {} bytes", file_->name(), line_, max_bytes_));
    }
    if (end == ByteView::npos) continue;
    ++line_;
    line->pop_back();
    return true;
  }
}

}  // namespace smile::cat
