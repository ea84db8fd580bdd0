// Session: the server's state of one connection. Bytes in, bytes out; requests to the engine,
// completions back. No I/O and no threads, so that it runs the same over TCP and in the simulation.
//
// It belongs to its worker's thread. Completions of the engine are posted to that thread; a
// completion for a session that has ended does nothing.
//
// Guarantees: operations on a partition take effect and are answered in the order in which this
// connection sent them (server/partition_order.h); rejections may overtake. An accepted request is
// answered unless the connection ends first. All memory is limited: the session takes no more bytes
// while it is at a limit for requests in flight, their bytes, the replies to reads in flight or
// unsent output, or above its share of the memory of all connections (base/memory_budget.h). Bulk
// reads and their replies have a limit of their own: beyond it they wait, and others are read.
#pragma once

#include <cstdint>
#include <deque>
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
#include "server/discarded_input.h"
#include "server/handlers.h"
#include "server/lookup_run.h"
#include "server/metrics.h"
#include "server/output_queue.h"
#include "server/partition_order.h"
#include "server/reply.h"
#include "server/reply_window.h"
#include "server/session_watches.h"

namespace smile {

// Memory that a session has taken from its worker's pool.
struct SessionMemory {
  size_t input = 0;     // received and not yet handled, mostly an incomplete frame
  size_t requests = 0;  // in flight
  size_t replies = 0;   // written and not yet sent

  size_t total() const { return input + requests + replies; }
  bool operator==(const SessionMemory&) const = default;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // Shared by all sessions of a worker; outlives them. `post` outlives the engine's last
  // completion.
  struct Shared {
    const Handlers& handlers;
    const Clock& clock;
    WorkerMetrics& metrics;
    MemoryPool& memory;
    DiscardedInput& discarded;
    WatchGroup& watches;
    Poster post;
  };

  // `on_output` is called when a completion has produced output, or ended the session.
  Session(const Shared& shared, std::function<void()> on_output);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // --- Bytes ------------------------------------------------------------------------------------

  // Handles bytes from the client, which are valid during the call.
  void Receive(ByteView bytes);

  // The client sends no more. Accepted requests are still answered.
  void EndOfInput();

  // Removes the next piece of the replies; empty if there is none. The caller reports with
  // set_unsent() what it has not sent yet.
  OutputPiece TakeOutput();
  bool has_output() const { return output_.HasNext(unsent_bytes_); }
  // About what has_output() tells of.
  size_t output_bytes() const { return output_.NextBytes(unsent_bytes_); }
  void set_unsent(size_t bytes, size_t memory);

  // Maximum number of bytes to pass. 0: pass no more for now. (Bytes that are passed are kept
  // nevertheless.)
  size_t wanted_bytes() const;
  bool wants_bytes() const { return wanted_bytes() > 0; }

  // It takes no bytes only because of memory that others hold. Try again later.
  bool is_held_back() const { return !ending_ && HasRoomOfItsOwn(0) && !wants_bytes(); }

  // True when there will be no more output: the connection should be closed after the unsent bytes.
  bool finished() const { return ending_ && open_.empty() && output_.empty(); }

  // --- Life -------------------------------------------------------------------------------------

  // Called about once per second. `idle_millis` 0: no idle timeout.
  void Tick(int64_t idle_millis);

  // Whether there is memory to continue with reading or with waiting requests.
  bool can_go_on() const { return wants_bytes() || (HasRoom(0) && !arrivals_.empty()); }
  // Handles waiting requests, as far as there is memory.
  void GoOn() { PumpBuffered(); }

  // Ends the session with an error reply, because it holds memory that others need.
  void CloseForMemory();

  // The age of an incomplete frame, 0 if there is none. Includes time in which nothing was read.
  int64_t half_frame_nanos() const;

  const std::shared_ptr<MemoryAccount>& memory() const { return account_; }

  // Rejects new requests as kShuttingDown, and ends when the accepted ones are answered.
  void Drain();

  size_t requests_in_flight() const { return open_.size(); }

  // For the log.
  bool greeted() const { return greeted_; }
  const std::string& client_name() const { return client_name_; }  // from HELLO
  const std::string& why_ended() const { return why_ended_; }      // empty while it is active

  // A completion, from a Responder; on the session's thread.
  void Complete(uint32_t id, FunctionRef<void(Reply&)> answer);

