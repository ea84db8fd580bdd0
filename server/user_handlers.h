// Handlers of the operations on users as a whole; see server/handlers.h.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "protocol/user_operations.h"
#include "server/responder.h"
#include "service/users/user_service.h"

namespace smile {

class UserHandlers {
 public:
  explicit UserHandlers(const UserService& users) : users_(users) {}

  Status Check(op::UserStat, const op::UserStat::Request&) const { return {}; }
  Status Check(op::UserErase, const op::UserErase::Request&) const { return {}; }

  void Start(op::UserStat, const op::UserStat::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::UserErase, const op::UserErase::Request& request, int64_t deadline,
             Responder to) const;

 private:
  const UserService& users_;
};

}  // namespace smile
