// Transport: one connection's bytes, in both directions. Implementations: TCP on an event loop
// (net/tcp.h) and an in-memory pipe that is seeded and can inject faults (net/memory_pipe.h).
//
// A transport belongs to one thread, that of its loop: all calls and all events are there.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"

namespace smile {

// What a transport tells its user. No event comes from within a call of the user's.
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;

  // Bytes arrived, at most MostBytes(). They are borrowed for the duration of the call.
  virtual void OnBytes(ByteView bytes) = 0;

  // How many bytes OnBytes may bring: asked before each read. A transport may read less at a time.
  // 0: nothing is read, and OnNoRoom comes instead.
  virtual size_t MostBytes() const { return limits::kReadBufferBytes; }

  // Bytes are there and MostBytes() was 0. Unless the user pauses reading, this comes again at
  // once.
  virtual void OnNoRoom() {}

  // Some of what had been waiting to be sent has gone out; unsent_bytes() is less than it was.
  virtual void OnSent() = 0;

  // The peer sends no more, but may still take what is sent to it: no OnBytes follows. The user
  // sends what it still owes, then calls Close(); nobody else does.
  virtual void OnEnd() = 0;

  // The last event, once: the connection is over and nothing more will be read or sent. Ok: it
  // ended in order, after a Close() or Abort() of the user's. kUnavailable: it was lost. The user
  // may destroy the transport from here on, and also from within this event.
  virtual void OnClosed(const Status& status) = 0;
};

class Transport {
 public:
  // Before OnClosed: ends the connection now, and no event follows.
  virtual ~Transport() = default;

  // Begins to read; called once. `events` outlives the transport's OnClosed. There are no events
  // without it.
  virtual void Start(TransportEvents* events) = 0;

  // Sends, in order. What cannot go out at once waits inside, without a bound of its own: the user
  // looks at unsent_bytes() and stops producing. After Close() or Abort() it does nothing.
  virtual void Send(Bytes bytes) = 0;

  virtual size_t unsent_bytes() const = 0;

  // The memory of what waits, in which a piece counts as a whole until its last byte has gone.
  virtual size_t unsent_memory() const = 0;

  // While paused no OnBytes and no OnEnd comes, and the peer is held back once the kernel's buffers
  // are full. It may go unnoticed that the peer has gone.
  virtual void PauseReading() = 0;
  virtual void ResumeReading() = 0;

  // Sends what waits, then ends the connection; OnClosed follows, in bounded time only if the peer
  // takes what waits. What still arrives is dropped, for at most limits::kLingerMillis after the
  // last byte went out: ending at once would make the kernel take back what the peer has not read.
  virtual void Close() = 0;

  // Ends the connection now; what waits is dropped, and the peer learns that this was no orderly
  // end. OnClosed follows.
  virtual void Abort() = 0;

  // "127.0.0.1:50312", for logs.
  virtual std::string peer() const = 0;
};

}  // namespace smile
