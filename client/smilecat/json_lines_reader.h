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
  JsonLinesReader(InputFile* file, StreamHash* hash)
      : hash_(hash), lines_(file, limits::kMaxInputRowBytes, hash) {}

  void Continue(const Position& position, char last_byte);
  RowEvent Next(Row* row);
  LineRange row_lines() const { return {row_line_, row_line_}; }
  const Position& position() const { return position_; }
  bool row_finished() const { return lines_.line_finished(); }
  const Status& error() const { return error_; }

 private:
  StreamHash* const hash_;
  LineReader lines_;
  uint64_t row_line_ = 1;
  Position position_;
  Status error_;
};

}  // namespace smile::cat
