#include "client/smilecat/json_lines_reader.h"

namespace smile::cat {

Status JsonLinesReader::Seek(const Position& position) {
  SMILE_TRY(lines_.Seek(position.offset, position.line));
  position_ = position;
  return {};
}

RowEvent JsonLinesReader::Next(Row* row) {
  Bytes line;
  do {
    row_line_ = lines_.line();
    const Result<bool> read = lines_.Next(&line);
    position_.offset = lines_.offset();
    position_.line = lines_.line();
    if (!read.ok()) error_ = read.status();
    if (!read.ok()) return RowEvent::kFailed;
    if (!*read) return RowEvent::kEnd;
  } while (line.find_first_not_of(" \t\r") == Bytes::npos);
  ++position_.rows;
  row->object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (row->is_json()) return RowEvent::kRow;
  error_ = Status(Code::kInvalid, "is no JSON object");
  return RowEvent::kBad;
}

}  // namespace smile::cat
