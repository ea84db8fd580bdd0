#include "client/smilecat/load.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "client/smilecat/load_writer.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/resume_file.h"

namespace smile::cat {
namespace {

constexpr int64_t kNanosPerSave = 500 * kNanosPerMilli;
constexpr uint64_t kRowsPerLook = 64;  // at the clock and at signals

// All that decides what is written where.
std::string MappingText(const LoadOptions& options) {
  Json text;
  text["server"] = options.server.server.ToString();
  text["table"] = options.mapping.table;
  text["keys"] = options.mapping.keys;
  if (options.mapping.value.has_value()) text["value"] = *options.mapping.value;
  if (options.mapping.json.has_value()) text["json"] = *options.mapping.json;
  text["expire"] = options.mapping.expire;
  text["if_absent"] = options.if_absent;
  if (options.format.has_value()) text["format"] = static_cast<int>(*options.format);
  return text.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ResumePoint> FindResumePoint(const LoadOptions& options) {
  ResumePoint point;
  if (options.resume_file.empty()) return point;
  SMILE_ASSIGN(const std::optional<ResumePoint> saved, ReadResumeFile(options.resume_file));
  if (saved.has_value()) point = *saved;
  std::optional<uint64_t> head_bytes;
  if (saved.has_value()) head_bytes = saved->identity.head_bytes;
  SMILE_ASSIGN(point.identity, IdentifyLoad(options.input, MappingText(options), head_bytes));
  if (!saved.has_value() || saved->identity == point.identity) return point;
  return Status(Code::kInvalid,
                fmt::format("{} is the position of another load (other file, server or options); "
                            "remove it to begin anew",
                            options.resume_file));
}

Result<std::unique_ptr<RowReader>> OpenInput(const LoadOptions& options, bool* file_failed) {
  const std::optional<RowFormat> format =
      options.format.has_value() ? options.format : FormatOfName(options.input);
  if (!format.has_value()) {
    return Status(
        Code::kInvalid,
        fmt::format("{} could be anything: say --format csv, tsv or jsonl", options.input));
  }
  Result<std::unique_ptr<InputFile>> file = InputFile::Open(options.input);
  *file_failed = !file.ok();
  if (!file.ok()) return file.status();
  return RowReader::Open(std::move(*file), *format);
}

// One load, from its position on.
class LoadRun {
 public:
  LoadRun(const LoadOptions& options, Client* client, RowReader* reader, const Mapping* mapping,
          ResumePoint start)
      : options_(options),
        reader_(reader),
        mapping_(mapping),
        point_(std::move(start)),
        start_(point_.position),
        start_rows_(point_.counts.rows),
        progress_(stderr, &clock_),
        writer_(client,
                {.deadline_millis = options.server.deadline_millis, .if_absent = options.if_absent},
                LoadTracker(point_.position, point_.counts)) {}

  ExitStatus Run(const Interrupt& interrupt);

 private:
  bool LoadRow();
  Status Look();
  Status Save();
  void PrintReports(const LoadWriter::State& state);
  void PrintSummary(const LoadCounts& counts, bool whole);

  const LoadOptions& options_;
  RowReader* const reader_;
  const Mapping* const mapping_;
  const SystemClock clock_;
  ResumePoint point_;
  const Position start_;
  const uint64_t start_rows_;
  Progress progress_;
  int64_t saved_nanos_ = 0;
  Status input_failure_;
  LoadWriter writer_;
};

// False at the end of the file, or where it cannot be read any further.
bool LoadRun::LoadRow() {
  Row row;
  const RowEvent event = reader_->Next(&row);
  if (event == RowEvent::kEnd) return false;
  if (event == RowEvent::kFailed) {
    input_failure_ = reader_->error();
    return false;
  }
  const uint64_t line = reader_->row_line();
  if (event == RowEvent::kBad) {
    writer_.CountBadRow(line, reader_->position(), "the row " + reader_->error().words());
    return true;
  }
  Result<std::vector<LoadedRecord>> records = mapping_->Apply(row, clock_.WallMillis());
  if (records.ok()) {
    writer_.WriteRow(line, reader_->position(), std::move(*records));
  } else {
    writer_.CountBadRow(line, reader_->position(), "the row " + records.status().words());
  }
  return true;
}

void LoadRun::PrintReports(const LoadWriter::State& state) {
  if (!state.reports.empty()) progress_.Clear();
  for (const std::string& report : state.reports) {
    fmt::print(stderr, "smilecat: {}: {}\n", reader_->file().name(), report);
  }
}

Status LoadRun::Save() {
  if (options_.resume_file.empty()) return {};
  return WriteResumeFile(options_.resume_file, point_);
}

// What there is to do now and then. Not ok: the load cannot go on.
Status LoadRun::Look() {
  const LoadWriter::State state = writer_.TakeState();
  PrintReports(state);
  point_.position = state.position;
  point_.counts = state.counts;
  progress_.Update({.unit = "rows",
                    .done = state.position.rows,
                    .done_here = state.position.rows - start_.rows,
                    .part = state.position.offset,
                    .part_at_start = start_.offset,
                    .whole = reader_->file().size()});
  const int64_t now = clock_.MonotonicNanos();
  if (now - saved_nanos_ >= kNanosPerSave) {
    saved_nanos_ = now;
    SMILE_TRY(Save());
  }
  SMILE_TRY(state.failure);
  if (state.counts.errors() <= options_.max_errors) return {};
  return {Code::kInvalid, fmt::format("stopped after {} errors; --max-errors N allows more",
                                      state.counts.errors())};
}

ExitStatus LoadRun::Run(const Interrupt& interrupt) {
  Status status;
  bool interrupted = false;
  for (uint64_t row = 0; status.ok() && LoadRow(); ++row) {
    if (row % kRowsPerLook == 0) status = Look();
    interrupted = interrupted || (row % kRowsPerLook == 0 && interrupt.Raised());
    if (interrupted) break;
  }
  const bool at_end = status.ok() && input_failure_.ok() && !interrupted;
  writer_.WaitForAll();
  saved_nanos_ = 0;
  if (const Status last = Look(); status.ok()) status = last;
  progress_.Clear();
  PrintSummary(point_.counts, at_end && status.ok());
  if (status.ok()) status = input_failure_;
  if (!status.ok()) {
    const bool ours = status.code() == Code::kInvalid;  // the input's, or too many errors
    fmt::print(stderr, "smilecat: {}\n", ours ? status.words() : Complaint(status));
    if (!input_failure_.ok()) return ExitStatus::kFile;
    return ours ? ExitStatus::kIncomplete : ExitStatusOf(status);
  }
  if (interrupted) {
    fmt::print(stderr, "smilecat: interrupted; {}\n",
               options_.resume_file.empty() ? "with --resume POSITION a load can go on"
                                            : "the same command goes on from here");
  }
  if (interrupted) return ExitStatus::kInterrupted;
  return point_.counts.errors() > 0 ? ExitStatus::kIncomplete : ExitStatus::kOk;
}

void LoadRun::PrintSummary(const LoadCounts& counts, bool whole) {
  const double seconds = progress_.seconds();
  const auto rate = static_cast<uint64_t>(static_cast<double>(counts.rows - start_rows_) /
                                          (seconds > 0 ? seconds : 1));
  if (options_.json) {
    Json summary;
    summary["rows"] = counts.rows;
    summary["written"] = counts.written;
    summary["already_there"] = counts.present;
    summary["expired"] = counts.expired;
    summary["refused"] = counts.refused;
    summary["bad_rows"] = counts.bad_rows;
    summary["whole"] = whole;
    summary["seconds"] = seconds;
    summary["rows_per_second"] = rate;
    fmt::print("{}\n", summary.dump());
    return;
  }
  fmt::print(
      "{}: {}{} rows: {} records written, {} already there, {} expired, {} refused, {} bad rows; "
      "{:.1f} s, {} rows/s\n",
      reader_->file().name(), whole ? "" : "not whole, ", WithCommas(counts.rows),
      WithCommas(counts.written), WithCommas(counts.present), WithCommas(counts.expired),
      WithCommas(counts.refused), WithCommas(counts.bad_rows), seconds, WithCommas(rate));
}

ExitStatus Complain(const Status& status, ExitStatus exit_status) {
  fmt::print(stderr, "smilecat: {}\n",
             status.code() == Code::kInvalid ? status.words() : Complaint(status));
  return exit_status;
}

}  // namespace

ExitStatus RunLoad(const LoadOptions& options) {
  bool file_failed = false;
  const Result<std::unique_ptr<RowReader>> reader = OpenInput(options, &file_failed);
  if (!reader.ok()) {
    return Complain(reader.status(), file_failed ? ExitStatus::kFile : ExitStatus::kUsage);
  }
  const Result<Mapping> mapping = Mapping::Make(options.mapping, (*reader)->columns());
  if (!mapping.ok()) return Complain(mapping.status(), ExitStatus::kUsage);
  const Result<ResumePoint> start = FindResumePoint(options);
  if (!start.ok()) return Complain(start.status(), ExitStatus::kUsage);
  if (start->position.offset > 0) {
    const Status sought = (*reader)->Seek(start->position);
    if (!sought.ok()) return Complain(sought, ExitStatus::kUsage);
  }
  const Interrupt interrupt;
  const Result<std::unique_ptr<Client>> client = Connect(options.server);
  if (!client.ok()) return Complain(client.status(), ExitStatus::kConnection);
  const Status reached = Probe(client->get(), options.server.deadline_millis);
  if (!reached.ok()) return Complain(reached, ExitStatusOf(reached));
  ResumePoint point = *start;
  if (point.position.offset == 0) point.position = (*reader)->position();
  return LoadRun(options, client->get(), reader->get(), &*mapping, std::move(point)).Run(interrupt);
}

}  // namespace smile::cat
