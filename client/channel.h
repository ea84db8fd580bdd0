// The client's side of the protocol, without I/O: calls and bytes go in, bytes and answers come
// out, time is given. One channel lives across the connections that are made for it, one after the
// other; client/connection.h makes them. See client/client.h for what it promises about retries.
//
// One thread, except for Admit. Answers are given from within Receive, Tick, Fill, Disconnected and
// EndAll; they may call Add, nothing else. Times are of the monotonic clock, in nanoseconds.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "client/backoff.h"
#include "client/call_slots.h"
#include "client/held_calls.h"
#include "client/open_call.h"
#include "protocol/frame.h"

namespace smile {

struct ChannelOptions {
  std::string name;  // told to the server, up to limits::kMaxClientNameBytes
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
  // After EndAll, or when no call is open.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Any thread. Makes room for a call, if there is any within max_queued_bytes.
  void Admit(OpenCall* call);

  // Takes over a call; it waits for Fill, which ends it as kOverloaded if there was no room for it.
  void Add(std::unique_ptr<OpenCall> call);

  // A connection has been made; HELLO is the first thing that Fill gives.
  void Connected();

  // Bytes came on the connection. A failure: it is no good any more. End it, then Disconnected().
  Status Receive(ByteView bytes, int64_t now);

  // The connection was lost, or an attempt to connect failed; `why` is not ok. Calls that were sent
  // on it are sent again, or end. After a failed attempt the calls without retry end, unless
  // another address is tried at once.
  void Disconnected(const Status& why, bool tries_another = false);

  // Appends to `out` what is to be sent, until it has `room` bytes or more.
  void Fill(size_t room, int64_t now, Bytes* out);

  // Ends calls whose time is over, and brings back those that waited to be tried again. A failure:
  // the server has stalled; as from Receive.
  Status Tick(int64_t now);
  // When Tick is needed next, kNever if it is not. Deadlines are kept to within 5 ms.
  int64_t next_tick() const { return next_tick_; }

  // Ends all calls, also those that their answers make: writes that were sent as kOutcomeUnknown,
  // the others with `why`.
  void EndAll(const Status& why);

  bool ready() const { return state_ == State::kReady; }
  // Whether the present connection has answered anything but HELLO.
  bool useful() const { return useful_; }
  bool has_calls() const { return open_bytes_ != 0 || !refused_.empty(); }
  // Whether Fill would do something now.
  bool has_output() const;

 private:
  enum class State : uint8_t { kDisconnected, kConnected, kHelloSent, kReady };

  struct Ended {
    std::unique_ptr<OpenCall> call;
    Status status;
  };

  void FillHello(Bytes* out);
  Status OnHello(const Frame& frame);
  Status OnFrame(const Frame& frame, int64_t now);
  void OnRefusal(std::unique_ptr<OpenCall> call, const Status& status, const ErrorDetail& detail,
                 int64_t now);
  void OnExecuted(const OpenCall& call);
  void OnMalformed(std::unique_ptr<OpenCall> call, const Status& what);
  void EndRefusedBefore(const std::vector<uint64_t>& partitions, uint64_t order);
  void EndInFlight(const Status& why);
  void EndUnsent(const Status& why, bool refused);
  int64_t SilentUntil() const;
  void TakeRefused(std::vector<Ended>* ended);
  void Finish(std::unique_ptr<OpenCall> call, Status status, const ErrorDetail& detail = {});
  void FinishAll(std::vector<Ended> ended);
  void WakeBy(int64_t nanos);
  Status OverdueBeforeSent() const;

  const ChannelOptions options_;
  Backoff backoff_;
  std::atomic<size_t> open_bytes_{0};  // frames of calls not yet answered

  std::deque<std::unique_ptr<OpenCall>> waiting_;
  std::vector<std::unique_ptr<OpenCall>> refused_;  // not admitted
  HeldCalls held_;
  uint64_t next_order_ = 0;
  int64_t next_tick_ = kNever;
  Status last_failure_;  // of the last attempt to connect; ok while connected

  State state_ = State::kDisconnected;
  bool useful_ = false;
  FrameReader reader_;
  uint32_t max_frame_bytes_ = 0;
  uint32_t max_in_flight_ = 0;
  CallSlots slots_;
  int64_t quiet_since_ = 0;  // when bytes last came, or the first of those in flight was sent
};

}  // namespace smile
