#include "client/smilecat/csv_reader.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/progress.h"

namespace smile::cat {
namespace {

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

CsvReader::CsvReader(InputFile* file, StreamHash* hash, char delimiter)
    : file_(file), hash_(hash), delimiter_(delimiter) {
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
  if (event == RowEvent::kFailed) return error_;
  const auto wrong = [&](std::string_view words) {
    return Status(Code::kInvalid, fmt::format("{}: line {}: {}", file_->name(), row_line_, words));
  };
  if (event == RowEvent::kBad) return wrong("the first line " + error_.message());
  if (event == RowEvent::kEnd) return wrong("the file is empty: its first line names the columns");
  columns_ = std::exchange(fields_, {});
  while (!columns_.empty() && columns_.back().empty()) columns_.pop_back();
  if (columns_.empty()) return wrong("the first line names no columns");
  std::set<std::string_view> names;
  for (const std::string& name : columns_) {
    if (names.insert(name).second) continue;
    return wrong(name.empty() ? "two columns have no name"
                              : fmt::format("two columns are named \"{}\"", name));
  }
  // It may become longer: a load that goes on reads it again.
  position_.hash = hash_->Digest();
  if (!row_finished_) position_ = {};
  return {};
}

void CsvReader::Continue(const Position& position, char last_byte) {
  ResetParser();
  block_ = {};
  at_end_ = false;
  bad_ = false;
  after_carriage_return_ = last_byte == '\r';
  position_ = position;
}

RowEvent CsvReader::Next(Row* row) {
  RowEvent event = ReadRow();
  if (event == RowEvent::kRow) {
    row->fields = std::exchange(fields_, {});
    error_ = FitToColumns(&row->fields);
    if (!error_.ok()) event = RowEvent::kBad;
  }
  if (event == RowEvent::kRow || event == RowEvent::kBad) {
    ++position_.rows;
    position_.hash = hash_->Digest();
  }
  return event;
}

Status CsvReader::FitToColumns(std::vector<Bytes>* fields) const {
  const size_t count = fields->size();
  while (fields->size() > columns_.size() && fields->back().empty()) fields->pop_back();
  if (fields->size() == columns_.size()) return {};
  return {Code::kInvalid, fmt::format("has {}, the first line names {}", Counted(count, "column"),
                                      columns_.size())};
}

Status CsvReader::FillBlock() {
  const bool first = position_.offset == 0;
  SMILE_ASSIGN(block_, first ? file_->ReadFirstBlock() : file_->ReadBlock());
  at_end_ = block_.empty();
  if (!first || !block_.starts_with(kByteOrderMark)) return {};
  Pass(kByteOrderMark);
  block_.remove_prefix(kByteOrderMark.size());
  return {};
}

// Hands libcsv one piece at a time that ends with a line end, so that the offset at which a row
// ended is known. kEnd: of the file.
RowEvent CsvReader::ReadRow() {
  while (true) {
    if (block_.empty()) {
      if (at_end_) return RowEvent::kEnd;
      if (Status status = FillBlock(); !status.ok()) return Fail(std::move(status));
      if (at_end_) return FinishAtEnd();
      continue;
    }
    const ByteView piece = block_.substr(0, block_.find_first_of("\r\n") + 1);
    const size_t size = piece.empty() ? block_.size() : piece.size();
    const ByteView bytes = block_.substr(0, size);
    block_.remove_prefix(size);
    const RowEvent event = ParsePiece(bytes);
    if (event != RowEvent::kEnd) return event;
  }
}

// Counts what was read. CR, LF and CR LF each end one line.
void CsvReader::Pass(ByteView piece) {
  hash_->Update(piece);
  position_.offset += piece.size();
  const bool ends_the_line_before = piece == "\n" && after_carriage_return_;
  after_carriage_return_ = piece.ends_with('\r');
  if (ends_the_line_before) return;
  last_line_ = position_.line;
  if (EndsLine(piece)) ++position_.line;
}

// kEnd: no row has ended yet.
RowEvent CsvReader::ParsePiece(ByteView piece) {
  const bool only_line_end = piece == "\r" || piece == "\n";
  if (!row_begun_ && !only_line_end && !bad_) {
    row_begun_ = true;
    row_line_ = position_.line;
    row_offset_ = position_.offset;
  }
  Pass(piece);
  if (!bad_ &&
      csv_parse(&parser_, piece.data(), piece.size(), OnField, OnRow, this) != piece.size()) {
    MarkBad("has a quote in a place where CSV allows none");
  }
  if (bad_) return EndsLine(piece) ? Ended(RowEvent::kBad) : RowEvent::kEnd;
  if (row_begun_ && position_.offset - row_offset_ > limits::kMaxInputRowBytes) {
    return Fail({Code::kTooLarge,
                 fmt::format("{}: {}: a row of over {} bytes; is a quote not closed?",
                             file_->name(), row_lines().ToString(), limits::kMaxInputRowBytes)});
  }
  return row_complete_ ? Ended(RowEvent::kRow) : RowEvent::kEnd;
}

RowEvent CsvReader::FinishAtEnd() {
  if (!bad_ && csv_fini(&parser_, OnField, OnRow, this) != 0) {
    MarkBad("has a quote that is not closed");
  }
  const bool ended = bad_ || row_complete_;
  const RowEvent event = ended ? Ended(bad_ ? RowEvent::kBad : RowEvent::kRow) : RowEvent::kEnd;
  row_finished_ = !ended;
  return event;
}

RowEvent CsvReader::Ended(RowEvent event) {
  bad_ = false;
  row_complete_ = false;
  row_begun_ = false;
  row_finished_ = true;
  return event;
}

void CsvReader::MarkBad(std::string words) {
  ResetParser();
  bad_ = true;
  error_ = Status(Code::kInvalid, std::move(words));
}

RowEvent CsvReader::Fail(Status status) {
  error_ = std::move(status);
  block_ = {};
  at_end_ = true;
  return RowEvent::kFailed;
}

}  // namespace smile::cat
