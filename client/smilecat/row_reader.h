// The rows of a file to be loaded, whatever its format.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "client/smilecat/csv_reader.h"
#include "client/smilecat/input_file.h"
#include "client/smilecat/json_lines_reader.h"
#include "client/smilecat/row.h"

namespace smile::cat {

enum class RowFormat : uint8_t { kCsv, kTsv, kJsonLines };

// By the end of the file's name; none if that does not say.
std::optional<RowFormat> FormatOfName(std::string_view path);

class RowReader {
 public:
  // Takes the file. For CSV and TSV the header has been read when this returns.
  static Result<std::unique_ptr<RowReader>> Open(std::unique_ptr<InputFile> file, RowFormat format);

  // Null for JSON lines, whose columns are those of each row.
  const std::vector<std::string>* columns() const;

  // As for CsvReader.
  Status Seek(const Position& position);
  RowEvent Next(Row* row);
  uint64_t row_line() const;
  const Position& position() const;
  const Status& error() const;
  const InputFile& file() const { return *file_; }

 private:
  RowReader(std::unique_ptr<InputFile> file, RowFormat format);

  const std::unique_ptr<InputFile> file_;
  std::variant<std::monostate, CsvReader, JsonLinesReader> reader_;
};

}  // namespace smile::cat
