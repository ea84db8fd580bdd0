#include "bench/smilebench/resp_connection.h"

#include <utility>

namespace smile::bench {

RespConnection::RespConnection(EventLoop* loop, const Endpoint& server, RespEvents* events)
    : events_(events), reader_([this](const RespReply& reply) { return OnReply(reply); }) {
  loop->ConnectTcp(server, kConnectTimeoutMillis,
                   [self = self_](Result<std::unique_ptr<Transport>> result) {
                     if (*self == nullptr) return;
                     if (!result.ok()) return (*self)->Lose(result.status());
                     (*self)->Attach(std::move(result).value());
                   });
}

RespConnection::~RespConnection() {
  *self_ = nullptr;
}

void RespConnection::Attach(std::unique_ptr<Transport> transport) {
  transport_ = std::move(transport);
  transport_->Start(this);
  Flush();
}

void RespConnection::Flush() {
  if (lost_ || transport_ == nullptr || out_.empty()) return;
  const size_t size = out_.size();
  ++traffic_.sends;
  traffic_.sent_bytes += size;
  transport_->Send(std::exchange(out_, {}));
  out_.reserve(size);  // the next one's is likely as much
}

void RespConnection::OnBytes(ByteView bytes) {
  if (lost_) return;
  traffic_.received_bytes += bytes.size();
  const Status status = reader_.Receive(bytes);
  if (!status.ok()) Lose(status);
}

Status RespConnection::OnReply(const RespReply& reply) {
  if (reply.is_error()) return {Code::kInvalid, Bytes(reply.BytesOf(reply.parts().front()))};
  return events_->OnReply(reply);
}

void RespConnection::OnEnd() {
  Lose({Code::kUnavailable, "the server ended the connection"});
}

void RespConnection::OnClosed(const Status& status) {
  Lose(status.ok() ? Status(Code::kUnavailable, "the connection was closed") : status);
}

void RespConnection::Lose(const Status& why) {
  if (std::exchange(lost_, true)) return;
  if (transport_ != nullptr) transport_->Abort();
  events_->OnLost(why);
}

}  // namespace smile::bench
