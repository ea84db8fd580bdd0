// A session and the transport that carries it: bytes from one to the other, reading paused while
// the session has no room, the transport closed behind the session's last words.
//
// On the worker's thread only.
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
  // What the connection asks of its worker.
  struct Owner {
    TurnBytes* turn;                                    // of its loop
    std::function<void(ServedConnection*)> has_output;  // call Flush() before the loop sleeps
    std::function<void(ServedConnection*)> has_more;    // call ReadOn() when it is its turn
    std::function<void(ServedConnection*)> held_back;   // call GoOn() in a while, until it is true
    std::function<void(ServedConnection*)> closed;      // destroys it
    LogLimit* log = nullptr;                            // takes lines about clients, if there
  };

  // `shared` and `owner` outlive it.
  ServedConnection(std::unique_ptr<Transport> transport, const Session::Shared& shared,
                   const Owner& owner);

  // Begins to read.
  void Start();

  // Sends what the session has to say, in one write as far as the transport takes it. Returns its
  // bytes.
  size_t Flush();
  size_t output_bytes() const { return session_->output_bytes(); }

  // Its turn, after has_more: works on what waits, and reads again.
  void ReadOn();

  // About once a second. `idle_millis` 0: connections may be idle for ever.
  void Tick(int64_t idle_millis);

  // Whether there is memory to go on with by now; then it waits for its turn.
  bool GoOn();

  // --- While memory is short ---

  size_t held_memory() const { return session_->memory()->held(); }
  // It holds more than half of its share, and the client does nothing about it, or not enough. As
  // of the last Tick.
  bool keeps_memory() const;
  // With a message, if the client takes anything at all.
  void CloseForMemory();

  void Drain();
  // `why` is for the log.
  void Abort(std::string_view why);

  // For its owner's lists.
  bool flush_is_due = false;
  bool is_held_back = false;
  bool awaits_read = false;

 private:
  size_t MostBytes() const override {
    // It may be read from still when memory has become short: then not a byte more comes, which
    // could make a buffer grow.
    return session_->wants_bytes() ? std::min(session_->most_bytes(), owner_.turn->most_read()) : 0;
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
  uint64_t given_bytes_ = 0;     // to the transport
  uint64_t taken_bytes_ = 0;     // of them, by the kernel or the client, at the last Tick
  int64_t last_progress_nanos_;  // the last Tick that found nothing waiting, or more taken
  int64_t last_empty_nanos_;     // the last Tick that found nothing waiting
  bool drains_slowly_ = false;   // at the pace of the last Tick
  bool reading_ = true;
  bool closing_ = false;
  bool hello_logged_ = false;
  std::string_view aborted_because_;  // empty: it was not
};

}  // namespace smile
