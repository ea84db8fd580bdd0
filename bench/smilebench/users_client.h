// What `smilebench load` and `smilebench lookups` ask a server with: an event loop of the calling
// thread, and connections on it that leave trying again to their owner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bench/smilebench/users_options.h"
#include "client/connection.h"
#include "net/event_loop.h"

namespace smile::bench {

class UsersClient {
 public:
  // Begins to connect. `clock` outlives it.
  static Result<std::unique_ptr<UsersClient>> Create(const UsersOptions& options,
                                                     const Clock* clock);
  ~UsersClient();
  UsersClient(const UsersClient&) = delete;
  UsersClient& operator=(const UsersClient&) = delete;

  // How many requests may be in flight.
  uint32_t slots() const { return slots_; }

  // One attempt. `done` comes later, from Run.
  template <class Row>
  void Call(uint32_t slot, const typename Row::Request& request,
            std::function<void(Answer<Row>)> done) {
    connections_[slot % connections_.size()]->Call<Row>(request, {.retry = false}, std::move(done));
  }

  // Runs the loop until Stop, which may come first.
  void Run() { loop_->Run(); }
  void Stop() { loop_->Stop(); }
  EventLoop* loop() { return loop_.get(); }

  // Waits until all connections have been greeted, or one could not be made: kUnavailable.
  Status Connect();

  // What the server says that its tables of users and logins have in files; nothing if it does not
  // say. While nothing else is in flight.
  std::optional<uint64_t> DiskBytes();

 private:
  UsersClient(std::unique_ptr<EventLoop> loop, const UsersOptions& options, const Clock* clock);

  const std::unique_ptr<EventLoop> loop_;
  const uint32_t slots_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace smile::bench
