// One run of a load: from its position to the end of the input, or as far as it gets.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "client/client.h"
#include "client/smilecat/exit_status.h"
#include "client/smilecat/load.h"
#include "client/smilecat/load_writer.h"
#include "client/smilecat/mapping.h"
#include "client/smilecat/resume_file.h"
#include "client/smilecat/row_reader.h"
#include "client/smilecat/server_watch.h"

namespace smile::cat {

// What one needs. All outlives the run.
struct LoadTools {
  Client* client;
  const ServerWatch* watch;
  const Clock* clock;
  const Interrupt* interrupt;
  RowReader* reader;  // at the position where the run begins
  const Mapping* mapping;
  ResumeFile* resume_file;  // null: no position is kept
};

class LoadRun {
 public:
  // `point.done` is what earlier runs have done.
  LoadRun(const LoadOptions& options, const LoadTools& tools, ResumePoint point);

  // Progress and complaints on stderr, the summary on stdout.
  ExitStatus Run();

 private:
  bool LoadRow();
  void KeepUnfinishedRowApart();
  void TellOfLongRow(const LineRange& lines);
  void TakeState();
  void ShowProgress(bool waiting);
  void OnWaiting();
  Status Look();
  Status Save();
  uint64_t ErrorsOfThisRun() const;
  void PrintSummary(bool whole);
  ExitStatus Explain(const Status& status);

  const LoadOptions& options_;
  const LoadTools tools_;
  ResumePoint point_;
  const LoadProgress start_;
  LoadProgress now_;
  std::optional<LoadProgress> before_unfinished_row_;
  Progress progress_;
  int64_t saved_nanos_ = 0;
  bool interrupted_ = false;
  bool long_row_told_ = false;
  Status input_failure_;
  Status position_failure_;  // it cannot be saved
  Status server_failure_;
  LoadWriter writer_;
};

}  // namespace smile::cat