 private:
  // A request between its arrival and its reply.
  struct Open : PartitionOrder::Entry {
    uint32_t id = 0;
    uint8_t code = 0;
    int64_t deadline_nanos = 0;
    size_t bytes = 0;
    size_t reply_bytes = 0;  // maximum length of the reply to a read
    size_t memory = 0;       // of the request
    bool in_engine = false;
    bool is_bulk = false;            // others may overtake it, and its reply if that is large
    bool cancelled = false;          // it will be answered so
    std::shared_ptr<Caller> caller;  // of a read, so that it can be cancelled alone
    Bytes waiting_body;              // while it may not run yet, or waits for other bulk reads
    ReplyBuffer held_reply;          // while its reply may not be sent yet
  };

  bool HasRoom(size_t lookups) const { return HasRoomOfItsOwn(lookups) && !OverShare(); }
  bool HasRoomOfItsOwn(size_t lookups) const;
  bool OverShare() const;
  size_t MostLookups() const;
  size_t reply_memory() const { return output_.memory() + held_reply_memory_ + unsent_memory_; }
  void Account();
  void Pump(int64_t now_nanos);
  void PumpBuffered();
  void HandleFrame(const Frame& frame);
  void HandleHello(const Frame& frame);
  void HandleWatch(uint32_t id, const op::Watch::Request& request);
  void HandleCancel(uint32_t id, const op::Cancel::Request& request);
  bool CancelOpen(uint32_t id);
  static void FailCancelled(Reply& reply);
  bool WriteWatchMessage(uint32_t id, op::Watch::Response message, bool is_last);
  void EndWatches(const Status& why);
  void LeaveCalls();
  bool Gather(const Frame& frame, LookupRun* run) const;
  void AnswerRun(LookupRun* run);
  void AnswerTogether(std::span<LookupRun::Item> items);
  bool IsFree(const LookupRun::Item& item) const;
  void Take(const LookupRun::Item& item);
  void Enter(const LookupRun::Item& item);
  bool RejectIfInFlight(uint32_t id);
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
  bool MayRunBulk() const;
  void RunBulk();
  void Answer(uint32_t id, ReplyBuffer* out, FunctionRef<void(Reply&)> answer);
  void CountReply(const Reply& reply);
  void Reject(uint32_t id, const Status& status);
  void Break(const Status& status);
  void End(std::string why);
  int64_t ArrivalOf(uint64_t end) const;
  static int64_t DeadlineOf(const Frame& frame);
  void BeginFrame(int64_t now_nanos);
  bool FrameIsLate(int64_t now_nanos);

  const Shared& shared_;
  const std::function<void()> on_output_;
  FrameReader reader_;
  OutputQueue output_;
  size_t unsent_bytes_ = 0;
  size_t unsent_bulk_bytes_ = 0;  // of the bulk reply among them, at most
  size_t unsent_memory_ = 0;
  size_t max_reply_bytes_ = limits::kMaxFrameBytes;
  PartitionOrder order_;
  std::unordered_map<uint32_t, Open> open_;  // in flight, by id; elements do not move
  size_t open_bytes_ = 0;
  size_t open_reply_bytes_ = 0;  // maximum length of the replies to reads in flight, except bulk
  size_t bulk_reply_bytes_ = 0;  // the same for bulk reads that run
  ReplyWindow reply_window_;     // the limits of both, and of replies that are not taken
  std::deque<Open*> bulk_;       // bulk reads that do not run yet, in order
  size_t open_memory_ = 0;
  size_t held_reply_memory_ = 0;
  SessionMemory taken_;  // from the pool
  const std::shared_ptr<MemoryAccount> account_;
  std::vector<Open*> freed_;  // may run now, but have not run yet
  bool running_freed_ = false;
  const std::shared_ptr<Caller> caller_ = std::make_shared<Caller>();  // of its writes
  std::unique_ptr<SessionWatches> watches_;                            // null before the first one
  const int64_t connected_nanos_;
  int64_t last_active_nanos_;  // last time with bytes or a request in flight
  int64_t received_nanos_;     // when the last bytes were received
  // Arrival time of unhandled bytes, up to the position `end` in the stream.
  struct Arrival {
    uint64_t end;
    int64_t nanos;
  };
  std::vector<Arrival> arrivals_;
  uint64_t received_bytes_ = 0;
  int64_t work_nanos_;        // start of handling them
  int64_t frame_nanos_ = 0;   // start of the incomplete frame; 0: there is none
  int64_t paused_nanos_ = 0;  // time since then in which nothing was read
  int64_t tick_nanos_;
  bool greeted_ = false;
  bool draining_ = false;
  bool ending_ = false;
  std::string client_name_;
  std::string why_ended_;
};

}  // namespace smile
