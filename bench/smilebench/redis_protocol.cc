#include "bench/smilebench/redis_protocol.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "bench/smilebench/redis_feed.h"

namespace smile::bench {
namespace {

constexpr size_t kUserDigits = 14;

}  // namespace

RedisProtocol::RedisProtocol(uint32_t posts_per_author, DriverEvents* events, bool adds)
    : posts_per_author_(posts_per_author),
      adds_(adds),
      events_(events),
      reader_([this](const RespReply& reply) { return OnReply(reply); }) {}

Bytes RedisProtocol::KeyOf(uint64_t number) const {
  if (posts_per_author_ > 0) {
    return RedisPostKey({number / posts_per_author_, number % posts_per_author_});
  }
  const fmt::format_int digits(number);
  Bytes key("u:");
  key.append(kUserDigits - std::min(kUserDigits, digits.size()), '0');
  return key.append(digits.data(), digits.size());
}

void RedisProtocol::Encode(uint32_t slot, const Operation& operation, Bytes* out) {
  uint32_t replies = 1;
  switch (operation.kind) {
    case OperationKind::kPing:
      AppendRespCommand({"PING"}, out);
      break;
    case OperationKind::kGet:
      AppendRespCommand({"GET", KeyOf(operation.number)}, out);
      break;
    case OperationKind::kPut:
      EncodePut(operation, out);
      if (posts_per_author_ > 0) replies = 2;
      break;
    case OperationKind::kMGet:
      EncodeMGet(operation, out);
      break;
    case OperationKind::kScan:
      EncodeScan(operation, out);
      replies = 2;
      break;
  }
  open_.push_back({slot, operation.kind, replies});
}

void RedisProtocol::EncodePut(const Operation& operation, Bytes* out) const {
  if (adds_) return AppendRespCommand({"INCR", fmt::format("c:{}", operation.number)}, out);
  AppendRespCommand({"SET", KeyOf(operation.number), operation.value}, out);
  if (posts_per_author_ == 0) return;
  const Bytes post = std::to_string(operation.number % posts_per_author_);
  AppendRespCommand({"ZADD", RedisTimelineKey(operation.number / posts_per_author_), post, post},
                    out);
}

void RedisProtocol::EncodeMGet(const Operation& operation, Bytes* out) const {
  AppendRespHead('*', 1 + operation.numbers.size(), out);
  AppendRespString("MGET", out);
  for (const uint64_t number : operation.numbers) AppendRespString(KeyOf(number), out);
}

void RedisProtocol::EncodeScan(const Operation& operation, Bytes* out) const {
  const Bytes last = std::to_string(operation.limit - 1);
  AppendRespCommand({"ZREVRANGE", RedisTimelineKey(operation.number), "0", last}, out);
  AppendRespHead('*', 1 + size_t{operation.limit}, out);
  AppendRespString("MGET", out);
  for (uint32_t i = 0; i < operation.limit; ++i) {
    AppendRespString(RedisPostKey({operation.number, operation.newest - i}), out);
  }
}

Status RedisProtocol::Receive(ByteView bytes) {
  return reader_.Receive(bytes);
}

void RedisProtocol::FailAll(const Status& why) {
  for (const Open& open : std::exchange(open_, {})) events_->OnAnswer(open.slot, why, {});
}

Status RedisProtocol::OnReply(const RespReply& reply) {
  if (open_.empty()) return NotResp("nobody asked");
  Open& open = open_.front();
  SMILE_TRY(TakeReply(open, reply));
  if (--open.replies == 0) {
    const uint32_t slot = open.slot;
    open_.pop_front();
    events_->OnAnswer(slot, refusal_, {.values = values_, .posts = posts_});
    refusal_ = {};
    values_.clear();
    posts_.clear();
  }
  return {};
}

Status RedisProtocol::TakeReply(const Open& open, const RespReply& reply) {
  const RespReply::Part& whole = reply.parts().front();
  if (reply.is_error()) {
    if (refusal_.ok()) refusal_ = {Code::kInvalid, Bytes(reply.BytesOf(whole))};
    return {};
  }
  switch (open.kind) {
    case OperationKind::kPing:
    case OperationKind::kPut:
      return {};
    case OperationKind::kGet:
      return TakeString(reply, whole);
    case OperationKind::kMGet:
      return TakeList(reply, false);
    case OperationKind::kScan:
      return TakeList(reply, open.replies == 2);
  }
  return {};
}

Status RedisProtocol::TakeString(const RespReply& reply, const RespReply::Part& part) {
  if (part.type == REDIS_REPLY_NIL) {
    if (refusal_.ok()) refusal_ = {Code::kNotFound, "there is no such key"};
    return {};
  }
  if (part.type != REDIS_REPLY_STRING) return NotResp("a string was asked for");
  values_.push_back(reply.BytesOf(part));
  return {};
}

Status RedisProtocol::TakeList(const RespReply& reply, bool of_posts) {
  if (!reply.is_array()) return NotResp("a list was asked for");
  for (size_t i = 1; i < reply.parts().size(); ++i) {
    const RespReply::Part& part = reply.parts()[i];
    if (!of_posts) {
      SMILE_TRY(TakeString(reply, part));
      continue;
    }
    const ByteView text = reply.BytesOf(part);
    uint64_t post = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), post);
    if (error != std::errc() || end != text.end()) return NotResp("no post of ours");
    posts_.push_back(post);
  }
  return {};
}

}  // namespace smile::bench
