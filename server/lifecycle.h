// The stages of a server process that may take long: each logs its progress and handles signals.
//
// For the main thread. The functions return whether to continue: if not, a task is still running,
// and the process must end without destroying what the task uses (std::_Exit). As with any crash,
// nothing that was acknowledged is lost.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/function_ref.h"
#include "base/log.h"
#include "server/server.h"
#include "server/signals.h"

namespace smile {

class Lifecycle {
 public:
  // All arguments outlive it.
  Lifecycle(Signals* signals, const Clock& clock, const Logger& log)
      : signals_(*signals), clock_(clock), log_(log) {}

  // Runs `open` on its own thread. False on a request to stop.
  bool Open(const std::function<void()>& open, FunctionRef<std::string()> progress);

  // Returns on a request to stop.
  void WaitForStop();

  // Returns when all connections are closed: by themselves, or by force after `drain_millis` or on
  // a request to stop at once.
  void Drain(Server& server, int64_t drain_millis);

  // Runs `close` on its own thread. False on a request to stop at once.
  bool Close(const std::function<void()>& close);

 private:
  // Runs `task`, and logs `what` and `progress` about once per second. False on the request `ends`.
  bool Watch(const std::function<void()>& task, Signals::Request ends, const char* what,
             FunctionRef<std::string()> progress);

  Signals& signals_;
  const Clock& clock_;
  const Logger& log_;
};

}  // namespace smile
