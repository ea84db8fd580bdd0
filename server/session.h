// Session: one client's side of the protocol, as the server sees it. Bytes in, bytes out; requests
// out to the engine, completions in. No I/O and no threads, so it runs the same over TCP and in
// the simulation.
//
// It belongs to one thread (its worker's). The engine's completions come back to that thread
// through the Poster; one that arrives after the session is gone does nothing.
//
// What it promises: an operation on a partition takes effect and is answered in the order in which
// this connection sent it (server/partition_order.h); a refusal may overtake. A request that was
// accepted is answered unless the connection ends first. Everything it holds is bounded: over the
// limits for open requests, their bytes, what open reads may be answered with, or untaken output,
// or over its share of the memory of all connections (base/memory_budget.h), it takes no more bytes
// in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/function_ref.h"
#include "base/limits.h"
#include "base/status.h"
#include "protocol/frame.h"
#include "protocol/operations.h"
#include "server/get_run.h"
#include "server/handlers.h"
#include "server/metrics.h"
#include "server/partition_order.h"
#include "server/reply.h"
#include "server/reply_window.h"

namespace smile {

// What a session has taken from its worker's pool.
struct SessionMemory {
  size_t input = 0;     // received and not yet worked on, mostly half a frame
  size_t requests = 0;  // open ones
  size_t replies = 0;   // written and not yet taken by the client

  size_t total() const { return input + requests + replies; }
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // What all sessions of a worker share; outlives them, and `post` outlives the engine's last
  // completion.
  struct Shared {
    const Handlers& handlers;
    const Clock& clock;
    WorkerMetrics& metrics;
    MemoryPool& memory;
    Poster post;
  };

  // `on_output` is called when a completion has made output, or ended the session.
  Session(const Shared& shared, std::function<void()> on_output);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // --- Bytes ------------------------------------------------------------------------------------

  // Takes bytes from the client; they are borrowed for the call.
  void Receive(ByteView bytes);

  // The client sends no more. What was accepted is still answered.
  void EndOfInput();

  // The next piece of the replies so far, for the client; empty if there is none. The caller
  // reports with set_unsent what it has not got rid of yet.
  Bytes TakeOutput();
  bool has_output() const { return !output_.empty(); }
  size_t output_bytes() const { return output_.size(); }
  void set_unsent(size_t bytes, size_t memory);

  // False: hand over no more bytes for now. (Bytes that are handed over are kept all the same.)
  bool wants_bytes() const {
    return !ending_ && HasRoom(0) && most_bytes() >= limits::kLeastReadBytes;
  }

  // How many bytes there is memory for.
  size_t most_bytes() const;

  // It takes no bytes, and nothing but memory that others hold is in its way. Try again later.
  bool is_held_back() const { return !ending_ && HasRoomOfItsOwn(0) && !wants_bytes(); }

  // True once nothing more will come out and the connection should be closed behind what is unsent.
  bool finished() const { return ending_ && open_.empty() && output_.empty(); }

  // --- Life -------------------------------------------------------------------------------------

  // Called about once a second. `idle_millis` 0: no idle timeout.
  void Tick(int64_t idle_millis);

  // Whether there is memory for something that waits.
  bool can_go_on() const { return wants_bytes() || (HasRoom(0) && !arrivals_.empty()); }
  // Works on what waits, as far as there is memory for it now.
  void GoOn() { PumpBuffered(); }

  // Ends it, with a message, because it holds memory that others need.
  void CloseForMemory();

  // For how long a frame has been on its way, 0 if none is. With time during which it was not read
  // from.
  int64_t half_frame_nanos() const;

  const std::shared_ptr<MemoryAccount>& memory() const { return account_; }

  // Takes no new requests: what arrives is answered kShuttingDown, and the session ends when what
  // was accepted is answered.
  void Drain();

  size_t open_requests() const { return open_.size(); }

  // For the log.
  bool greeted() const { return greeted_; }
  const std::string& client_name() const { return client_name_; }  // as HELLO gave it
  const std::string& why_ended() const { return why_ended_; }      // empty while it lives

  // A completion, from a Responder; on the session's thread.
  void Complete(uint32_t id, FunctionRef<void(Reply&)> answer);

