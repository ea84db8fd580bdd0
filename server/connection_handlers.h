// Handlers of the operations of a connection; see server/handlers.h.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "base/status.h"
#include "protocol/connection_operations.h"
#include "server/reply.h"
#include "server/responder.h"
#include "storage/engine.h"

namespace smile {

class ConnectionHandlers {
 public:
  explicit ConnectionHandlers(Engine& engine) : engine_(engine) {}

  Status Check(op::Ping, const op::Ping::Request& request) const;
  bool TryNow(op::Ping, const op::Ping::Request& request, Reply* reply) const;
  void Start(op::Ping, const op::Ping::Request&, int64_t, const Responder&) const {
    CHECK(false, "PING is always answered by TryNow");
  }

 private:
  Engine& engine_;
};

}  // namespace smile
