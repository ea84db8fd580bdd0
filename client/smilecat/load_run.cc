#include "client/smilecat/load_run.h"

#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/load_summary.h"
#include "client/smilecat/reply.h"

namespace smile::cat {
namespace {

constexpr int64_t kNanosPerSave = 500 * kNanosPerMilli;
constexpr uint64_t kRowsPerLook = 64;  // at the clock and at signals

}  // namespace

LoadRun::LoadRun(const LoadOptions& options, const LoadTools& tools, ResumePoint point)
    : options_(options),
      tools_(tools),
      point_(std::move(point)),
      start_(point_.done),
      now_(start_),
      progress_(stderr, tools.clock),
      writer_(tools.client,
              {.deadline_millis = options.server.deadline_millis,
               .if_absent = options.if_absent,
               .link_kinds = options.server.link_kinds,
               .waiting = [this] { OnWaiting(); }},
              LoadTracker(start_.position, start_.counts)) {}

// False at the end of the file, or where it cannot be read any further.
bool LoadRun::LoadRow() {
  RowReader& reader = *tools_.reader;
  Row row;
  const RowEvent event = reader.Next(&row);
  if (event == RowEvent::kEnd) return false;
  if (event == RowEvent::kFailed && interrupted_) return false;
  if (event == RowEvent::kFailed) {
    input_failure_ = reader.error();
    if (input_failure_.code() == Code::kInvalid) {  // of reading, which does not know lines
      input_failure_ = Status(Code::kInvalid, fmt::format("{} (line {})", reader.error().message(),
                                                          reader.row_lines().last));
    }
    return false;
  }
  if (!reader.row_finished()) KeepUnfinishedRowApart();
  if (event == RowEvent::kBad) {
    writer_.CountBadRow(reader.row_lines(), reader.position(),
                        "the row " + reader.error().message());
    return true;
  }
  Result<std::vector<LoadedRecord>> records =
      tools_.mapping->Apply(row, tools_.clock->WallMillis());
  TellOfLongRow(reader.row_lines());
  if (records.ok()) {
    writer_.WriteRow(reader.row_lines(), reader.position(), std::move(*records));
  } else {
    writer_.CountBadRow(reader.row_lines(), reader.position(),
                        "the row " + records.status().message());
  }
  return true;
}

// A quote that is not closed makes one row of many, and the next quote may make it a valid one.
void LoadRun::TellOfLongRow(const LineRange& lines) {
  if (long_row_told_ || lines.count() <= limits::kUsualRowLines) return;
  long_row_told_ = true;
  progress_.Clear();
  Complain(
      fmt::format("{}: {}: one row with {} lines is loaded; is a quote not closed? (later "
                  "rows with many lines are not reported)",
                  tools_.reader->file().name(), lines.ToString(), WithCommas(lines.count())));
}

// The last row of a file that may be a part of one: the next run reads it again if the file grows.
void LoadRun::KeepUnfinishedRowApart() {
  writer_.WaitForAll();
  TakeState();
  before_unfinished_row_ = now_;
}

void LoadRun::TakeState() {
  const LoadWriter::State state = writer_.TakeState();
  if (!state.reports.empty()) progress_.Clear();
  for (const std::string& report : state.reports) {
    Complain(fmt::format("{}: {}", tools_.reader->file().name(), report));
  }
  now_ = {state.position, state.counts};
  server_failure_ = state.failure;
}

void LoadRun::ShowProgress(bool waiting) {
  const std::string trouble = tools_.watch->Trouble(waiting);
  progress_.Update({.unit = "rows",
                    .done = now_.position.rows,
                    .done_here = now_.position.rows - start_.position.rows,
                    .part = now_.position.offset,
                    .part_at_start = start_.position.offset,
                    .whole = tools_.reader->file().size(),
                    .trouble = trouble});
}

// A few times per second while nothing can be done until the server answers.
void LoadRun::OnWaiting() {
  TakeState();
  ShowProgress(/*waiting=*/true);
  if (interrupted_ || !tools_.interrupt->Raised()) return;
  interrupted_ = true;
  writer_.Stop();
  progress_.Clear();
  Complain("interrupted; waiting for what is in flight, Ctrl-C again does not");
}

Status LoadRun::Save() {
  if (tools_.resume_file == nullptr) return {};
  point_.done = before_unfinished_row_.value_or(now_);
  point_.with_unfinished_row.reset();
  if (point_.done != now_) point_.with_unfinished_row = now_;
  position_failure_ = tools_.resume_file->Save(point_);
  return position_failure_;
}

uint64_t LoadRun::ErrorsOfThisRun() const {
  return now_.counts.errors() - start_.counts.errors();
}

// What there is to do now and then. Not ok: the load cannot go on.
Status LoadRun::Look() {
  TakeState();
  ShowProgress(/*waiting=*/false);
  const int64_t now = tools_.clock->MonotonicNanos();
  if (now - saved_nanos_ >= kNanosPerSave) {
    saved_nanos_ = now;
    SMILE_TRY(Save());
  }
  SMILE_TRY(server_failure_);
  if (ErrorsOfThisRun() <= options_.max_errors) return {};
  return {Code::kInvalid, fmt::format("{}: line {}: stopped after {}; --max-errors N allows more",
                                      tools_.reader->file().name(), now_.position.line,
                                      Counted(ErrorsOfThisRun(), "error"))};
}

ExitStatus LoadRun::Run() {
  tools_.reader->SetWaiting([this] {
    TakeState();
    ShowProgress(/*waiting=*/false);
    interrupted_ = interrupted_ || tools_.interrupt->Raised();
    return !interrupted_;
  });
  // Nothing is written if the position cannot be saved.
  Status status = Save();
  for (uint64_t row = 0; status.ok() && !interrupted_ && LoadRow(); ++row) {
    if (row % kRowsPerLook != 0) continue;
    status = Look();
    interrupted_ = interrupted_ || tools_.interrupt->Raised();
  }
  const bool at_end = status.ok() && input_failure_.ok() && !interrupted_;
  writer_.WaitForAll();
  saved_nanos_ = 0;
  if (const Status last = Look(); status.ok()) status = last;
  progress_.Clear();
  PrintSummary(at_end && status.ok());
  return Explain(status);
}

void LoadRun::PrintSummary(bool whole) {
  LoadSummary summary{.input = tools_.reader->file().name(),
                      .before = start_.counts,
                      .total = now_.counts,
                      .resumed = start_.position.rows > 0,
                      .whole = whole,
                      .seconds = progress_.seconds()};
  PrintLoadSummary(summary, options_.json);
}

ExitStatus LoadRun::Explain(const Status& status) {
  const Status& wrong = status.ok() ? input_failure_ : status;
  if (!wrong.ok()) {
    const bool ours = wrong.code() == Code::kInvalid;  // of a file, or too many errors
    Complain(ours || !input_failure_.ok() ? wrong.message() : Complaint(wrong));
    if (!input_failure_.ok() || !position_failure_.ok()) return ExitStatus::kFile;
    return ours ? ExitStatus::kIncomplete : ExitStatusOf(wrong);
  }
  if (interrupted_) {
    return Complain(tools_.resume_file == nullptr
                        ? "interrupted; with --resume POSITION a load can go on"
                        : "interrupted; the same command goes on from here",
                    ExitStatus::kInterrupted);
  }
  return ErrorsOfThisRun() > 0 ? ExitStatus::kIncomplete : ExitStatus::kOk;
}

}  // namespace smile::cat
