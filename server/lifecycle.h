// The stages of a server process that may take long: each says so, and looks at signals meanwhile.
//
// Of the main thread. What they answer is whether to go on: if not, a task still runs, and the
// process has to end without destroying what it uses (std::_Exit). That loses nothing that was
// acknowledged, like any crash.
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
  // All outlive it.
  Lifecycle(Signals* signals, const Clock& clock, const Logger& log)
      : signals_(*signals), clock_(clock), log_(log) {}

  // Runs `open` on a thread of its own. False once it is asked to stop.
  bool Open(const std::function<void()>& open, FunctionRef<std::string()> progress);

  // Until it is asked to stop.
  void WaitForStop();

  // Until all connections are closed: by themselves, or by force once `drain_millis` are over or it
  // is asked to stop at once.
  void Drain(Server& server, int64_t drain_millis);

  // Runs `close` on a thread of its own. False once it is asked to stop at once.
  bool Close(const std::function<void()>& close);

 private:
  // While `task` runs: `what` and `progress` about once a second. False once `ends` is asked for.
  bool Watch(const std::function<void()>& task, Signals::Request ends, const char* what,
             FunctionRef<std::string()> progress);

  Signals& signals_;
  const Clock& clock_;
  const Logger& log_;
};

}  // namespace smile
