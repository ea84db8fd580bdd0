// The process log: one line per event, with time (UTC, ISO 8601) and level, to stderr.
//
//   2026-11-26T13:24:11.042Z info listening on 127.0.0.1:7645
//
// A Logger is made in main (or in a test) and handed to whoever has something to tell an operator.
// It is for events of the process (started, refused, failed), never one line per request; what a
// client can cause goes through a LogLimit (base/log_limit.h).
//
// Any thread may call, event loops included: a call formats, queues and returns; a thread of the
// logger writes. If nobody reads the log, lines over limits::kMaxLogQueueBytes are dropped, as are
// those that cannot be written (a full disk, a reader that is gone); once there is room again, a
// line says how many.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>

namespace smile {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };

class Logger {
 public:
  // Lines below `threshold` are dropped. `descriptor` is borrowed; it stays as it is, blocking or
  // not.
  explicit Logger(LogLevel threshold, int descriptor = 2);
  // Waits until all lines are written, for at most limits::kLastWordsMillis.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Control characters and bytes that are no UTF-8 are written as \xNN, so that one call is one
  // line. Longer lines than limits::kMaxLogLineBytes are cut.
  void Debug(std::string_view line) const { Write(LogLevel::kDebug, line); }
  void Info(std::string_view line) const { Write(LogLevel::kInfo, line); }
  void Warning(std::string_view line) const { Write(LogLevel::kWarning, line); }
  void Error(std::string_view line) const { Write(LogLevel::kError, line); }
  void Write(LogLevel level, std::string_view line) const {
    if (writes(level)) Queue(level, line);
  }

  // Waits until the lines so far are written or lost, for at most limits::kLastWordsMillis: for a
  // process that is about to end without the destructor, and for tests. Not on an event loop.
  void Flush() const;

  // Whether a line of this level is written: saves making one that is not.
  bool writes(LogLevel level) const { return level >= threshold_; }

 private:
  void Queue(LogLevel level, std::string_view line) const;

  class Writer;
  const LogLevel threshold_;
  const std::shared_ptr<Writer> writer_;  // none if nothing is ever written
  std::thread thread_;
};

}  // namespace smile
