// Handlers of the operations on sessions; see server/handlers.h.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "protocol/session_operations.h"
#include "server/responder.h"
#include "service/logins/session_service.h"

namespace smile {

class SessionHandlers {
 public:
  explicit SessionHandlers(const SessionService& sessions) : sessions_(sessions) {}

  Status Check(op::SessionMake, const op::SessionMake::Request& request) const;
  Status Check(op::SessionVerify, const op::SessionVerify::Request& request) const;
  Status Check(op::SessionList, const op::SessionList::Request& request) const;
  Status Check(op::SessionRevoke, const op::SessionRevoke::Request& request) const;
  Status Check(op::SessionRevokeAll, const op::SessionRevokeAll::Request& request) const;

  bool TryNow(op::SessionVerify, const op::SessionVerify::Request& request, Reply* reply) const;

  void Start(op::SessionMake, const op::SessionMake::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::SessionVerify, const op::SessionVerify::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::SessionList, const op::SessionList::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::SessionRevoke, const op::SessionRevoke::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::SessionRevokeAll, const op::SessionRevokeAll::Request& request, int64_t deadline,
             Responder to) const;

 private:
  const SessionService& sessions_;
};

}  // namespace smile
