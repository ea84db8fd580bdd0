// What a run came to, for a person or as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "bench/smilebench/histogram.h"
#include "bench/smilebench/options.h"

namespace smile::bench {

struct Results {
  double seconds = 0;  // from the first request to the last answer
  Histogram reads;     // latencies in nanoseconds, of what succeeded; scans are reads
  Histogram writes;
  uint64_t wrong_values = 0;          // answers with a value that nobody wrote there
  std::map<Code, uint64_t> errors;    // answers that were refusals; a missing record is one
  Status first_error;                 // ok if there was none
  uint64_t never_sent = 0;            // open loop: were due, but no connection was free
  bool lost = false;                  // a connection was; the run ended there
  int64_t longest_silence_nanos = 0;  // between two answers of one thread's connections
  double client_cpu_seconds = 0;
  double server_cpu_seconds = -1;  // or of the storage in this process; negative: not measured
  uint64_t server_rss_bytes = 0;   // at the end; 0: not measured

  void Add(const Results& other);  // other's counts and latencies
  // Those that succeeded.
  uint64_t operations() const { return reads.count() + writes.count(); }
  uint64_t failures() const;
};

std::string FormatText(const BenchOptions& options, const Results& results);
std::string FormatJson(const BenchOptions& options, const Results& results);

}  // namespace smile::bench
