// Rows of a CSV file (RFC 4180, through libcsv): the first line names the columns.
//
// Fields keep every byte, spaces around them included. Empty fields behind the last named column
// are ignored, as spreadsheets write them. A malformed row is reported and skipped up to the end of
// the line at which it was found to be malformed.
#pragma once

#include <csv.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "client/smilecat/input_file.h"
#include "client/smilecat/row.h"

namespace smile::cat {

class CsvReader {
 public:
  // `hash` gets the bytes of the file as they are read.
  CsvReader(InputFile* file, StreamHash* hash, char delimiter);
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // Reads the line that names the columns. Before Next(). An error names file and line.
  Status ReadHeader();
  const std::vector<std::string>& columns() const { return columns_; }

  // Goes on at a position that this reader once gave, after the header. The file is there, the hash
  // has the bytes before it, and `last_byte` is the last of them.
  void Continue(const Position& position, char last_byte);

  RowEvent Next(Row* row);

  // After Next(): the lines of its row, and where the next row begins.
  LineRange row_lines() const { return {row_line_, last_line_}; }
  const Position& position() const { return position_; }
  // False: the row was ended by the end of the file, not by a line end.
  bool row_finished() const { return row_finished_; }
  // For kBad and kFailed.
  const Status& error() const { return error_; }

 private:
  void ResetParser();
  Status FillBlock();
  RowEvent ReadRow();
  RowEvent FinishAtEnd();
  void Pass(ByteView piece);
  RowEvent ParsePiece(ByteView piece);
  void MarkBad(std::string words);
  RowEvent Ended(RowEvent event);
  Status FitToColumns(std::vector<Bytes>* fields) const;
  RowEvent Fail(Status status);
  static void OnField(void* bytes, size_t size, void* self);
  static void OnRow(int terminator, void* self);

  InputFile* const file_;
  StreamHash* const hash_;
  const char delimiter_;
  csv_parser parser_;
  std::vector<std::string> columns_;
  ByteView block_;  // what has not been parsed
  bool at_end_ = false;
  bool after_carriage_return_ = false;
  bool bad_ = false;  // the row is malformed; it is skipped up to the end of the line
  bool row_complete_ = false;
  bool row_begun_ = false;
  bool row_finished_ = true;
  uint64_t row_offset_ = 0;
  uint64_t row_line_ = 1;
  uint64_t last_line_ = 1;  // that has bytes which were read
  std::vector<Bytes> fields_;
  Position position_;
  Status error_;
};

}  // namespace smile::cat
