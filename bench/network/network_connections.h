// The connections of a network's backend: one event loop with all of them.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "bench/network/network_options.h"
#include "client/connection.h"
#include "net/event_loop.h"

namespace smile::bench {

// Belongs to the thread that runs the loop.
class NetworkConnections {
 public:
  // `clock` outlives it.
  static Result<std::unique_ptr<NetworkConnections>> Create(const NetworkOptions& options,
                                                            const Clock* clock);
  ~NetworkConnections() { loop_->OnTurnEnd(nullptr); }

  // kUnavailable: there is no server.
  Status Connect();

  EventLoop& loop() { return *loop_; }

  // Sends a request on the next connection, in turn.
  template <class Row>
  void Call(const typename Row::Request& request, std::function<void(const Answer<Row>&)> done) {
    ++requests_;
    connections_[requests_ % connections_.size()]->Call<Row>(request, {}, std::move(done));
  }
  uint64_t requests() const { return requests_; }

  // Watches on the next connection, in turn, until this is destroyed.
  void Watch(const op::Watch::Request& request, std::function<void(Answer<op::Watch>)> event);

 private:
  NetworkConnections(std::unique_ptr<EventLoop> loop, const NetworkOptions& options,
                     const Clock* clock);

  const std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<Connection>> connections_;
  uint64_t requests_ = 0;
  uint64_t watches_ = 0;
};

}  // namespace smile::bench
