// For tests: a server of this process on a free port of the loopback interface.
#pragma once

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/server.h"
#include "tests/support/memory_services.h"

namespace smile {

// All outlive the server.
inline std::unique_ptr<Server> ServeOnLoopback(Engine& engine, MemoryServices& services,
                                               const Clock& clock, const Logger& log) {
  auto listening = Server::Listen({.listen = {"127.0.0.1", 0}, .workers = 1}, clock, log);
  CHECK(listening.ok(), listening.status().message());
  std::unique_ptr<Server> server = std::move(listening).value();
  server->Serve(engine, services.services());
  return server;
}

}  // namespace smile
