#include "client/smilecat/json_lines_reader.h"

#include <fmt/format.h>

namespace smile::cat {

void JsonLinesReader::Continue(const Position& position, char) {
  lines_.Continue(position.offset, position.line);
  position_ = position;
}

RowEvent JsonLinesReader::Next(Row* row) {
  Bytes line;
  do {
    row_line_ = lines_.line();
    const Result<bool> read = lines_.Next(&line);
    error_ = read.status();
    const bool too_long = error_.code() == Code::kTooLarge;
    const Status skipped = too_long ? lines_.SkipLine() : error_;
    position_.offset = lines_.offset();
    position_.line = lines_.line();
    if (!skipped.ok()) error_ = skipped;
    if (!skipped.ok()) return RowEvent::kFailed;
    if (too_long) break;
    if (!*read) return RowEvent::kEnd;
  } while (line.find_first_not_of(" \t\r") == Bytes::npos);
  ++position_.rows;
  position_.hash = hash_->Digest();
  if (!error_.ok()) {
    error_ = Status(Code::kInvalid, fmt::format("is over {} bytes", limits::kMaxInputRowBytes));
    return RowEvent::kBad;
  }
  Result<JsonObject> object = JsonObject::Parse(line);
  error_ = object.status();
  if (!object.ok()) return RowEvent::kBad;
  row->object = std::move(*object);
  return RowEvent::kRow;
}

}  // namespace smile::cat
