// A Channel on an EventLoop: connects, connects again when the connection is lost, and carries the
// channel's bytes. It belongs to the loop's thread; one loop may have many.
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
  // Begins to connect, to server `first_server` modulo their number. `loop` and `clock` must
  // outlive it.
  Connection(EventLoop* loop, const Clock* clock, ClientOptions options, size_t first_server = 0);
  // As EndAll. Not from within `done`.
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `done` runs later, from the loop or from Flush. The request is encoded before this returns.
  template <class Row>
  void Call(const typename Row::Request& request, const CallOptions& options,
            std::function<void(Answer<Row>)> done) {
    auto call = std::make_unique<TypedCall<Row>>(request, DeadlineOf(options_, options, *clock_),
                                                 options, std::move(done));
    Admit(call.get());
    Add(std::move(call));
  }

  // Any thread: the first half of Call, which reserves memory for it.
  void Admit(OpenCall* call) { channel_.Admit(call); }
  void Add(std::unique_ptr<OpenCall> call) { channel_.Add(std::move(call)); }

  // Sends the calls that were added. The owner calls it at the end of each turn of the loop, so
  // that all calls of a turn are sent in one write.
  void Flush();

  // Ends all calls, as ~Client does, and the connection for good.
  void EndAll();

  // Whether HELLO was answered and the connection is open.
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
  void Disconnected(const Status& why);
  void ArmTick();

  EventLoop* const loop_;
  const Clock* const clock_;
  const ClientOptions options_;
  Channel channel_;
  Backoff backoff_;
  uint32_t failed_attempts_ = 0;  // since a connection answered a call
  size_t server_;                 // the index of the address that is connected, or tried
  size_t servers_failed_ = 0;     // attempts one after the other, each to another address
  bool try_at_once_ = false;      // there are addresses left that were not tried

  std::unique_ptr<Transport> transport_;
  bool ended_ = false;                    // transport_ is closing
  Status end_;                            // why
  std::unique_ptr<Timer> reconnect_;      // until the next attempt
  int64_t attempt_until_nanos_ = 0;       // when the current attempt to connect times out
  std::unique_ptr<Timer> hello_timeout_;  // from connecting until HELLO is answered
  std::unique_ptr<Timer> tick_;
  int64_t tick_at_ = Channel::kNever;
  // Attempts to connect outlive this object; this is how they know that it is gone.
  std::shared_ptr<Connection*> self_ = std::make_shared<Connection*>(this);
};

}  // namespace smile
