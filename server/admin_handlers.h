// Handlers of the operations on the server itself; see server/handlers.h.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/status.h"
#include "protocol/admin_operations.h"
#include "server/responder.h"
#include "storage/engine.h"

namespace smile {

class AdminHandlers {
 public:
  // `server_stats` returns the server's own part of STATS. Any thread.
  AdminHandlers(Engine& engine, std::function<EngineStats()> server_stats)
      : engine_(engine), server_stats_(std::move(server_stats)) {}

  Status Check(op::Stats, const op::Stats::Request&) const { return {}; }
  void Start(op::Stats, const op::Stats::Request& request, int64_t deadline, Responder to) const;

 private:
  Engine& engine_;
  const std::function<EngineStats()> server_stats_;
};

}  // namespace smile
