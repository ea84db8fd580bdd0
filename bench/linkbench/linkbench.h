// `smilebench linkbench`: writes LinkBench's graph, then sends its mix of requests.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/progress.h"
#include "base/result.h"
#include "bench/linkbench/linkbench_options.h"
#include "bench/linkbench/requests.h"
#include "bench/smilebench/histogram.h"
#include "bench/smilebench/process.h"

namespace smile::bench {

struct LinkOpResults {
  Histogram latencies;  // nanoseconds, of requests that succeeded
  uint64_t found = 0;   // links, or nodes; see LinkAnswer
};

struct LinkBenchPart {
  double seconds = 0;
  std::optional<ProcessUse> server;  // none: not asked for
  double client_cpu_seconds = 0;
};

struct LinkBenchResults {
  LinkBenchPart load;
  uint64_t nodes_loaded = 0;
  uint64_t links_loaded = 0;

  LinkBenchPart run;
  std::array<LinkOpResults, kLinkOps.size()> operations;  // indexed by LinkOp
  uint64_t history_queries = 0;
  std::map<Code, uint64_t> errors;
  Status first_error;  // of a request, or what ended the load or the run; ok if there was none
  bool interrupted = false;

  uint64_t succeeded() const;
};

struct LinkBenchHooks {
  std::function<bool()> interrupted;                   // any thread
  std::function<void(const ProgressState&)> progress;  // one thread at a time
};

// Blocks until both parts are done. A failure is one before they began.
Result<LinkBenchResults> RunLinkBench(const LinkBenchOptions& options, const Clock& clock,
                                      const LinkBenchHooks& hooks);

std::string FormatText(const LinkBenchOptions& options, const LinkBenchResults& results);
std::string FormatJson(const LinkBenchOptions& options, const LinkBenchResults& results);

}  // namespace smile::bench
