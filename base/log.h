// The server log: one line per event, with time (UTC, ISO 8601) and level, to stderr.
//
//   2026-11-26T13:24:11.042Z info listening on 127.0.0.1:7645
//
// A Logger is created in main (or in a test) and passed to all code that has messages for an
// operator. It is for events of the process (started, rejected, failed), never one line per
// request; events that a client can cause go through a LogLimit (base/log_limit.h).
//
// Any thread may call, including event loops: a call formats, queues and returns; the logger's
// thread writes. If nobody reads the log, lines beyond limits::kMaxLogQueueBytes are dropped, as
// are lines that cannot be written (a full disk, a reader that is gone). Afterwards, one line
// reports their number.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>

namespace smile {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };

class Logger {
 public:
  // Lines below `threshold` are dropped. `descriptor` is borrowed, and its flags are not changed.
  explicit Logger(LogLevel threshold, int descriptor = 2);
  // Waits until all lines are written, at most limits::kLastMessageMillis.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Control characters and bytes that are not UTF-8 are written as \xNN, so that one call is one
  // line. Lines longer than limits::kMaxLogLineBytes are truncated.
  void Debug(std::string_view line) const { Write(LogLevel::kDebug, line); }
  void Info(std::string_view line) const { Write(LogLevel::kInfo, line); }
  void Warning(std::string_view line) const { Write(LogLevel::kWarning, line); }
  void Error(std::string_view line) const { Write(LogLevel::kError, line); }
  void Write(LogLevel level, std::string_view line) const {
    if (writes(level)) Queue(level, line);
  }

  // Waits until the lines so far are written or dropped, at most limits::kLastMessageMillis. For a
  // process that ends without the destructor, and for tests. Not on an event loop.
  void Flush() const;

  // Whether lines of this level are written: avoids formatting lines that are not.
  bool writes(LogLevel level) const { return level >= threshold_; }

 private:
  void Queue(LogLevel level, std::string_view line) const;

  class Writer;
  const LogLevel threshold_;
  const std::shared_ptr<Writer> writer_;  // null if nothing is ever written
  std::thread thread_;
};

}  // namespace smile
