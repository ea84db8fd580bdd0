#include "client/smilecat/json_lines_reader.h"

#include <fmt/format.h>

#include "base/limits.h"

namespace smile::cat {

Status JsonLinesReader::Seek(const Position& position) {
  SMILE_TRY(file_->Seek(position.offset));
  block_ = {};
  at_end_ = false;
  position_ = position;
  return {};
}

RowEvent JsonLinesReader::Next(Row* row) {
  do {
    if (const RowEvent event = ReadLine(); event != RowEvent::kRow) return event;
  } while (line_.find_first_not_of(" \t\r\n") == Bytes::npos);
  ++position_.rows;
  row->object = Json::parse(line_, nullptr, /*allow_exceptions=*/false);
  if (row->is_json()) return RowEvent::kRow;
  error_ = Status(Code::kInvalid, "is no JSON object");
  return RowEvent::kBad;
}

// kRow: line_ is the next line.
RowEvent JsonLinesReader::ReadLine() {
  line_.clear();
  row_line_ = position_.line;
  while (true) {
    if (block_.empty()) {
      if (at_end_) return RowEvent::kEnd;
      Result<ByteView> block = file_->ReadBlock();
      if (!block.ok()) return Fail(block.status());
      block_ = *block;
      at_end_ = block_.empty();
      if (at_end_) return line_.empty() ? RowEvent::kEnd : RowEvent::kRow;
    }
    const size_t end = block_.find('\n');
    const size_t size = end == ByteView::npos ? block_.size() : end + 1;
    line_.append(block_.substr(0, size));
    block_.remove_prefix(size);
    position_.offset += size;
    if (line_.size() > limits::kMaxInputRowBytes) {
      return Fail({Code::kTooLarge, fmt::format("{} line {}: over {} bytes", file_->name(),
                                                row_line_, limits::kMaxInputRowBytes)});
    }
    if (end == ByteView::npos) continue;
    ++position_.line;
    return RowEvent::kRow;
  }
}

RowEvent JsonLinesReader::Fail(Status status) {
  error_ = std::move(status);
  block_ = {};
  at_end_ = true;
  return RowEvent::kFailed;
}

}  // namespace smile::cat
