#include "client/smilecat/row_reader.h"

#include <fmt/format.h>

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
    reader_.emplace<JsonLinesReader>(file_.get(), &hash_);
  } else {
    reader_.emplace<CsvReader>(file_.get(), &hash_, format == RowFormat::kTsv ? '\t' : ',');
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

// False: the file is shorter, or its bytes before the position are not those.
Result<bool> RowReader::HashUpTo(const Position& position, char* last_byte) {
  SMILE_TRY(file_->Seek(0));
  hash_.Reset();
  for (uint64_t left = position.offset; left > 0;) {
    SMILE_ASSIGN(ByteView block, file_->ReadBlock());
    if (block.empty()) return false;
    block = block.substr(0, left);
    hash_.Update(block);
    left -= block.size();
    *last_byte = block.back();
  }
  SMILE_TRY(file_->Seek(position.offset));
  return hash_.Digest() == position.hash;
}

Result<bool> RowReader::EndsAt(const Position& position) {
  if (file_->size() != position.offset) return false;
  char last_byte = 0;
  return HashUpTo(position, &last_byte);
}

Status RowReader::Seek(const Position& position) {
  char last_byte = 0;
  SMILE_ASSIGN(const bool same, HashUpTo(position, &last_byte));
  if (!same) {
    return {
        Code::kInvalid,
        fmt::format("{}: was changed before line {}: its first {} bytes are not those that were "
                    "loaded",
                    file_->name(), position.line, position.offset)};
  }
  WithReader(reader_, [&](auto& reader) { reader.Continue(position, last_byte); });
  return {};
}

RowEvent RowReader::Next(Row* row) {
  return WithReader(reader_, [&](auto& reader) { return reader.Next(row); });
}

LineRange RowReader::row_lines() const {
  return WithReader(reader_, [](const auto& reader) { return reader.row_lines(); });
}

bool RowReader::row_finished() const {
  return WithReader(reader_, [](const auto& reader) { return reader.row_finished(); });
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
