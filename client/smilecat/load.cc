#include "client/smilecat/load.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/interrupt.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/load_run.h"
#include "client/smilecat/load_summary.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/resume_file.h"

namespace smile::cat {
namespace {

// All that decides what is written where.
std::string MappingText(const LoadOptions& options) {
  using Json = nlohmann::ordered_json;
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

Result<std::unique_ptr<RowReader>> OpenInput(const LoadOptions& options, bool* file_failed) {
  const std::optional<RowFormat> format =
      options.format.has_value() ? options.format : FormatOfName(options.input);
  if (!format.has_value()) {
    return Status(Code::kInvalid, fmt::format("the name {} does not tell the format; give --format "
                                              "csv, tsv or jsonl",
                                              options.input));
  }
  Result<std::unique_ptr<InputFile>> file = InputFile::Open(options.input);
  *file_failed = !file.ok();
  if (!file.ok()) return file.status();
  return RowReader::Open(std::move(*file), *format);
}

// Where a load begins: an earlier run's position, at which the reader is then, or the beginning.
struct LoadStart {
  ResumePoint point;
  std::unique_ptr<ResumeFile> file;  // null: no position is kept
  bool nothing_new = false;          // the input is as the earlier run left it, at its end
};

Status GoOn(const ResumePoint& saved, const std::string& resume_file, RowReader* reader,
            LoadStart* start) {
  const LoadProgress& end = saved.with_unfinished_row.value_or(saved.done);
  SMILE_ASSIGN(start->nothing_new, reader->EndsAt(end.position));
  start->point.done = start->nothing_new ? end : saved.done;
  const Status sought = reader->Seek(start->point.done.position);
  if (sought.ok()) return {};
  return {Code::kInvalid,
          fmt::format("{}; remove {} to load from the beginning", sought.message(), resume_file)};
}

Result<LoadStart> FindStart(const LoadOptions& options, RowReader* reader) {
  LoadStart start;
  start.point = {.input = options.input, .mapping = MappingText(options)};
  start.point.done.position = reader->position();
  if (options.resume_file.empty()) return start;
  if (!reader->file().size().has_value()) {
    return Status(Code::kInvalid, fmt::format("{}: --resume needs a regular file to go on in",
                                              reader->file().name()));
  }
  SMILE_ASSIGN(start.file, ResumeFile::Open(options.resume_file));
  const std::optional<ResumePoint>& saved = start.file->point();
  if (!saved.has_value() || saved->done.position.rows + saved->done.counts.rows == 0) return start;
  if (saved->mapping != start.point.mapping) {
    return Status(Code::kInvalid,
                  fmt::format("{}: is the position of another load ({}, with another server or "
                              "other options); remove it to load from the beginning",
                              options.resume_file, saved->input));
  }
  SMILE_TRY(GoOn(*saved, options.resume_file, reader, &start));
  return start;
}

ExitStatus SayNothingNew(const LoadOptions& options, const LoadStart& start) {
  const LoadCounts& counts = start.point.done.counts;
  PrintLoadSummary({.input = options.input, .before = counts, .total = counts, .resumed = true},
                   options.json);
  return ExitStatus::kOk;
}

}  // namespace

ExitStatus RunLoad(const LoadOptions& options) {
  bool file_failed = false;
  const Result<std::unique_ptr<RowReader>> reader = OpenInput(options, &file_failed);
  if (!reader.ok()) {
    return Complain(reader.status().message(),
                    file_failed ? ExitStatus::kFile : ExitStatus::kUsage);
  }
  const Result<Mapping> mapping = Mapping::Make(options.mapping, (*reader)->columns());
  if (!mapping.ok()) {
    return Complain(fmt::format("{}: {}", (*reader)->file().name(), mapping.status().message()),
                    ExitStatus::kUsage);
  }
  const Result<LoadStart> start = FindStart(options, reader->get());
  if (!start.ok()) return Complain(start.status().message(), ExitStatus::kFile);
  if (start->nothing_new) return SayNothingNew(options, *start);
  const Interrupt interrupt;
  const SystemClock clock;
  ServerWatch watch(&clock);
  const Result<std::unique_ptr<Client>> client = Connect(options.server, &watch);
  if (!client.ok()) return Complain(client.status().message(), ExitStatus::kConnection);
  const Status reached = Probe(client->get(), options.server.deadline_millis);
  if (!reached.ok()) return Complain(Complaint(reached), ExitStatusOf(reached));
  const LoadTools tools{.client = client->get(),
                        .watch = &watch,
                        .clock = &clock,
                        .interrupt = &interrupt,
                        .reader = reader->get(),
                        .mapping = &*mapping,
                        .resume_file = start->file.get()};
  return LoadRun(options, tools, start->point).Run();
}

}  // namespace smile::cat
