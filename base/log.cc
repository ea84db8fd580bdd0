#include "base/log.h"

#include <fmt/format.h>
#include <limits.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "base/bounded_write.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/thread_name.h"

namespace smile {
namespace {

using std::chrono::steady_clock;

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};
constexpr std::string_view kCut = "…";
constexpr int64_t kPollMillis = 50;  // between checks whether the logger is closing
static_assert(limits::kMaxLogLineBytes <= PIPE_BUF, "a line goes into a pipe as one piece");
static_assert(kCut.size() + 1 < limits::kMaxLogLineBytes);

std::string TimeNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = millis / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     millis % 1000);
}

// A complete line, with its newline.
std::string LineOf(LogLevel level, std::string_view text) {
  CHECK(level < LogLevel::kOff, "kOff is a threshold, not the level of a line");
  std::string line = fmt::format("{} {} ", TimeNow(), kLevelNames[static_cast<size_t>(level)]);
  const size_t room = limits::kMaxLogLineBytes - kCut.size() - 1;
  // Escaping never makes text shorter.
  const bool long_text = text.size() > room;
  AppendPrintable(text.substr(0, room), &line);
  if (long_text || line.size() > room) {
    line.resize(std::min(line.size(), room));
    line += kCut;
  }
  line += '\n';
  CHECK(line.size() <= limits::kMaxLogLineBytes);
  return line;
}

}  // namespace

// The queue and its consumer. Shared with the thread, which may outlive the logger if it is stuck
// in a write.
class Logger::Writer {
 public:
  explicit Writer(int descriptor) : descriptor_(descriptor) {}

  void Queue(std::string line) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_bytes_ + line.size() > limits::kMaxLogQueueBytes) {
        ++lost_;
        return;
      }
      ++queued_;
      waiting_bytes_ += line.size();
      waiting_.push_back(std::move(line));
    }
    changed_.notify_one();
  }

  // Called by the thread: runs until Close() was called and all is written or the time is over.
  void Run() {
    NameThisThread("smile-log");
    for (std::string line; Take(&line);) {
      Settle(WriteLine(line));
    }
    const std::lock_guard lock(mutex_);
    done_ = true;
    settled_changed_.notify_all();
  }

  void Flush() {
    std::unique_lock lock(mutex_);
    const uint64_t wanted = queued_;
    settled_changed_.wait_for(lock, std::chrono::milliseconds(limits::kLastMessageMillis),
                              [&] { return settled_ >= wanted; });
  }

  // Whether the thread has ended; otherwise it is stuck in the kernel.
  bool Close() {
    std::unique_lock lock(mutex_);
    const auto wait = std::chrono::milliseconds(limits::kLastMessageMillis);
    closing_ = true;
    end_ = steady_clock::now() + wait;
    changed_.notify_one();
    return settled_changed_.wait_for(lock, wait + std::chrono::milliseconds(4 * kPollMillis),
                                     [this] { return done_; });
  }

 private:
  // Takes the next line; or, when the queue is empty, a report of how many were dropped.
  bool Take(std::string* line) {
    std::unique_lock lock(mutex_);
    const bool report = lost_ > 0 && waiting_.empty() && !report_failed_;
    if (!report) changed_.wait(lock, [this] { return !waiting_.empty() || closing_; });
    if (closing_ && steady_clock::now() >= end_) return false;
    if (!waiting_.empty()) {
      *line = std::move(waiting_.front());
      waiting_.pop_front();
      CHECK(waiting_bytes_ >= line->size());
      waiting_bytes_ -= line->size();
      CHECK(waiting_.empty() == (waiting_bytes_ == 0), "the sizes of the waiting lines add up");
      reported_ = 0;
      return true;
    }
    if (!report) return false;
    reported_ = std::exchange(lost_, 0);
    *line = LineOf(LogLevel::kWarning,
                   fmt::format("{} lines of this log were dropped: nobody read them, or they could "
                               "not be written",
                               reported_));
    return true;
  }

  // Records what became of the line that Take() returned.
  void Settle(bool written) {
    const std::lock_guard lock(mutex_);
    const bool is_report = reported_ > 0;
    if (written) {
      report_failed_ = false;
    } else {
      report_failed_ = is_report;
      lost_ += is_report ? reported_ : 1;
    }
    if (!is_report) ++settled_;
    CHECK(settled_ <= queued_, "a line is settled once");
    settled_changed_.notify_all();
  }

  // False if the line, or the rest of it, could not be written.
  bool WriteLine(const std::string& line) {
    if (broken_line_ && !WriteAll("\n")) return false;
    return WriteAll(line);
  }

  bool WriteAll(std::string_view text) {
    while (!text.empty()) {
      const WriteProgress progress = WriteWithin(descriptor_, text, kPollMillis);
      text.remove_prefix(progress.written);
      broken_line_ |= progress.written > 0 && !text.empty();
      if (progress.failed) return false;
      if (!text.empty() && IsOver()) return false;
    }
    broken_line_ = false;
    return true;
  }

  bool IsOver() {
    const std::lock_guard lock(mutex_);
    return closing_ && steady_clock::now() >= end_;
  }

  const int descriptor_;
  // Used by the thread only.
  bool broken_line_ = false;  // the last bytes written are not a newline
  uint64_t reported_ = 0;     // dropped lines that the current line reports

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable settled_changed_;  // or done_
  std::deque<std::string> waiting_;
  size_t waiting_bytes_ = 0;
  uint64_t queued_ = 0;         // lines
  uint64_t settled_ = 0;        // of those, written or dropped
  uint64_t lost_ = 0;           // lines dropped since the last report
  bool report_failed_ = false;  // no new report until a line could be written
  bool closing_ = false;
  bool done_ = false;
  steady_clock::time_point end_;  // once closing
};

Logger::Logger(LogLevel threshold, int descriptor)
    : threshold_(threshold),
      writer_(threshold == LogLevel::kOff ? nullptr : std::make_shared<Writer>(descriptor)) {
  if (writer_ != nullptr) thread_ = std::thread([writer = writer_] { writer->Run(); });
}

Logger::~Logger() {
  if (writer_ == nullptr) return;
  if (writer_->Close()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void Logger::Flush() const {
  if (writer_ != nullptr) writer_->Flush();
}

void Logger::Queue(LogLevel level, std::string_view line) const {
  writer_->Queue(LineOf(level, line));
}

}  // namespace smile
