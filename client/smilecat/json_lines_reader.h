// Rows of a file with one JSON object in each line (https://jsonlines.org).
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "client/smilecat/input_file.h"
#include "client/smilecat/line_reader.h"
#include "client/smilecat/row.h"

namespace smile::cat {

// As CsvReader, without a header. Blank lines are skipped.
class JsonLinesReader {
 public:
  explicit JsonLinesReader(InputFile* file) : lines_(file, limits::kMaxInputRowBytes) {}

  Status Seek(const Position& position);
  RowEvent Next(Row* row);
  uint64_t row_line() const { return row_line_; }
  const Position& position() const { return position_; }
  const Status& error() const { return error_; }

 private:
  LineReader lines_;
  uint64_t row_line_ = 1;
  Position position_;
  Status error_;
};

}  // namespace smile::cat
