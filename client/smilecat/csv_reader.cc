#include "client/smilecat/csv_reader.h"

#include <set>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"

namespace smile::cat {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

int NoByteIsSpace(unsigned char) {
  return 0;
}

bool EndsLine(ByteView piece) {
  return piece.ends_with('\n') || piece.ends_with('\r');
}

// By how much libcsv lets its buffer for a field grow; its own 128 bytes make long fields
// quadratic.
constexpr size_t kFieldGrowthBytes = size_t{256} << 10;

}  // namespace

CsvReader::CsvReader(InputFile* file, char delimiter) : file_(file), delimiter_(delimiter) {
  CHECK(csv_init(&parser_, 0) == 0);
  ResetParser();
}

CsvReader::~CsvReader() {
  csv_free(&parser_);
}

void CsvReader::ResetParser() {
  csv_free(&parser_);
  CHECK(csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) == 0);
  csv_set_delim(&parser_, static_cast<unsigned char>(delimiter_));
  csv_set_blk_size(&parser_, kFieldGrowthBytes);
  csv_set_space_func(&parser_, NoByteIsSpace);
  fields_.clear();
  row_begun_ = false;
}

void CsvReader::OnField(void* bytes, size_t size, void* self) {
  static_cast<CsvReader*>(self)->fields_.emplace_back(static_cast<const char*>(bytes), size);
}

void CsvReader::OnRow(int, void* self) {
  static_cast<CsvReader*>(self)->row_complete_ = true;
}

Status CsvReader::ReadHeader() {
  const RowEvent event = ReadRow();
  if (event == RowEvent::kBad || event == RowEvent::kFailed) return error_;
  if (event == RowEvent::kEnd) {
    return {Code::kInvalid,
            fmt::format("{} is empty: its first line should name the columns", file_->name())};
  }
  columns_ = std::move(fields_);
  fields_.clear();
  if (columns_[0].starts_with(kByteOrderMark)) columns_[0].erase(0, kByteOrderMark.size());
  std::set<std::string_view> names;
  for (const std::string& name : columns_) {
    if (!names.insert(name).second) {
      return {Code::kInvalid, fmt::format("{} has two columns \"{}\"", file_->name(), name)};
    }
  }
  return {};
}

Status CsvReader::Seek(const Position& position) {
  SMILE_TRY(file_->Seek(position.offset));
  ResetParser();
  block_ = {};
  at_end_ = false;
  skipping_line_ = false;
  position_ = position;
  return {};
}

RowEvent CsvReader::Next(Row* row) {
  const RowEvent event = ReadRow();
  if (event == RowEvent::kRow || event == RowEvent::kBad) ++position_.rows;
  if (event != RowEvent::kRow) return event;
  row->fields = std::move(fields_);
  fields_.clear();
  if (row->fields.size() == columns_.size()) return RowEvent::kRow;
  error_ = Status(Code::kInvalid, fmt::format("has {} columns, the first line names {}",
                                              row->fields.size(), columns_.size()));
  return RowEvent::kBad;
}

// Hands libcsv one piece at a time that ends with a line end, so that the offset at which a row
// ended is known.
RowEvent CsvReader::ReadRow() {
  while (true) {
    if (block_.empty()) {
      if (at_end_) return RowEvent::kEnd;
      Result<ByteView> block = file_->ReadBlock();
      if (!block.ok()) return Fail(block.status());
      block_ = *block;
      at_end_ = block_.empty();
      if (at_end_) return FinishAtEnd();
    }
    const ByteView piece = block_.substr(0, block_.find_first_of("\r\n") + 1);
    const size_t size = piece.empty() ? block_.size() : piece.size();
    const ByteView bytes = block_.substr(0, size);
    block_.remove_prefix(size);
    const RowEvent event = ParsePiece(bytes);
    if (event != RowEvent::kEnd) return event;
  }
}

// kEnd: no row has ended yet.
RowEvent CsvReader::ParsePiece(ByteView piece) {
  const bool only_line_end = piece == "\r" || piece == "\n";
  if (!row_begun_ && !only_line_end && !skipping_line_) {
    row_begun_ = true;
    row_line_ = position_.line;
    row_offset_ = position_.offset;
  }
  position_.offset += piece.size();
  if (piece.ends_with('\n')) ++position_.line;
  if (skipping_line_) {
    skipping_line_ = !EndsLine(piece);
    return RowEvent::kEnd;
  }
  if (csv_parse(&parser_, piece.data(), piece.size(), OnField, OnRow, this) != piece.size()) {
    skipping_line_ = !EndsLine(piece);
    return Bad("has a quote in a place where CSV allows none");
  }
  if (row_begun_ && position_.offset - row_offset_ > limits::kMaxInputRowBytes) {
    return Fail(
        {Code::kTooLarge, fmt::format("{} line {}: a row of over {} bytes; is there a quote "
                                      "that is not closed?",
                                      file_->name(), row_line_, limits::kMaxInputRowBytes)});
  }
  if (row_complete_) {
    row_complete_ = false;
    row_begun_ = false;
    return RowEvent::kRow;
  }
  return RowEvent::kEnd;
}

RowEvent CsvReader::FinishAtEnd() {
  if (csv_fini(&parser_, OnField, OnRow, this) != 0) return Bad("has a quote that is not closed");
  if (!row_complete_) return RowEvent::kEnd;
  row_complete_ = false;
  row_begun_ = false;
  return RowEvent::kRow;
}

RowEvent CsvReader::Bad(std::string words) {
  ResetParser();
  error_ = Status(Code::kInvalid, std::move(words));
  return RowEvent::kBad;
}

RowEvent CsvReader::Fail(Status status) {
  error_ = std::move(status);
  block_ = {};
  at_end_ = true;
  return RowEvent::kFailed;
}

}  // namespace smile::cat
