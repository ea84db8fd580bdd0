// Log lines about clients, each kind limited.
#pragma once

#include "base/log_limit.h"

namespace smile {

// Any thread.
struct ServerLog {
  ServerLog(const Logger& log, const Clock& clock)
      : clients(log, clock, LogLevel::kDebug, "lines about clients"),
        rejected(log, clock, LogLevel::kWarning, "rejected connections"),
        accept_failures(log, clock, LogLevel::kWarning, "failures to accept connections") {}

  // Called about once per second.
  void Tick() {
    clients.Tick();
    rejected.Tick();
    accept_failures.Tick();
  }

  LogLimit clients;
  LogLimit rejected;
  LogLimit accept_failures;
};

}  // namespace smile
