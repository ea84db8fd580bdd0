#include "bench/smilebench/wire.h"

#include <utility>

namespace smile::bench {

WireConnection::WireConnection(std::unique_ptr<WireProtocol> protocol)
    : protocol_(std::move(protocol)) {}

WireConnection::~WireConnection() {
  *self_ = nullptr;
}

void WireConnection::Connect(EventLoop* loop, const Endpoint& endpoint) {
  loop->ConnectTcp(endpoint, kConnectTimeoutMillis,
                   [self = self_](Result<std::unique_ptr<Transport>> result) {
                     if (*self == nullptr) return;
                     if (!result.ok()) return (*self)->Lose(result.status());
                     (*self)->Attach(std::move(result).value());
                   });
}

void WireConnection::Attach(std::unique_ptr<Transport> transport) {
  transport_ = std::move(transport);
  transport_->Start(this);
  Flush();
}

void WireConnection::Flush() {
  if (!lost_.ok()) {
    out_.clear();
    return protocol_->FailAll(lost_);
  }
  if (transport_ == nullptr || out_.empty()) return;
  const size_t size = out_.size();
  transport_->Send(std::exchange(out_, {}));
  out_.reserve(size);  // the next turn's is likely as much
}

void WireConnection::OnBytes(ByteView bytes) {
  if (!lost_.ok()) return;
  const Status status = protocol_->Receive(bytes);
  if (!status.ok()) Lose(status);
}

void WireConnection::OnEnd() {
  Lose({Code::kUnavailable, "the server ended the connection"});
}

void WireConnection::OnClosed(const Status& status) {
  Lose(status.ok() ? Status(Code::kUnavailable, "the connection was closed") : status);
}

void WireConnection::Lose(const Status& why) {
  if (!lost_.ok()) return;
  lost_ = {Code::kUnavailable, why.message()};  // whatever it was: a loss
  if (transport_ != nullptr) transport_->Abort();
  Flush();
}

WireDriver::WireDriver(const Endpoint& endpoint, EventLoop* loop, uint32_t connections,
                       const MakeProtocol& make_protocol) {
  for (uint32_t i = 0; i < connections; ++i) {
    connections_.push_back(std::make_unique<WireConnection>(make_protocol()));
    connections_.back()->Connect(loop, endpoint);
  }
}

void WireDriver::Start(uint32_t connection, uint32_t slot, const Operation& operation) {
  WireConnection& each = *connections_[connection];
  if (!each.has_output()) started_.push_back(connection);
  each.Start(slot, operation);
}

void WireDriver::Flush() {
  while (!started_.empty()) {
    flushing_.clear();
    flushing_.swap(started_);
    for (const uint32_t connection : flushing_) connections_[connection]->Flush();
  }
}

}  // namespace smile::bench
