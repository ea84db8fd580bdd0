// Handlers of the operations on logins; see server/handlers.h.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "protocol/login_operations.h"
#include "server/responder.h"
#include "service/logins/login_service.h"

namespace smile {

class LoginHandlers {
 public:
  LoginHandlers(const LoginService& logins, bool allow_export)
      : logins_(logins), allow_export_(allow_export) {}

  Status Check(op::LoginRegister, const op::LoginRegister::Request& request) const;
  Status Check(op::LoginVerify, const op::LoginVerify::Request& request) const;
  Status Check(op::LoginChange, const op::LoginChange::Request& request) const;
  Status Check(op::LoginReset, const op::LoginReset::Request& request) const;
  Status Check(op::LoginRename, const op::LoginRename::Request& request) const;
  Status Check(op::LoginRemove, const op::LoginRemove::Request& request) const;
  Status Check(op::LoginAdd, const op::LoginAdd::Request& request) const;
  Status Check(op::LoginImport, const op::LoginImport::Request& request) const;
  Status Check(op::LoginList, const op::LoginList::Request&) const { return {}; }
  Status Check(op::LoginExport, const op::LoginExport::Request& request) const;

  void Start(op::LoginRegister, const op::LoginRegister::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginVerify, const op::LoginVerify::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginChange, const op::LoginChange::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginReset, const op::LoginReset::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginRename, const op::LoginRename::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginRemove, const op::LoginRemove::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginAdd, const op::LoginAdd::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginImport, const op::LoginImport::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginList, const op::LoginList::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LoginExport, const op::LoginExport::Request& request, int64_t deadline,
             Responder to) const;

 private:
  const LoginService& logins_;
  const bool allow_export_;
};

}  // namespace smile
