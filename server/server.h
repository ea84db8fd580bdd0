// Server: the workers that share a port, from start to orderly end.
//
// It listens first and serves later, so that an unavailable port is an error before the data is
// touched, and a second server on the port fails at once, however long the first takes to start.
//
// Not thread-safe: used by one thread (main).
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
  int64_t idle_millis = 0;  // 0: no idle timeout
};

class Server {
 public:
  // Starts listening; clients are rejected as `unavailable`, with a time to retry after. Clock and
  // log outlive the server. kUnavailable, with a message that says what to do, if it cannot listen.
  static Result<std::unique_ptr<Server>> Listen(const ServerOptions& options, const Clock& clock,
                                                const Logger& log);

  // Starts serving; called once. The engine outlives the server.
  void Serve(Engine& engine, const Services& services);

  // Drops remaining connections. For an orderly end, drain until drained(); then close the engine,
  // which no worker calls any more; then destroy the server. So every accepted request is answered,
  // and the engine's completions have a target.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // With the actual port, also if port 0 was requested.
  const Endpoint& listening_on() const { return listening_on_; }

  // Accepts no new connections and requests, and closes connections when their requests are
  // answered. Does not wait.
  void BeginDrain();
  // After BeginDrain(): whether all connections are closed and no new ones are possible.
  bool drained() const;
  // Ends the remaining connections; drained() follows soon.
  void AbortConnections();

  uint64_t open_connections() const;
  uint64_t requests_in_flight() const;

 private:
  Server(const ServerOptions& options, const Clock& clock, const Logger& log);
  EngineStats Stats() const;
  uint64_t Sum(Counter WorkerMetrics::*counter) const;

  const Clock& clock_;
  const int64_t started_nanos_;
  Endpoint listening_on_;
  ServerLog log_;
  std::unique_ptr<const Handlers> handlers_;
  std::atomic<const Handlers*> serving_{nullptr};  // null while the server starts
  ConnectionBudget budget_;
  MemoryBudget memory_;
  const Worker::Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace smile
