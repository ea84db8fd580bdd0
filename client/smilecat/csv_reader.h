// Rows of a CSV file (RFC 4180, through libcsv): the first line names the columns.
//
// Fields keep every byte, spaces around them included. A malformed row is reported and skipped up
// to the end of its line.
#pragma once

#include <csv.h>

#include <deque>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/input_file.h"
#include "client/smilecat/row.h"

namespace smile::cat {

class CsvReader {
 public:
  CsvReader(InputFile* file, char delimiter);
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // Reads the line that names the columns. Before Next().
  Status ReadHeader();
  const std::vector<std::string>& columns() const { return columns_; }

  // Goes on at a position that this reader once gave, behind the header.
  Status Seek(const Position& position);

  RowEvent Next(Row* row);

  // After Next(): the line where its row began, and where the row behind it begins.
  uint64_t row_line() const { return row_line_; }
  const Position& position() const { return position_; }
  // For kBad and kFailed.
  const Status& error() const { return error_; }

 private:
  void ResetParser();
  RowEvent ReadRow();
  RowEvent FinishAtEnd();
  RowEvent ParsePiece(ByteView piece);
  RowEvent Bad(std::string words);
  RowEvent Fail(Status status);
  static void OnField(void* bytes, size_t size, void* self);
  static void OnRow(int terminator, void* self);

  InputFile* const file_;
  const char delimiter_;
  csv_parser parser_;
  std::vector<std::string> columns_;
  ByteView block_;  // what has not been parsed
  bool at_end_ = false;
  bool skipping_line_ = false;  // behind a malformed row
  bool row_complete_ = false;
  bool row_begun_ = false;
  uint64_t row_offset_ = 0;
  uint64_t row_line_ = 1;
  std::vector<Bytes> fields_;
  Position position_;
  Status error_;
};

}  // namespace smile::cat
