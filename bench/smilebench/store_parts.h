// What a store of a workload is made with: the server, and where the workload runs.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "net/endpoint.h"
#include "net/event_loop.h"

namespace smile::bench {

struct StoreParts {
  Endpoint server;
  EventLoop* loop = nullptr;
  const Clock* clock = nullptr;
  uint32_t connections = 1;
};

}  // namespace smile::bench
