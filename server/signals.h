// The signals of a server process: requests to stop, and others that are ignored.
#pragma once

#include <csignal>
#include <cstdint>

#include "base/clock.h"
#include "base/log.h"

namespace smile {

// One per process, used by its main thread.
class Signals {
 public:
  enum class Request : uint8_t {
    kNone,
    kStop,     // the first SIGTERM or SIGINT
    kStopNow,  // a later one, at least limits::kSignalPairMillis after the first
  };

  // Created before other threads, so that they inherit its signal mask. SIGPIPE and SIGXFSZ are
  // ignored, so that a write returns an error instead.
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits at most `millis` for a request, or for Wake(). Logs the signals.
  Request Wait(int64_t millis, const Clock& clock, const Logger& log);

  // Any thread: ends a Wait, or the next one.
  void Wake() const;

 private:
  Request Take(int signal, uint32_t sender, const Clock& clock, const Logger& log);

  int signals_;  // a signalfd
  int wake_;     // an eventfd
  bool stopping_ = false;
  int64_t first_nanos_ = 0;  // time of the first request to stop
};

}  // namespace smile
