// One connection that speaks RESP, for what asks step by step.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/status.h"
#include "bench/smilebench/resp.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/transport.h"

namespace smile::bench {

class RespEvents {
 public:
  virtual ~RespEvents() = default;

  // A reply that is not an error. It may call Ask. A failure loses the connection.
  virtual Status OnReply(const RespReply& reply) = 0;

  // The connection is lost, or the server replied with an error. Once; nothing follows.
  virtual void OnLost(const Status& why) = 0;
};

struct RespTraffic {
  uint64_t sends = 0;
  uint64_t sent_bytes = 0;
  uint64_t received_bytes = 0;
};

class RespConnection final : private TransportEvents {
 public:
  // Begins to connect. It is not made again when it is lost.
  RespConnection(EventLoop* loop, const Endpoint& server, RespEvents* events);
  ~RespConnection() override;
  RespConnection(const RespConnection&) = delete;
  RespConnection& operator=(const RespConnection&) = delete;

  // Commands, for the next Flush.
  void Ask(ByteView commands) { out_ += commands; }

  // Sends what was asked, unless the connection is still being made: then that comes first.
  void Flush();

  const RespTraffic& traffic() const { return traffic_; }

 private:
  Status OnReply(const RespReply& reply);
  void Attach(std::unique_ptr<Transport> transport);
  void Lose(const Status& why);
  void OnBytes(ByteView bytes) override;
  void OnSent() override {}
  void OnEnd() override;
  void OnClosed(const Status& status) override;

  RespEvents* const events_;
  RespReader reader_;
  std::unique_ptr<Transport> transport_;
  Bytes out_;
  bool lost_ = false;
  RespTraffic traffic_;
  // An attempt to connect outlives this object; it asks here whether it is still there.
  std::shared_ptr<RespConnection*> self_ = std::make_shared<RespConnection*>(this);
};

}  // namespace smile::bench
