// One kind of log line that the outside world can cause: the first limits::kMaxLogBurst (or
// kMaxDebugLogBurst) of a period of limits::kLogPeriodMillis are written, the others are counted,
// and then "37 more refused connections in the last 10 s" is written.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/function_ref.h"
#include "base/log.h"

namespace smile {

class LogLimit {
 public:
  // `kind` in the plural: "refused connections". `log` and `clock` outlive it.
  LogLimit(const Logger& log, const Clock& clock, LogLevel level, std::string kind);

  // Any thread. `line` is only called for a line that is written.
  void Write(FunctionRef<std::string()> line);

  // Writes how many were left out, if their period is over. Any thread, about once a second; the
  // next Write() does it too.
  void Tick();

 private:
  void EndPeriod(int64_t now_nanos);  // if it is over

  const Logger& log_;
  const Clock& clock_;
  const LogLevel level_;
  const uint64_t burst_;
  const std::string kind_;

  std::mutex mutex_;
  int64_t begin_nanos_ = 0;  // of the period
  uint64_t written_ = 0;     // in it
  uint64_t left_out_ = 0;
};

}  // namespace smile
