// The results of a run, as text or as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "bench/smilebench/histogram.h"
#include "bench/smilebench/options.h"

namespace smile::bench {

// Operations that got no answer. To leave them out of the latencies would hide the worst ones, so
// each counts there with the time that it had waited, a lower bound.
struct Unanswered {
  uint64_t never_sent = 0;  // open loop: due, but no connection was free
  uint64_t in_flight = 0;   // when the run ended
  uint64_t timed_out = 0;   // their deadline was exceeded
  uint64_t lost = 0;        // with their connection, or the outcome of a write is unknown

  uint64_t total() const { return never_sent + in_flight + timed_out + lost; }
};

struct Results {
  double seconds = 0;        // from the first request to the end of the run
  uint64_t operations = 0;   // that succeeded
  uint64_t photo_bytes = 0;  // in them
  // Latencies in nanoseconds, of operations that succeeded or are unanswered. Scans are reads.
  Histogram reads;
  Histogram writes;
  Unanswered unanswered;
  uint64_t wrong_values = 0;        // replies with a value that was not written there
  std::map<Code, uint64_t> errors;  // other than ok; a missing record counts as not_found
  Status first_error;               // ok if there was none
  bool lost = false;                // a connection was lost, which ended the run
  bool interrupted = false;         // by a signal, which ended the run
  int64_t longest_stall_nanos = 0;  // between two answers on one thread's connections
  double client_cpu_seconds = 0;
  double server_cpu_seconds = -1;  // or of the storage in this process; negative: not measured
  uint64_t server_rss_bytes = 0;   // at the end; 0: not measured

  void Add(const Results& other);  // other's counts and latencies
  uint64_t failures() const;
};

std::string FormatText(const BenchOptions& options, const Results& results);
std::string FormatJson(const BenchOptions& options, const Results& results);

}  // namespace smile::bench
