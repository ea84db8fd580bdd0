// A connection as a stream of bytes in each direction. Implementations: TCP on an event loop
// (net/tcp.h), and an in-memory pipe with a seed and faults (net/memory_pipe.h).
//
// A transport belongs to the thread of its loop: all calls and all events happen there.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/file_range.h"
#include "base/limits.h"
#include "base/status.h"

namespace smile {

// Events of a transport. None is reported from within a call of the user.
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;

  // Bytes arrived, at most MostBytes(). They are valid for the duration of the call.
  virtual void OnBytes(ByteView bytes) = 0;

  // Maximum bytes of the next OnBytes; called before each read. A transport may read less. 0:
  // nothing is read, and OnNoRoom is called instead.
  virtual size_t MostBytes() const { return limits::kReadBufferBytes; }

  // Bytes have arrived and MostBytes() was 0. Called again at once unless the user pauses reading.
  virtual void OnNoRoom() {}

  // Some of the unsent bytes were sent; unsent_bytes() is smaller.
  virtual void OnSent() = 0;

  // The peer sends no more but may still receive; no OnBytes follows. The user sends what remains,
  // then calls Close(); the transport does not.
  virtual void OnEnd() = 0;

  // The last event, exactly once: nothing more will be read or sent. Ok: an orderly end after
  // Close() or Abort(). kUnavailable: the connection was lost. The user may destroy the transport
  // now, even from within this call.
  virtual void OnClosed(const Status& status) = 0;
};

class Transport {
 public:
  // Before OnClosed: ends the connection now; no event follows.
  virtual ~Transport() = default;

  // Starts reading; called once. `events` outlives OnClosed. Without Start() there are no events.
  virtual void Start(TransportEvents* events) = 0;

  // Sends bytes, in order. What cannot be sent at once is queued without a limit: the user must
  // watch unsent_bytes() and stop producing. Does nothing after Close() or Abort().
  virtual void Send(Bytes bytes) = 0;

  // The same for `head` and then a part of a file, which is in memory: else it blocks. What has to
  // be queued is read. If it cannot be read, the connection is lost.
  virtual void SendFile(Bytes head, const FileRange& range) = 0;

  virtual size_t unsent_bytes() const = 0;

  // Memory of the unsent bytes. A piece counts in full until its last byte is sent.
  virtual size_t unsent_memory() const = 0;

  // While paused there is no OnBytes and no OnEnd, and the peer is blocked once the kernel's
  // buffers are full. The loss of the peer may go undetected.
  virtual void PauseReading() = 0;
  virtual void ResumeReading() = 0;

  // Sends the unsent bytes, then ends the connection; OnClosed follows, in bounded time only if the
  // peer receives them. Arriving bytes are dropped for at most limits::kLingerMillis after the last
  // byte was sent: closing at once would make the kernel discard what the peer has not read.
  virtual void Close() = 0;

  // Ends the connection now. Unsent bytes are dropped, and the peer sees a reset, not an orderly
  // end. OnClosed follows.
  virtual void Abort() = 0;

  // "127.0.0.1:50312", for logs.
  virtual std::string peer() const = 0;
};

}  // namespace smile
