// A Channel on an EventLoop: connects, reconnects when the connection is lost, and carries the
// channel's bytes. Belongs to the loop's thread; a loop may have several.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/limits.h"
#include "client/channel.h"
#include "client/checked_options.h"
#include "client/options.h"
#include "net/event_loop.h"

namespace smile {

class Connection final : private TransportEvents {
 public:
  // Begins to connect to the address `first_server` modulo their number. The options are valid;
  // `loop` and `clock` must outlive this object.
  Connection(EventLoop* loop, const Clock* clock, ClientOptions options, size_t first_server = 0);
  // As EndAll. Not from within `done`.
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `done` runs later, in the loop or in Flush. The request is encoded before Call returns.
  template <class Row>
  void Call(const typename Row::Request& request, const CallOptions& options,
            std::function<void(Answer<Row>)> done) {
    auto call = std::make_unique<TypedCall<Row>>(request, DeadlineOf(options_, options, *clock_),
                                                 options, std::move(done));
    Admit(call.get());
    Add(std::move(call));
  }

  // The two halves of Call. Any thread may call Admit, which reserves memory for the call.
  void Admit(PendingCall* call) { channel_.Admit(call); }
  void Add(std::unique_ptr<PendingCall> call) { channel_.Add(std::move(call)); }

  void CancelStream(uint64_t stream) { channel_.CancelStream(stream); }

  // Sends the calls that were added. To be called at the end of each turn of the loop, so that all
  // calls of a turn are sent in one write; a turn reads little more than limits::kTurnReadBytes.
  void Flush();

  // Ends all calls, as ~Client does, and the connection. It is not made again.
  void EndAll();

  // Whether there is a connection on which HELLO was answered.
  bool ready() const { return channel_.ready(); }

 private:
  // Calls that are made meanwhile are sent at the end of the turn. What remains has its turn then.
  size_t MostBytes() const override {
    return turn_bytes_ < limits::kTurnReadBytes ? limits::kReadBufferBytes : 0;
  }
  void OnBytes(ByteView bytes) override;
  void OnSent() override;
  void OnEnd() override;
  void OnClosed(const Status& status) override;

  void Connect();
  void OnConnected(Result<std::unique_ptr<Transport>> result);
  void EndConnection(const Status& why);
  void Reconnect(const Status& why);
  void Disconnected(const Status& why);
  void ArmTick();

  EventLoop* const loop_;
  const Clock* const clock_;
  const ClientOptions options_;
  Channel channel_;
  Backoff backoff_;
  uint32_t failed_attempts_ = 0;  // since a connection answered a call
  size_t server_;                 // index of the current address
  size_t servers_failed_ = 0;     // successive addresses that failed; 0 after all did
  bool tries_another_ = false;    // the next address is to be tried at once

  std::unique_ptr<Transport> transport_;  // null while there is no connection
  bool closing_ = false;                  // transport_ was told to close
  size_t turn_bytes_ = 0;                 // received in this turn of the loop
  Status end_;                            // why
  std::unique_ptr<Timer> reconnect_;      // until the next attempt
  int64_t attempt_until_nanos_ = 0;       // when the current attempt to connect times out
  std::unique_ptr<Timer> hello_timeout_;  // until HELLO is answered
  std::unique_ptr<Timer> tick_;
  int64_t tick_at_ = Channel::kNever;
  // Tells attempts to connect, which may outlive this object, that it was destroyed: then null.
  std::shared_ptr<Connection*> self_ = std::make_shared<Connection*>(this);
};

}  // namespace smile
