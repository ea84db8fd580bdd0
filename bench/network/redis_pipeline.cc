#include "bench/network/redis_pipeline.h"

#include <utility>

#include "base/result.h"

namespace smile::bench {
namespace {

// What EXEC says of one of its commands.
Status FirstErrorIn(const RespReply& reply) {
  for (const RespReply::Part& part : reply.parts()) {
    if (part.type == REDIS_REPLY_ERROR) return {Code::kInvalid, Bytes(reply.BytesOf(part))};
  }
  return {};
}

}  // namespace

void RedisPipeline::Ask(ByteView commands, size_t replies, Take take, Done done) {
  in_flight_.push_back({replies, std::move(take), std::move(done), {}});
  if (lost_.ok()) connection_.Ask(commands);
}

void RedisPipeline::Flush() {
  if (lost_.ok()) return connection_.Flush();
  for (Request& request : std::exchange(in_flight_, {})) request.done(lost_);
}

Status RedisPipeline::OnReply(const RespReply& reply) {
  if (in_flight_.empty()) return NotResp("nobody asked");
  SMILE_TRY(FirstErrorIn(reply));
  Request& front = in_flight_.front();
  if (front.take && front.failure.ok()) front.failure = front.take(reply);
  if (--front.replies > 0) return {};
  const Request request = std::move(front);
  in_flight_.pop_front();
  request.done(request.failure);
  return {};
}

void RedisPipeline::OnLost(const Status& why) {
  lost_ = why;
  Flush();
}

}  // namespace smile::bench
