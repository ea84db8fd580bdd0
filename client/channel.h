// The client's side of the protocol, without I/O: calls and received bytes go in, bytes to send and
// answers come out. A channel outlives its connections, which client/connection.h makes one after
// the other. client/client.h has the contract on retries and order.
//
// For one thread, except Admit. Callbacks run within Receive, Tick, Fill, Disconnected and EndAll;
// they may call Admit and Add, nothing else. Times are monotonic, in nanoseconds.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "client/backoff.h"
#include "client/call_slots.h"
#include "client/held_calls.h"
#include "client/pending_call.h"
#include "client/waiting_calls.h"
#include "protocol/frame.h"

namespace smile {

struct ChannelOptions {
  std::string name;  // sent to the server, at most limits::kMaxClientNameBytes
  // As in ClientOptions.
  uint32_t max_in_flight = 0;
  size_t max_queued_bytes = 0;
  int64_t first_backoff_millis = 0;
  int64_t max_backoff_millis = 0;
  uint64_t seed = 0;  // of the jitter
};

class Channel {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  explicit Channel(ChannelOptions options);
  // After EndAll, or when every call was answered.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Any thread. Reserves memory for the call's frame within max_queued_bytes, or discards the
  // frame. To be called once, before Add.
  void Admit(PendingCall* call);

  // Takes over a call, to be sent by a later Fill. If there was no memory for it, Fill ends it as
  // kOverloaded.
  void Add(std::unique_ptr<PendingCall> call);

  // Ends the call with this PendingCall::stream, if there is one, as kCancelled. The next Fill
  // tells the server if it has the request.
  void CancelStream(uint64_t stream);

  // A connection was made. The next Fill sends HELLO on it.
  void Connected();

  // Bytes were received on the connection. After a failure the caller must close it, then call
  // Disconnected.
  Status Receive(ByteView bytes, int64_t now);

  // The connection was lost, or an attempt to connect failed; `why` is not ok. Calls in flight end,
  // or are sent again on the next connection. After a failed attempt, calls without retry end
  // unless another address is tried at once.
  void Disconnected(const Status& why, bool tries_another = false);

  // Appends what is to be sent to `out`, which follows `unsent` bytes, until both together have at
  // least limits::kOutputHighWaterBytes. Bulk calls come last, and only while both have less than
  // limits::kUnsentBulkBytes: what is made later, and is small, should not wait for them.
  void Fill(size_t unsent, int64_t now, Bytes* out);

  // Ends calls whose deadline has passed, and lets held calls go whose time has come. A failure
  // means that the server has stalled; as for Receive.
  Status Tick(int64_t now);
  // When Tick is to be called next; kNever if not at all. Deadlines are kept to within 5 ms.
  int64_t next_tick() const { return next_tick_; }

  // Ends all calls, also those that their callbacks make: writes in flight as kOutcomeUnknown, the
  // others with `why`, which is not ok. No other thread may call Admit meanwhile.
  void EndAll(const Status& why);

  // Whether HELLO was answered on the current connection.
  bool ready() const { return state_ == State::kReady; }
  // Whether the current connection, or the last attempt to connect, led to a reply other than to
  // HELLO.
  bool has_replied() const { return has_replied_; }
  // Whether there are calls that were not answered yet.
  bool has_calls() const { return queued_bytes_ != 0 || !not_admitted_.empty(); }
  // Whether Fill would do something now.
  bool has_output(size_t unsent) const;

 private:
  enum class State : uint8_t { kDisconnected, kConnected, kHelloSent, kReady };

  // A call and the failure that it ends with. Calls are collected and answered last, because their
  // callbacks may change the channel.
  struct Ended {
    std::unique_ptr<PendingCall> call;
    Status status;
  };

  void FillHello(Bytes* out);
  Status OnMore(CallSlots::Slot* slot, ByteView body);
  void FillCancels(int64_t now, Bytes* out);
  void Send(std::unique_ptr<PendingCall> call, int64_t now, Bytes* out);
  Status OnHello(const Frame& frame);
  Status OnFrame(const Frame& frame, int64_t now);
  void OnLateReply(const CallSlots::Slot& slot, const Status& decoded, Code code);
  void OnRejected(std::unique_ptr<PendingCall> call, const Status& status,
                  const ErrorDetail& detail, int64_t now);
  void OnExecuted(const PendingCall& call);
  void OnAccepted(std::unique_ptr<PendingCall> call, ByteView body, int64_t now);
  void OnMalformed(std::unique_ptr<PendingCall> call, const Status& what);
  void EndRejectedBefore(const std::vector<uint64_t>& partitions, uint64_t order);
  void EndInFlight(const Status& why);
  void EndUnsent(const Status& why, bool client_rejected);
  void TakeNotAdmitted(std::vector<Ended>* ended);
  void Finish(std::unique_ptr<PendingCall> call, Status status, const ErrorDetail& detail = {});
  void FinishAll(std::vector<Ended> ended);
  void ReleaseMemory(size_t bytes);
  void CountBulk(const PendingCall& call, bool is_sent);
  bool CanSend(size_t unsent) const;
  void TickBy(int64_t nanos);
  int64_t StallNanos() const;
  Status OverdueBeforeSent() const;

  const ChannelOptions options_;
  Backoff backoff_;
  std::atomic<size_t> queued_bytes_{0};  // frames of admitted calls not yet answered

  // A call is in one of these four from Add until it is answered.
  WaitingCalls waiting_;  // to be sent
  std::vector<std::unique_ptr<PendingCall>> not_admitted_;
  HeldCalls held_;
  CallSlots slots_;                  // in flight
  size_t bulk_bytes_ = 0;            // in slots_
  size_t streams_ = 0;               // in slots_
  std::vector<uint32_t> to_cancel_;  // ids on this connection, to be told to the server

  uint64_t last_order_ = 0;
  int64_t next_tick_ = kNever;

  State state_ = State::kDisconnected;
  bool has_replied_ = false;
  Status last_failure_;  // of the last connection or attempt; ok while ready
  FrameReader reader_;
  uint32_t max_frame_bytes_ = 0;     // of a request, as the server said
  uint32_t max_in_flight_ = 0;       // the lesser of both sides' limits
  int64_t last_progress_nanos_ = 0;  // bytes were received, or the first request in flight was sent
};

}  // namespace smile
