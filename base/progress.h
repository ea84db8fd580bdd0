// How far a long task has come, as a line on a terminal that is drawn over and over, or as lines of
// a log.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace smile {

struct ProgressState {
  std::string_view unit;          // "rows"
  uint64_t done = 0;              // of the unit
  uint64_t done_here = 0;         // of them, in this run: for the rate
  double seconds = 0;             // since this run began
  uint64_t part = 0;              // of `whole`, in whatever it is measured
  uint64_t part_at_start = 0;     // of this run
  std::optional<uint64_t> whole;  // none: not known
  std::string_view trouble;       // "reconnecting, 12 s": stands instead of the rate and the ETA
};

// "[######----]  60%  123,456 rows  45,678 rows/s  ETA 0:12", at most `width` columns.
std::string ProgressLine(const ProgressState& state, size_t width);

// "1,234,567"
std::string WithCommas(uint64_t number);

// "1 row", "1,234 rows", "2 entries": a count and its noun, whose plural may be named.
std::string Counted(uint64_t count, std::string_view singular, std::string_view plural = {});

// Draws on `out` if that is a terminal, else prints a line every ten seconds, without the bar.
class Progress {
 public:
  Progress(std::FILE* out, const Clock* clock);

  // Clears the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Cheap; draws a few times a second, or prints. `seconds` of the state is filled in here.
  void Update(ProgressState state);

  // Before something else is printed on the terminal.
  void Clear();

  double seconds() const;

 private:
  std::FILE* const out_;
  const Clock* const clock_;
  const int64_t start_nanos_;
  const bool is_terminal_;
  int64_t last_nanos_ = 0;
  bool drawn_ = false;
};

}  // namespace smile
