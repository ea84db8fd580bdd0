// A connection to Redis on which many requests are in flight.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "base/bytes.h"
#include "base/status.h"
#include "bench/smilebench/resp_connection.h"

namespace smile::bench {

// Belongs to the thread of its loop.
class RedisPipeline final : private RespEvents {
 public:
  // Of each reply; a failure is the request's, whose other replies are not taken any more.
  using Take = std::function<Status(const RespReply&)>;
  // After the last reply.
  using Done = std::function<void(const Status&)>;

  RedisPipeline(EventLoop* loop, const Endpoint& server) : connection_(loop, server, this) {}

  // Commands that have so many replies, at least one. `take` may be null. `done` is called in the
  // loop or in Flush. An error in a reply, also in one of EXEC, ends all requests that are in
  // flight or follow.
  void Ask(ByteView commands, size_t replies, Take take, Done done);

  // As RespConnection's; also ends what was asked on a lost connection.
  void Flush();

 private:
  struct Request {
    size_t replies = 0;  // still to come
    Take take;
    Done done;
    Status failure;
  };

  Status OnReply(const RespReply& reply) override;
  void OnLost(const Status& why) override;

  Status lost_;  // why, once it is
  std::deque<Request> in_flight_;
  RespConnection connection_;
};

}  // namespace smile::bench
