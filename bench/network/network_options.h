// What `smilebench network` is asked to do.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "bench/smilebench/options.h"

namespace smile::bench {

inline constexpr uint64_t kMaxDay = 1'000'000;

struct NetworkOptions {
  Target target;           // kSmile or kRedis
  std::string graph_file;  // empty: a made graph
  uint64_t people = 100'000;
  uint64_t seed = 1;
  uint64_t day = 0;  // what is done follows from it; 0: from the time
  bool load = true;  // write everybody first
  bool run = true;   // then let them act
  uint32_t connections = 16;
  double rate = 1'000;       // acts that begin per second
  double seconds = 10;       // length of the acts
  double warm_seconds = 2;   // before those, not counted
  uint32_t posts = 10;       // of each person, before
  uint32_t online = 10'000;  // people who act, at most
  int64_t server_pid = 0;    // 0: not known
  bool json = false;
};

// As ParseBenchOptions; argv[0] is the word "network".
Result<NetworkOptions> ParseNetworkOptions(int argc, const char* const* argv, std::string* help);

}  // namespace smile::bench
