#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace smile {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

}  // namespace

// Made directly, not through spdlog's registry: that one is a global.
class Logger::Sink {
 public:
  explicit Sink(LogLevel threshold)
      : logger_("smile", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    logger_.set_level(ToSpdlog(threshold));
    logger_.flush_on(spdlog::level::debug);
  }
  void Write(LogLevel level, std::string_view line) { logger_.log(ToSpdlog(level), line); }

 private:
  spdlog::logger logger_;
};

Logger::Logger(LogLevel threshold) : sink_(std::make_unique<Sink>(threshold)) {}
Logger::~Logger() = default;

void Logger::Write(LogLevel level, std::string_view line) const {
  sink_->Write(level, line);
}

}  // namespace smile
