#include "storage/rocks/rocks_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <string_view>

#include "base/clock.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr size_t kMaxLineBytes = 1024;  // longer lines are cut

// The status of a read that may use memory only and did not find all it needs there. RocksDB 7.8.3
// warns of it if that is a dictionary.
constexpr std::string_view kNotInMemory = "Result incomplete";

class RocksLog final : public rocksdb::Logger {
 public:
  RocksLog(const Clock* clock, const smile::Logger* log)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), clock_(clock), log_(log) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    const bool written =
        level >= rocksdb::InfoLogLevel::WARN_LEVEL && level <= rocksdb::InfoLogLevel::FATAL_LEVEL;
    if (!written || !TakeTurn()) return;
    char text[kMaxLineBytes];
    const int size = std::vsnprintf(text, sizeof(text), format, arguments);
    if (size < 0) return;
    const std::string_view line(text, std::min(static_cast<size_t>(size), sizeof(text) - 1));
    if (line.find(kNotInMemory) != std::string_view::npos) return;
    std::string words = fmt::format("RocksDB: {}", line.substr(0, line.find_last_not_of('\n') + 1));
    std::replace(words.begin(), words.end(), '\n', ' ');
    level == rocksdb::InfoLogLevel::WARN_LEVEL ? log_->Warning(words) : log_->Error(words);
  }
  void LogHeader(const char* /*format*/, va_list /*arguments*/) override {}

 private:
  bool TakeTurn() {
    uint64_t left_out = 0;
    {
      const std::lock_guard lock(mutex_);
      const int64_t now = clock_->MonotonicNanos();
      if (now - second_began_ >= kNanosPerSecond) {
        second_began_ = now;
        lines_ = 0;
        left_out = std::exchange(left_out_, 0);
      }
      if (++lines_ > limits::kMaxRocksLogLinesPerSecond) {
        ++left_out_;
        return false;
      }
    }
    if (left_out > 0) log_->Warning(fmt::format("RocksDB: {} lines suppressed", left_out));
    return true;
  }

  const Clock* const clock_;
  const smile::Logger* const log_;
  std::mutex mutex_;
  int64_t second_began_ = 0;
  uint32_t lines_ = 0;  // in that second
  uint64_t left_out_ = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> MakeRocksLog(const Clock* clock, const Logger* log) {
  return std::make_shared<RocksLog>(clock, log);
}

}  // namespace smile
