// `smilecat stats`: the server's counters and gauges as a table, once or again and again.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/client.h"
#include "client/smilecat/patience.h"

namespace smile::cat {

struct StatsOptions {
  std::string prefix;  // of the names to be shown; empty: all
  bool watch = false;  // until it is cancelled
  int64_t interval_millis = 1000;
  bool json = false;       // one object a look
  bool raw_times = false;  // points in time as numbers
  bool clears = false;     // a terminal is cleared before each look
};

using StatValues = std::vector<std::pair<std::string, uint64_t>>;

// "name   1,234   +56\n", a line each, numbers under each other. The last column, the difference to
// `before`, is only there with one, and is empty where nothing changed.
std::string StatsTable(const StatValues& stats, const StatValues* before, bool raw_times);

// Prints what the server counts on stdout. `deadline_millis` is that of each request. Ok if it was
// cancelled; kNotFound if no name begins with the prefix; kInvalid if stdout takes no more.
Status RunStats(Client* client, const StatsOptions& options, int64_t deadline_millis,
                const Patience& patience);

}  // namespace smile::cat
