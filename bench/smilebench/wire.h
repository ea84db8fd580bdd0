// A connection of a driver that has a protocol of its own: a WireProtocol, which knows the bytes,
// on a Transport, which carries them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "bench/smilebench/driver.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/transport.h"

namespace smile::bench {

// One connection's bytes, without I/O. Answers go to DriverEvents from within Receive and FailAll;
// they may call Encode, nothing else.
class WireProtocol {
 public:
  virtual ~WireProtocol() = default;

  // Appends what asks for the operation.
  virtual void Encode(uint32_t slot, const Operation& operation, Bytes* out) = 0;

  // Bytes came. A failure: they are not the protocol, and the connection is no good any more.
  virtual Status Receive(ByteView bytes) = 0;

  // Answers all that is open with `why`.
  virtual void FailAll(const Status& why) = 0;
};

class WireConnection final : private TransportEvents {
 public:
  explicit WireConnection(std::unique_ptr<WireProtocol> protocol);
  ~WireConnection() override;
  WireConnection(const WireConnection&) = delete;
  WireConnection& operator=(const WireConnection&) = delete;

  // One of the two, once. It is not made again when it is lost.
  void Connect(EventLoop* loop, const Endpoint& endpoint);
  void Attach(std::unique_ptr<Transport> transport);

  void Start(uint32_t slot, const Operation& operation) {
    protocol_->Encode(slot, operation, &out_);
  }
  bool has_output() const { return !out_.empty(); }

  // Sends what was started, unless the connection is still being made: then that comes first. What
  // was started on a lost one ends here.
  void Flush();

 private:
  void OnBytes(ByteView bytes) override;
  void OnSent() override {}
  void OnEnd() override;
  void OnClosed(const Status& status) override;
  void Lose(const Status& why);

  const std::unique_ptr<WireProtocol> protocol_;
  std::unique_ptr<Transport> transport_;
  Bytes out_;
  Status lost_;  // why, once it is
  // An attempt to connect outlives this object; it asks here whether it is still there.
  std::shared_ptr<WireConnection*> self_ = std::make_shared<WireConnection*>(this);
};

using MakeProtocol = std::function<std::unique_ptr<WireProtocol>()>;

// The driver of all connections that are alike.
class WireDriver final : public Driver {
 public:
  WireDriver(const Endpoint& endpoint, EventLoop* loop, uint32_t connections,
             const MakeProtocol& make_protocol);

  void Start(uint32_t connection, uint32_t slot, const Operation& operation) override;
  void Flush() override;

 private:
  std::vector<std::unique_ptr<WireConnection>> connections_;
  std::vector<uint32_t> started_;   // connections with something to send
  std::vector<uint32_t> flushing_;  // for use inside
};

}  // namespace smile::bench
