// The address of a server: where to connect, or where to listen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace smile {

// An IP address or a name, and a port. "127.0.0.1:7645", "[::1]:7645", "localhost:7645".
struct Endpoint {
  std::string host = {};  // without brackets
  uint16_t port = 0;      // 0, to listen only: any free port

  // HOST:PORT, with brackets around an IPv6 address.
  std::string ToString() const;
};

// kInvalid, with a message, unless `text` is HOST:PORT. `default_port` is used if ":PORT" is
// missing.
Result<Endpoint> ParseEndpoint(std::string_view text, uint16_t default_port);

}  // namespace smile
