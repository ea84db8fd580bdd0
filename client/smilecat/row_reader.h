// The rows of a file to be loaded, whatever its format.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/hash.h"
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

  // Goes on at a position that a reader of this file once gave. kInvalid, naming the file, if it is
  // no regular file or the bytes before the position are not the same any more: all of them are
  // read.
  Status Seek(const Position& position);

  // Whether the file has the bytes before this position, which a reader once gave, and no more.
  // Reading goes on only after Seek().
  Result<bool> EndsAt(const Position& position);

  // As for InputFile: Next() is then kFailed.
  void SetWaiting(std::function<bool()> waiting) { file_->SetWaiting(std::move(waiting)); }

  // As for CsvReader.
  RowEvent Next(Row* row);
  LineRange row_lines() const;
  const Position& position() const;
  bool row_finished() const;
  const Status& error() const;
  const InputFile& file() const { return *file_; }

 private:
  RowReader(std::unique_ptr<InputFile> file, RowFormat format);

  Result<bool> HashUpTo(const Position& position, char* last_byte);

  const std::unique_ptr<InputFile> file_;
  StreamHash hash_;
  std::variant<std::monostate, CsvReader, JsonLinesReader> reader_;
};

}  // namespace smile::cat
