// The process log: one line an event, with time and level, to stderr.
//
// A Logger is made in main (or in a test) and handed to whoever has something to tell an
// operator. It is for events of the process (started, refused, failed), never one line a request.
// Any thread may call; a call formats and writes under a lock, so event loops log rarely.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace smile {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };

class Logger {
 public:
  // Lines below `threshold` are dropped.
  explicit Logger(LogLevel threshold);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void Debug(std::string_view line) const { Write(LogLevel::kDebug, line); }
  void Info(std::string_view line) const { Write(LogLevel::kInfo, line); }
  void Warning(std::string_view line) const { Write(LogLevel::kWarning, line); }
  void Error(std::string_view line) const { Write(LogLevel::kError, line); }

 private:
  void Write(LogLevel level, std::string_view line) const;

  class Sink;
  const std::unique_ptr<Sink> sink_;
};

}  // namespace smile
