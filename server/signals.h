// The signals of a server process: requests to stop, and others that it leaves alone.
#pragma once

#include <csignal>
#include <cstdint>

#include "base/clock.h"
#include "base/log.h"

namespace smile {

// One for a process, of its main thread.
class Signals {
 public:
  enum class Request : uint8_t {
    kNone,
    kStop,     // the first SIGTERM or SIGINT
    kStopNow,  // a later one; not so soon that it is the first once more, see
               // limits::kSignalPairMillis
  };

  // Before other threads are made: they too must leave the signals to this one. SIGPIPE and SIGXFSZ
  // are ignored, so that they show as errors of a write.
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits for at most `millis` for a request, or for Wake(). Says in the log what came.
  Request Wait(int64_t millis, const Clock& clock, const Logger& log);

  // Any thread: ends a Wait, or the next one.
  void Wake() const;

 private:
  Request Take(int signal, uint32_t sender, const Clock& clock, const Logger& log);

  int signals_;  // a signalfd
  int wake_;     // an eventfd
  bool stopping_ = false;
  int64_t first_nanos_ = 0;  // when it was asked to stop
};

}  // namespace smile
