// What smilebench is asked to do, from its command line.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/endpoint.h"

namespace smile::bench {

enum class WorkloadKind : uint8_t { kGet, kPut, kMixed, kScan };

struct BenchOptions {
  Endpoint target;
  WorkloadKind workload = WorkloadKind::kGet;
  uint32_t connections = 16;
  uint32_t depth = 1;  // requests under way on each connection
  uint64_t keys = 100'000;
  uint32_t value_bytes = 100;
  uint64_t operations = 0;  // 0: until the time is over
  double seconds = 0;       // 0: until the operations are done
  double rate = 0;          // operations a second over all connections; 0: closed loop
  uint32_t threads = 1;
  int64_t server_pid = 0;  // 0: not known
  bool json = false;
};

inline constexpr uint32_t kMaxBenchConnections = 50'000;
inline constexpr uint32_t kMaxBenchThreads = 64;
inline constexpr double kDefaultSeconds = 10;

// kInvalid, in words, for a command line that cannot be meant. When --help was asked for, the
// answer is ok and *help is not empty: print it and do nothing else.
Result<BenchOptions> ParseBenchOptions(int argc, const char* const* argv, std::string* help);

std::string_view NameOf(WorkloadKind kind);

}  // namespace smile::bench
