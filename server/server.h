// Server: the workers that share a port, from their start to their orderly end.
//
// It listens first and serves later, so that a port that cannot be had is known before the data is
// touched, and a second server on the port fails at once however long the first takes to start.
//
// Not thread-safe: one thread (main's) owns it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "server/handlers.h"
#include "server/server_log.h"
#include "server/worker.h"
#include "storage/engine.h"

namespace smile {

struct ServerOptions {
  Endpoint listen;
  uint32_t workers = 1;
  uint32_t max_connections = limits::kDefaultMaxConnections;
  size_t connection_memory_bytes = size_t{256} << 20;
  int64_t idle_millis = 0;  // 0: connections may be idle for ever
};

class Server {
 public:
  // Listens from here on; who connects is told `unavailable`, with a time to retry after. The clock
  // and the log outlive the server. Fails with kUnavailable, in words that say what to do, if it
  // cannot listen.
  static Result<std::unique_ptr<Server>> Listen(const ServerOptions& options, const Clock& clock,
                                                const Logger& log);

  // Once: serves from here on. The engine outlives the server.
  void Serve(Engine& engine);

  // Drops what is left. Drain first, until drained(); then close the engine, which no worker calls
  // any more; then destroy the server: that way everything that was accepted is answered, and the
  // engine has somewhere to answer to.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // A real one, also where port 0 was asked for.
  const Endpoint& listening_on() const { return listening_on_; }

  // Accepts no more connections and requests, and begins to close those whose requests are all
  // answered. Does not wait.
  void BeginDrain();
  // Whether, after BeginDrain, all connections have been closed and none can come.
  bool drained() const;
  // Ends connections that are left; drained() follows soon.
  void AbortConnections();

  uint64_t open_connections() const;
  uint64_t open_requests() const;

 private:
  Server(const ServerOptions& options, const Clock& clock, const Logger& log);
  EngineStats Stats() const;
  uint64_t Sum(Counter WorkerMetrics::*counter) const;

  const Clock& clock_;
  const int64_t started_nanos_;
  Endpoint listening_on_;
  ServerLog log_;
  std::unique_ptr<const Handlers> handlers_;
  std::atomic<const Handlers*> serving_{nullptr};  // once there are any
  ConnectionBudget budget_;
  MemoryBudget memory_;
  const Worker::Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace smile
