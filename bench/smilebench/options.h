// What smilebench is asked to do, from its command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/endpoint.h"

namespace smile::bench {

enum class WorkloadKind : uint8_t {
  kGet,
  kPut,
  kMGet,
  kMixed,
  kScan,
  kYcsbA,
  kYcsbB,
  kYcsbC,
  kYcsbD,
  kYcsbE,
  kYcsbF,
};

// Which records are asked for.
enum class Distribution : uint8_t {
  kUniform,
  kZipfian,  // few of them most of the time
  kLatest,   // mostly those that were written last
};

// How a server is spoken to.
enum class DriverKind : uint8_t { kSmile, kRedis, kTarantool, kRocksDb };

struct Target {
  DriverKind driver = DriverKind::kSmile;
  Endpoint endpoint{"127.0.0.1", 7645};
  std::string directory;  // for kRocksDb, instead of the endpoint

  // As it is given on the command line.
  std::string ToString() const;
};

struct BenchOptions {
  Target target;
  WorkloadKind workload = WorkloadKind::kGet;
  Distribution distribution = Distribution::kUniform;
  uint32_t connections = 16;
  uint32_t idle_connections = 0;
  uint32_t depth = 1;  // requests under way on each connection
  uint64_t keys = 100'000;
  uint32_t value_bytes = 100;
  uint64_t operations = 0;  // 0: until the time is over
  double seconds = 0;       // 0: until the operations are done
  double rate = 0;          // operations a second over all connections; 0: closed loop
  uint32_t threads = 1;
  int64_t server_pid = 0;  // 0: not known
  bool preloaded = false;  // the records are there already
  bool json = false;
};

inline constexpr uint32_t kMaxBenchConnections = 50'000;  // also of idle ones
inline constexpr uint32_t kMaxBenchThreads = 64;
inline constexpr double kDefaultSeconds = 10;

// kInvalid, in words, for a command line that cannot be meant. When --help was asked for, the
// answer is ok and *help is not empty: print it and do nothing else.
Result<BenchOptions> ParseBenchOptions(int argc, const char* const* argv, std::string* help);

std::string_view NameOf(Distribution distribution);
std::string_view NameOf(DriverKind kind);

}  // namespace smile::bench
