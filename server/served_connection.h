// A session and its transport: moves bytes between them, pauses reading while the session has no
// room, and closes the transport after the session's last reply.
//
// Used by the worker's thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/log_limit.h"
#include "net/transport.h"
#include "server/session.h"
#include "server/turn_bytes.h"

namespace smile {

class ServedConnection final : public TransportEvents {
 public:
  // What the connection needs from its worker.
  struct Owner {
    TurnBytes* turn;                                    // of its loop
    std::function<void(ServedConnection*)> has_output;  // call Flush() before the loop sleeps
    std::function<void(ServedConnection*)> has_more;    // call ReadOn() in its turn
    std::function<void(ServedConnection*)> held_back;   // call GoOn() later, until it returns true
    std::function<void(ServedConnection*)> closed;      // destroys it
    LogLimit* log = nullptr;                            // for lines about clients; may be null
  };

  // `shared` and `owner` outlive it.
  ServedConnection(std::unique_ptr<Transport> transport, const Session::Shared& shared,
                   const Owner& owner);

  // Starts reading.
  void Start();

  // Sends the session's output. Returns its number of bytes.
  size_t Flush();
  size_t output_bytes() const { return session_->output_bytes(); }

  // Called in its turn, after has_more: handles waiting requests and reads again.
  void ReadOn();

  // Called about once per second. `idle_millis` 0: no idle timeout.
  void Tick(int64_t idle_millis);

  // Whether there is memory to continue; then the connection waits for its turn.
  bool GoOn();

  // --- While memory is short ---

  size_t held_memory() const { return session_->memory()->held(); }
  // Whether it holds more than half of its share and the client has stalled, or receives too
  // slowly. As of the last Tick().
  bool keeps_memory() const;
  // With an error reply, if no unsent bytes are in the way.
  void CloseForMemory();

  void Drain();
  // `why` is for the log; a string literal.
  void Abort(std::string_view why);

  // Whether it is in the owner's lists.
  bool flush_is_due = false;
  bool is_held_back = false;
  bool awaits_read = false;

 private:
  size_t MostBytes() const override {
    // Reading may not be paused yet when memory becomes short: then nothing is read, because a
    // buffer might grow.
    return std::min(session_->wanted_bytes(), owner_.turn->most_read());
  }
  void OnNoRoom() override;
  void OnBytes(ByteView bytes) override;
  void OnSent() override;
  void OnEnd() override;
  void OnClosed(const Status& status) override;

  void AwaitTurn();
  void SetReading(bool wanted);
  void LogHello();
  void LogEnd(const Status& status);
  void ReportUnsent();

  const std::unique_ptr<Transport> transport_;
  const Clock& clock_;
  WorkerMetrics& metrics_;
  const Owner& owner_;
  const std::shared_ptr<Session> session_;
  uint64_t given_bytes_ = 0;       // to the transport
  uint64_t taken_bytes_ = 0;       // of those, sent by the last Tick
  int64_t last_progress_nanos_;    // the last Tick with nothing unsent, or with more sent
  int64_t last_empty_nanos_;       // the last Tick with nothing unsent
  bool drains_slowly_ = false;     // at the rate of the last Tick
  bool waits_for_memory_ = false;  // until its turn after there is some
  bool reading_ = true;
  bool closing_ = false;
  bool hello_logged_ = false;
  std::string_view aborted_because_;  // empty if it was not
};

}  // namespace smile
