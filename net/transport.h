// Transport: one connection's bytes, in both directions. Implementations: TCP on an event loop
// (net/tcp.h) and an in-memory pipe that is seeded and can inject faults (net/memory_pipe.h).
//
// A transport belongs to one thread, that of its loop: all calls and all events are there.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/status.h"

namespace smile {

// What a transport tells its user. No event comes from within a call of the user's.
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;

  // Bytes arrived. They are borrowed for the duration of the call.
  virtual void OnBytes(ByteView bytes) = 0;

  // Some of what had been waiting to be sent has gone out; unsent_bytes() is less than it was.
  virtual void OnSent() = 0;

  // The last event, once: the connection is over and nothing more will be read or sent. Ok: the
  // peer or the user ended it in order. The user may destroy the transport from here on, and also
  // from within this event.
  virtual void OnClosed(const Status& status) = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Begins to read. `events` outlives the transport's OnClosed.
  virtual void Start(TransportEvents* events) = 0;

  // Sends, in order. What cannot go out at once waits inside, without a bound of its own: the user
  // looks at unsent_bytes() and stops producing. After Close() it does nothing.
  virtual void Send(Bytes bytes) = 0;

  virtual size_t unsent_bytes() const = 0;

  // While paused no OnBytes comes, and the peer is held back once the kernel's buffers are full.
  virtual void PauseReading() = 0;
  virtual void ResumeReading() = 0;

  // Sends what waits, then ends the connection; OnClosed follows, in bounded time only if the peer
  // takes what waits.
  virtual void Close() = 0;

  // Ends the connection now; what waits is dropped. OnClosed follows.
  virtual void Abort() = 0;

  // "127.0.0.1:50312", for logs.
  virtual std::string peer() const = 0;
};

}  // namespace smile
