// A Channel on an EventLoop: makes the connection, makes it again when it is lost, and carries the
// channel's bytes. It belongs to the loop's thread; many may live on one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "client/channel.h"
#include "client/checked_options.h"
#include "client/options.h"
#include "net/event_loop.h"

namespace smile {

class Connection final : private TransportEvents {
 public:
  // Begins to connect. `loop` and `clock` outlive it.
  Connection(EventLoop* loop, const Clock* clock, ClientOptions options);
  // As EndAll. Not from within `done`.
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `done` comes later: from the loop, or from Flush. The request is encoded before this returns.
  template <class Row>
  void Call(const typename Row::Request& request, const CallOptions& options,
            std::function<void(Answer<Row>)> done) {
    auto call = std::make_unique<TypedCall<Row>>(request, DeadlineOf(options_, options, *clock_),
                                                 options, std::move(done));
    Admit(call.get());
    Add(std::move(call));
  }

  // Any thread: the first half of Call, which makes room for it.
  void Admit(OpenCall* call) { channel_.Admit(call); }
  void Add(std::unique_ptr<OpenCall> call) { channel_.Add(std::move(call)); }

  // Sends what was called. The owner calls it at the end of each turn of the loop, so that all
  // calls of a turn leave in one write.
  void Flush();

  // Ends all calls, as ~Client does, and the connection for good.
  void EndAll();

  // Whether HELLO has been answered and the connection stands.
  bool ready() const { return channel_.ready(); }

 private:
  void OnBytes(ByteView bytes) override;
  void OnSent() override;
  void OnEnd() override;
  void OnClosed(const Status& status) override;

  void Connect();
  void OnConnected(Result<std::unique_ptr<Transport>> result);
  void Lose(const Status& why);
  void ConnectLater(const Status& why);
  void ArmTick();

  EventLoop* const loop_;
  const Clock* const clock_;
  const ClientOptions options_;
  Channel channel_;
  Backoff backoff_;
  uint32_t failed_attempts_ = 0;  // since a connection was of use

  std::unique_ptr<Transport> transport_;
  bool ended_ = false;                    // transport_ is on its way out, for the reason
  Status end_;                            // that is here
  std::unique_ptr<Timer> reconnect_;      // until the next attempt
  int64_t attempt_until_nanos_ = 0;       // when the present attempt to connect is given up
  std::unique_ptr<Timer> hello_timeout_;  // once there is a transport, until HELLO is answered
  std::unique_ptr<Timer> tick_;
  int64_t tick_at_ = Channel::kNever;
  // Attempts to connect outlive this object; they ask here whether it is still there.
  std::shared_ptr<Connection*> self_ = std::make_shared<Connection*>(this);
};

}  // namespace smile
