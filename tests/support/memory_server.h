// For tests: a server of this process on a free port of the loopback interface.
#pragma once

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/server.h"
#include "storage/memory_engine.h"
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

// Such a server with all that it needs, its own engine included.
class MemoryServer {
 public:
  MemoryServer() {
    services_.watches.StartFrom(engine_.Observe(&services_.watches));
    server_ = ServeOnLoopback(engine_, services_, clock_, log_);
  }
  ~MemoryServer() { Stop(); }
  MemoryServer(const MemoryServer&) = delete;
  MemoryServer& operator=(const MemoryServer&) = delete;

  // Before Stop.
  const Endpoint& endpoint() const { return server_->listening_on(); }
  // Drops its connections. May be repeated.
  void Stop() {
    engine_.Close();
    server_.reset();
  }

 private:
  const SystemClock clock_;
  const Logger log_{LogLevel::kOff};
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kOnThread};
  MemoryServices services_{engine_, clock_};
  std::unique_ptr<Server> server_;
};

}  // namespace smile
