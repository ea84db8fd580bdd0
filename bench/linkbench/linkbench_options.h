// What `smilebench linkbench` is asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "bench/linkbench/requests.h"
#include "net/endpoint.h"

namespace smile::bench {

enum class StoreKind : uint8_t { kSmile, kMysql };
enum class MysqlEngine : uint8_t { kInnoDb, kMyRocks };

struct LinkBenchOptions {
  StoreKind store = StoreKind::kSmile;
  Endpoint server;
  MysqlEngine engine = MysqlEngine::kInnoDb;  // of the tables that a load makes
  bool load = true;                           // write the graph first
  bool run = true;                            // then send requests
  uint64_t nodes = 100'000;
  uint64_t seed = 1;
  uint32_t clients = 64;     // each with one request in flight
  uint32_t connections = 0;  // Smile only: the clients are dealt to them; 0: one for each
  double seconds = 10;
  double warm_seconds = 0;     // before those, not counted
  std::optional<LinkOp> only;  // all requests are of this operation
  uint32_t others = 0;         // ids of each get_link; 0: as published
  bool mutual = false;         // Smile only: links of kinds that are their own inverse
  int64_t server_pid = 0;      // 0: not known
  bool json = false;

  std::string Target() const;
};

inline constexpr uint32_t kMaxLinkBenchClients = 1'000;

// As ParseBenchOptions; argv[0] is the word "linkbench".
Result<LinkBenchOptions> ParseLinkBenchOptions(int argc, const char* const* argv,
                                               std::string* help);

}  // namespace smile::bench
