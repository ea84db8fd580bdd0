// The command line of smilebench.
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
  kPhotoPut,
  kPhotoGet,
  kAdd,
};

// How records are chosen.
enum class Distribution : uint8_t {
  kUniform,
  kZipfian,  // a few records most of the time
  kLatest,   // mostly the records written last
};

// The protocol of the target.
enum class DriverKind : uint8_t { kSmile, kRedis, kTarantool, kRocksDb, kHttp, kFiles, kTcp };

struct Target {
  DriverKind driver = DriverKind::kSmile;
  Endpoint endpoint{"127.0.0.1", 7645};
  std::string directory;  // for kRocksDb and kFiles, instead of the endpoint

  // As given on the command line.
  std::string ToString() const;
};

struct BenchOptions {
  Target target;
  WorkloadKind workload = WorkloadKind::kGet;
  Distribution distribution = Distribution::kUniform;
  uint32_t connections = 16;
  uint32_t idle_connections = 0;
  uint32_t depth = 1;  // requests in flight per connection
  uint64_t keys = 100'000;
  uint64_t first = 0;  // photo: number of the first record
  uint32_t value_bytes = 100;
  uint64_t operations = 0;  // 0: limited by seconds
  double seconds = 0;       // 0: limited by operations
  double rate = 0;          // operations per second over all connections; 0: closed loop
  uint32_t threads = 1;
  int64_t server_pid = 0;  // 0: unknown
  bool preloaded = false;  // the records exist
  bool json = false;
};

inline constexpr uint32_t kMaxBenchConnections = 50'000;  // also the limit of idle ones
inline constexpr uint32_t kMaxBenchThreads = 64;
inline constexpr uint64_t kMaxBenchKeys = uint64_t{1} << 40;
inline constexpr uint64_t kMaxBenchOperations = uint64_t{1} << 50;
inline constexpr double kMinSeconds = 0.001;
inline constexpr double kMaxSeconds = 1e7;  // 116 days
inline constexpr double kMinRate = 0.001;   // operations per second
inline constexpr double kMaxRate = 1e9;
inline constexpr uint64_t kMaxPid = INT32_MAX;
inline constexpr double kDefaultSeconds = 10;

// What smilebench tells the shell; also the text of the help.
enum ExitStatus : int {
  kExitOk = 0,
  kExitErrors = 1,
  kExitUsage = 2,
  kExitConnection = 3,
  kExitInterrupted = 130,  // as a shell reports SIGINT
};
inline constexpr const char* kExitStatuses =
    "Exit status: 0 every operation succeeded; 1 errors, wrong values, no operations or no report; "
    "2 "
    "invalid usage; 3 no connection, or a connection was lost; 130 interrupted (SIGINT or "
    "SIGTERM): the "
    "report covers the time until then";

// kInvalid with a message for an invalid command line. With --help the result is ok and *help is
// not empty: print it and exit.
Result<BenchOptions> ParseBenchOptions(int argc, const char* const* argv, std::string* help);

// What --target names. kInvalid, with a message.
Result<Target> ParseTarget(std::string_view text);
// The same, of a workload that has only these two.
Result<Target> ParseSmileOrRedis(std::string_view text);

std::string_view NameOf(Distribution distribution);
std::string_view NameOf(DriverKind kind);

}  // namespace smile::bench
