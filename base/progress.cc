#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/print.h"

namespace smile {
namespace {

constexpr int64_t kNanosPerDraw = kNanosPerSecond / 8;
constexpr int64_t kNanosPerLine = kNanosPerSecond * 10;
constexpr size_t kBarColumns = 24;
constexpr size_t kUsualColumns = 80;

size_t ColumnsOf(std::FILE* out) {
  winsize size = {};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

// "1:02:03" or "2:03"
std::string Duration(double seconds) {
  const auto whole = static_cast<uint64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string Bar(double share) {
  const auto filled = static_cast<size_t>(share * kBarColumns);
  return fmt::format("[{:#>{}}{:->{}}] ", "", filled, "", kBarColumns - filled);
}

std::string LineOf(const ProgressState& state, bool with_bar) {
  std::string line;
  if (state.whole.has_value()) {
    const double share =
        *state.whole == 0
            ? 1
            : std::min(1.0, static_cast<double>(state.part) / static_cast<double>(*state.whole));
    const int percent = static_cast<int>(share * 100);
    line = with_bar ? fmt::format("{}{:3}%  ", Bar(share), percent) : fmt::format("{}%  ", percent);
  }
  line += fmt::format("{} {}", WithCommas(state.done), state.unit);
  if (!state.trouble.empty()) return line + fmt::format("  {}", state.trouble);
  if (state.seconds > 0) {
    const double rate = static_cast<double>(state.done_here) / state.seconds;
    line += fmt::format("  {} {}/s", WithCommas(static_cast<uint64_t>(rate)), state.unit);
  }
  if (state.whole.has_value() && state.part > state.part_at_start && state.seconds > 0) {
    const double per_second = static_cast<double>(state.part - state.part_at_start) / state.seconds;
    const uint64_t left = *state.whole - std::min(*state.whole, state.part);
    line += fmt::format("  ETA {}", Duration(static_cast<double>(left) / per_second));
  }
  return line;
}

}  // namespace

std::string WithCommas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, 1, ',');
  return text;
}

std::string Counted(uint64_t count, std::string_view singular, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", singular);
  if (!plural.empty()) return fmt::format("{} {}", WithCommas(count), plural);
  return fmt::format("{} {}s", WithCommas(count), singular);
}

std::string ProgressLine(const ProgressState& state, size_t width) {
  return LineOf(state, /*with_bar=*/true).substr(0, width);
}

Progress::Progress(std::FILE* out, const Clock* clock)
    : out_(out),
      clock_(clock),
      start_nanos_(clock->MonotonicNanos()),
      is_terminal_(::isatty(::fileno(out)) == 1),
      last_nanos_(start_nanos_) {}

Progress::~Progress() {
  Clear();
}

double Progress::seconds() const {
  return static_cast<double>(clock_->MonotonicNanos() - start_nanos_) / kNanosPerSecond;
}

void Progress::Update(ProgressState state) {
  const int64_t now = clock_->MonotonicNanos();
  if (now - last_nanos_ < (is_terminal_ ? kNanosPerDraw : kNanosPerLine)) return;
  last_nanos_ = now;
  state.seconds = seconds();
  if (is_terminal_) {
    PrintTo(out_, "\r{}\x1b[K", ProgressLine(state, ColumnsOf(out_) - 1));
  } else {
    PrintTo(out_, "{}\n", LineOf(state, /*with_bar=*/false));
  }
  std::fflush(out_);
  drawn_ = is_terminal_;
}

void Progress::Clear() {
  if (!drawn_) return;
  PrintTo(out_, "\r\x1b[K");
  std::fflush(out_);
  drawn_ = false;
}

}  // namespace smile