 private:
  // A request between its arrival and its reply.
  struct Open : PartitionOrder::Entry {
    uint32_t id = 0;
    uint8_t code = 0;
    int64_t deadline_nanos = 0;
    size_t bytes = 0;
    size_t reply_bytes = 0;  // that a read may be answered with
    size_t memory = 0;       // that it takes
    bool in_engine = false;
    Bytes waiting_body;      // while it may not run yet
    ReplyBuffer held_reply;  // once it is answered and may not leave yet
  };

  bool HasRoom(size_t gets) const { return HasRoomOfItsOwn(gets) && !OverShare(); }
  bool HasRoomOfItsOwn(size_t gets) const;
  bool OverShare() const;
  size_t MostGets() const;
  void Account();
  void Pump(int64_t now_nanos);
  void PumpBuffered();
  void HandleFrame(const Frame& frame);
  void HandleHello(const Frame& frame);
  bool Gather(const Frame& frame, GetRun* gets) const;
  void AnswerGets(GetRun* gets);
  void AnswerTogether(std::span<GetRun::Item> items);
  bool RefuseIfOpen(uint32_t id);
  template <class Row>
  bool IsFree(const typename Row::Request& request) const;
  template <class Row>
  void Take(const Frame& frame, const typename Row::Request& request);
  template <class Row>
  void Enter(const Frame& frame, const typename Row::Request& request, KnownResults known);
  template <class Row>
  void Run(Open* open, const typename Row::Request& request);
  template <class Row>
  void Start(Open* open, const typename Row::Request& request, KnownResults known);
  Open* OpenRequest(const Frame& frame);
  void Finish(Open* open, FunctionRef<void(Reply&)> answer);
  void Settle(Open* open);
  ReplyBuffer* OutputOf(Open* open);
  void RunFreed();
  void RunWaiting(Open* open);
  void Answer(uint32_t id, ReplyBuffer* out, FunctionRef<void(Reply&)> answer);
  void CountReply(const Reply& reply);
  void Refuse(uint32_t id, const Status& status);
  void Break(const Status& status);
  void End(std::string why);
  int64_t ArrivalOf(uint64_t end) const;
  static int64_t DeadlineOf(const Frame& frame);
  void BeginFrame(int64_t now_nanos);
  bool FrameIsLate(int64_t now_nanos);

  const Shared& shared_;
  const std::function<void()> on_output_;
  FrameReader reader_;
  ReplyBuffer output_;
  size_t unsent_bytes_ = 0;
  size_t unsent_memory_ = 0;
  size_t max_reply_bytes_ = limits::kMaxFrameBytes;
  PartitionOrder order_;
  std::unordered_map<uint32_t, Open> open_;  // which are not moved
  size_t open_bytes_ = 0;
  size_t open_reply_bytes_ = 0;  // that open reads may be answered with
  ReplyWindow reply_window_;     // the limits of it, and of replies that are not taken
  bool replied_ = false;         // since it has grown
  size_t open_memory_ = 0;
  size_t held_reply_memory_ = 0;
  SessionMemory taken_;  // from the pool
  const std::shared_ptr<MemoryAccount> account_;
  std::vector<Open*> freed_;  // may run now, and have not been run yet
  bool running_freed_ = false;
  const std::shared_ptr<Caller> caller_ = std::make_shared<Caller>();  // of what it asks the engine
  const int64_t connected_nanos_;
  int64_t last_active_nanos_;  // bytes came, or something was open
  int64_t received_nanos_;     // when the last bytes were received
  // When the bytes came that have not been worked on, up to `end` in the whole stream.
  struct Arrival {
    uint64_t end;
    int64_t nanos;
  };
  std::vector<Arrival> arrivals_;
  uint64_t received_bytes_ = 0;
  int64_t work_nanos_;        // when the work on them began
  int64_t frame_nanos_ = 0;   // when the half frame that is here began; 0: there is none
  int64_t paused_nanos_ = 0;  // since then, the time in which it was not read from
  int64_t tick_nanos_;
  bool greeted_ = false;
  bool draining_ = false;
  bool ending_ = false;
  std::string client_name_;
  std::string why_ended_;
};

}  // namespace smile
