// Progress of a long task: one line on a terminal that is redrawn, or lines of a log.
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
  uint64_t done_here = 0;         // of those, in this run; for the rate
  double seconds = 0;             // since this run began
  uint64_t part = 0;              // of `whole`, in the unit of `whole`
  uint64_t part_at_start = 0;     // of this run
  std::optional<uint64_t> whole;  // unknown if absent
  std::string_view trouble;       // "reconnecting, 12 s": shown instead of rate and ETA
};

// "[######----]  60%  123,456 rows  45,678 rows/s  ETA 0:12", at most `width` columns.
std::string ProgressLine(const ProgressState& state, size_t width);

// "1,234,567"
std::string WithCommas(uint64_t number);

// "1 row", "1,234 rows", "2 entries": a count and its noun, whose plural may be given.
std::string Counted(uint64_t count, std::string_view singular, std::string_view plural = {});

// Draws on `out` if it is a terminal; otherwise prints a line without the bar every ten seconds.
class Progress {
 public:
  Progress(std::FILE* out, const Clock* clock);

  // Clears the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Cheap; draws a few times per second, or prints. Fills in `state.seconds`.
  void Update(ProgressState state);

  // Call before something else is printed on the terminal.
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
