#include "base/log_limit.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace smile {

LogLimit::LogLimit(const Logger& log, const Clock& clock, LogLevel level, std::string kind)
    : log_(log),
      clock_(clock),
      level_(level),
      burst_(level == LogLevel::kDebug ? limits::kMaxDebugLogBurst : limits::kMaxLogBurst),
      kind_(std::move(kind)) {}

void LogLimit::Write(FunctionRef<std::string()> line) {
  if (!log_.writes(level_)) return;
  const std::lock_guard lock(mutex_);
  const int64_t now_nanos = clock_.MonotonicNanos();
  EndPeriod(now_nanos);
  if (written_ == 0) begin_nanos_ = now_nanos;
  if (written_ == burst_) {
    ++left_out_;
    return;
  }
  ++written_;
  log_.Write(level_, line());
}

void LogLimit::Tick() {
  const std::lock_guard lock(mutex_);
  EndPeriod(clock_.MonotonicNanos());
}

void LogLimit::EndPeriod(int64_t now_nanos) {
  CHECK(written_ <= burst_);
  CHECK(left_out_ == 0 || written_ == burst_, "lines are left out only after a full burst");
  const int64_t millis = (now_nanos - begin_nanos_) / kNanosPerMilli;
  if (written_ == 0 || millis < limits::kLogPeriodMillis) return;
  if (left_out_ > 0) {
    log_.Write(level_, fmt::format("{} more {} in the last {} s", left_out_, kind_, millis / 1000));
  }
  written_ = 0;
  left_out_ = 0;
}

}  // namespace smile
