// What `smilebench load` and `smilebench lookups` are asked to do, from their command lines.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/endpoint.h"

namespace smile::bench {

struct UsersOptions {
  Endpoint server{"127.0.0.1", 7645};
  uint64_t users = 0;  // from 1 to this
  uint32_t connections = 16;
  uint32_t depth = 1;      // requests in flight on each connection
  int64_t server_pid = 0;  // 0: not known
  bool json = false;
  uint64_t from = 1;    // load: the first user to write
  double seconds = 10;  // lookups: of each of the two rounds
};

// As ParseBenchOptions; argv[0] is the word "load" or "lookups".
Result<UsersOptions> ParseLoadOptions(int argc, const char* const* argv, std::string* help);
Result<UsersOptions> ParseLookupsOptions(int argc, const char* const* argv, std::string* help);

}  // namespace smile::bench
