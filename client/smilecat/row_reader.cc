#include "client/smilecat/row_reader.h"

#include "base/check.h"

namespace smile::cat {
namespace {

// Calls `call` with the reader that `reader` holds.
template <class Variant, class Call>
auto WithReader(Variant& reader, Call call) {
  if (auto* csv = std::get_if<CsvReader>(&reader)) return call(*csv);
  auto* json = std::get_if<JsonLinesReader>(&reader);
  CHECK(json != nullptr);
  return call(*json);
}

}  // namespace

std::optional<RowFormat> FormatOfName(std::string_view path) {
  if (path.ends_with(".csv")) return RowFormat::kCsv;
  if (path.ends_with(".tsv")) return RowFormat::kTsv;
  if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return RowFormat::kJsonLines;
  return std::nullopt;
}

RowReader::RowReader(std::unique_ptr<InputFile> file, RowFormat format) : file_(std::move(file)) {
  if (format == RowFormat::kJsonLines) {
    reader_.emplace<JsonLinesReader>(file_.get());
  } else {
    reader_.emplace<CsvReader>(file_.get(), format == RowFormat::kTsv ? '\t' : ',');
  }
}

Result<std::unique_ptr<RowReader>> RowReader::Open(std::unique_ptr<InputFile> file,
                                                   RowFormat format) {
  std::unique_ptr<RowReader> reader(new RowReader(std::move(file), format));
  if (auto* csv = std::get_if<CsvReader>(&reader->reader_)) SMILE_TRY(csv->ReadHeader());
  return reader;
}

const std::vector<std::string>* RowReader::columns() const {
  const auto* csv = std::get_if<CsvReader>(&reader_);
  return csv == nullptr ? nullptr : &csv->columns();
}

Status RowReader::Seek(const Position& position) {
  return WithReader(reader_, [&](auto& reader) { return reader.Seek(position); });
}

RowEvent RowReader::Next(Row* row) {
  return WithReader(reader_, [&](auto& reader) { return reader.Next(row); });
}

uint64_t RowReader::row_line() const {
  return WithReader(reader_, [](const auto& reader) { return reader.row_line(); });
}

const Position& RowReader::position() const {
  if (const auto* csv = std::get_if<CsvReader>(&reader_)) return csv->position();
  return std::get<JsonLinesReader>(reader_).position();
}

const Status& RowReader::error() const {
  if (const auto* csv = std::get_if<CsvReader>(&reader_)) return csv->error();
  return std::get<JsonLinesReader>(reader_).error();
}

}  // namespace smile::cat
