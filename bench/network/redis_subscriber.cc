#include "bench/network/redis_subscriber.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/result.h"

namespace smile::bench {
namespace {

constexpr size_t kChannelsPerCommand = 1'000;
// Indexed by Notice::Kind.
constexpr std::array<std::string_view, 3> kKinds = {"friend", "like", "comment"};

Bytes ChannelOf(uint64_t person) {
  return fmt::format("told:{}", person);
}

// "KIND OF BY"
Bytes Encode(const Notice& notice) {
  return fmt::format("{} {} {}", kKinds[static_cast<size_t>(notice.kind)], notice.of, notice.by);
}

Result<Notice> Decode(ByteView message) {
  const size_t first = message.find(' ');
  const size_t second = message.find(' ', first + 1);
  const auto* const kind = std::find(kKinds.begin(), kKinds.end(), message.substr(0, first));
  if (second == ByteView::npos || kind == kKinds.end()) return NotResp("a notice was expected");
  Notice notice;
  notice.kind = static_cast<Notice::Kind>(kind - kKinds.begin());
  SMILE_TRY(ReadRespNumber(message.substr(first + 1, second - first - 1), &notice.of));
  SMILE_TRY(ReadRespNumber(message.substr(second + 1), &notice.by));
  return notice;
}

}  // namespace

size_t AppendRedisPublish(uint64_t person, const Notice& notice, Bytes* commands) {
  AppendRespCommand({"PUBLISH", ChannelOf(person), Encode(notice)}, commands);
  return 1;
}

RedisSubscriber::RedisSubscriber(const StoreParts& parts, const std::vector<Interest>& interests,
                                 NetworkStore::OnNotice on_notice,
                                 NetworkStore::OnWatching watching)
    : on_notice_(std::move(on_notice)),
      watching_(std::move(watching)),
      channels_(interests.size()),
      connection_(parts.loop, parts.server, this) {
  Bytes commands;
  for (size_t begin = 0; begin < interests.size(); begin += kChannelsPerCommand) {
    const size_t end = std::min(interests.size(), begin + kChannelsPerCommand);
    AppendRespHead('*', 1 + end - begin, &commands);
    AppendRespString("SUBSCRIBE", &commands);
    for (size_t i = begin; i < end; ++i) {
      AppendRespString(ChannelOf(interests[i].person), &commands);
    }
  }
  connection_.Ask(commands);
}

// Both replies are three strings or numbers: what it is, the channel, and its rest.
Status RedisSubscriber::OnReply(const RespReply& reply) {
  if (reply.parts().size() != 4) return NotResp("a message was expected");
  const ByteView what = reply.BytesOf(reply.parts()[1]);
  if (what == "subscribe") {
    if (++subscribed_ == channels_) Begin({});
    return {};
  }
  if (what != "message") return NotResp("a message was expected");
  SMILE_ASSIGN(const Notice notice, Decode(reply.BytesOf(reply.parts()[3])));
  on_notice_(notice);
  return {};
}

void RedisSubscriber::OnLost(const Status& why) {
  Begin(why);
}

void RedisSubscriber::Begin(const Status& status) {
  if (watching_ != nullptr) std::exchange(watching_, nullptr)(status, channels_);
}

}  // namespace smile::bench
