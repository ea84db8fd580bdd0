// `smilebench feeds`: the page that a user sees first, the 20 newest posts of all friends. Smile
// has one request for it. A backend over Redis gets the friends, then the newest posts of each in
// one pipeline, merges them, and gets the posts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "bench/smilebench/feed_graph.h"
#include "bench/smilebench/feed_store.h"
#include "bench/smilebench/histogram.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/process.h"

namespace smile::bench {

struct FeedsOptions {
  Target target;
  FeedGraphOptions graph;
  uint64_t feeds = 10'000;
  uint32_t in_flight = 1;   // each on a connection of its own
  bool with_scores = true;  // Redis: WITHSCORES, and the merge is by score
  bool preloaded = false;   // the graph exists
  bool cold = false;        // no feed has been read before
  int64_t server_pid = 0;   // 0: not known
  bool json = false;
};

struct FeedsResults {
  Histogram times;  // nanoseconds from the first request of a feed until it has been merged
  double seconds = 0;
  FeedTraffic traffic;
  Status failure;  // of the first feed that failed or was not the expected one; ok if none was
  bool interrupted = false;
  double client_cpu_seconds = 0;
  std::optional<ProcessUse> server;  // none: not asked for
};

// As ParseBenchOptions; argv[0] is the word "feeds".
Result<FeedsOptions> ParseFeedsOptions(int argc, const char* const* argv, std::string* help);

// Writes the graph unless it exists, reads each user's feed unless it is to be cold, and measures
// from then on. A failure is one before that.
Result<FeedsResults> RunFeeds(const FeedsOptions& options, const Clock& clock,
                              const std::function<bool()>& interrupted);

std::string FormatText(const FeedsOptions& options, const FeedsResults& results);
std::string FormatJson(const FeedsOptions& options, const FeedsResults& results);

}  // namespace smile::bench
