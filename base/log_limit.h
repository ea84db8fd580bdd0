// Limits one kind of log line that clients can cause. In each period of limits::kLogPeriodMillis,
// the first limits::kMaxLogBurst (debug: kMaxDebugLogBurst) lines are written; the rest are counted
// and reported at its end: "37 more rejected connections in the last 10 s".
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
  // `kind` is a plural: "rejected connections". `log` and `clock` outlive the object.
  LogLimit(const Logger& log, const Clock& clock, LogLevel level, std::string kind);

  // Any thread. `line` is called only if the line is written.
  void Write(FunctionRef<std::string()> line);

  // Reports how many lines were left out, if the period is over; so does the next Write(). Call
  // about once per second, from any thread.
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
