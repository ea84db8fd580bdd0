#include "bench/smilebench/redis_feed.h"

#include <algorithm>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "base/result.h"
#include "model/time_ordered_id.h"

namespace smile::bench {

Bytes RedisFriendsKey(uint64_t user) {
  return fmt::format("friends:{}", user);
}

Bytes RedisTimelineKey(uint64_t author) {
  return fmt::format("posts:{}", author);
}

Bytes RedisPostKey(const FeedPost& post) {
  return fmt::format("p:{}:{}", post.author, post.post);
}

size_t AppendRedisPost(const FeedPost& post, ByteView value, Bytes* commands) {
  const std::string millis = std::to_string(MillisOfId(post.post));
  AppendRespCommand({"SET", RedisPostKey(post), value}, commands);
  AppendRespCommand({"ZADD", RedisTimelineKey(post.author), millis, std::to_string(post.post)},
                    commands);
  return 2;
}

size_t AppendRedisTimeline(uint64_t author, uint32_t count, Bytes* commands) {
  AppendRespCommand({"ZREVRANGE", RedisTimelineKey(author), "0", std::to_string(count - 1)},
                    commands);
  return 1;
}

size_t AppendRedisPosts(std::span<const FeedPost> posts, Bytes* commands) {
  AppendRespHead('*', 1 + posts.size(), commands);
  AppendRespString("MGET", commands);
  for (const FeedPost& each : posts) AppendRespString(RedisPostKey(each), commands);
  return 1;
}

size_t RedisFeedSteps::Begin(uint64_t user, Bytes* commands) {
  stage_ = Stage::kFriends;
  friends_.clear();
  candidates_.clear();
  entries_.clear();
  AppendRespCommand({"SMEMBERS", RedisFriendsKey(user)}, commands);
  return 1;
}

Status RedisFeedSteps::Take(const RespReply& reply) {
  if (!reply.is_array()) return NotResp("a list was asked for");
  if (stage_ == Stage::kFriends) return TakeFriends(reply);
  return stage_ == Stage::kTimelines ? TakeTimeline(reply) : TakePosts(reply);
}

size_t RedisFeedSteps::Next(Bytes* commands) {
  if (stage_ == Stage::kFriends) return AskTimelines(commands);
  return stage_ == Stage::kTimelines ? AskPosts(commands) : 0;
}

Status RedisFeedSteps::TakeFriends(const RespReply& reply) {
  for (size_t i = 1; i < reply.parts().size(); ++i) {
    SMILE_TRY(ReadRespNumber(reply.BytesOf(reply.parts()[i]), &friends_.emplace_back()));
  }
  return {};
}

size_t RedisFeedSteps::AskTimelines(Bytes* commands) {
  stage_ = Stage::kTimelines;
  timelines_ = 0;
  const std::string last = std::to_string(kFeedPosts - 1);
  for (const uint64_t each : friends_) {
    if (with_scores_) {
      AppendRespCommand({"ZREVRANGE", RedisTimelineKey(each), "0", last, "WITHSCORES"}, commands);
    } else {
      AppendRedisTimeline(each, kFeedPosts, commands);
    }
  }
  return friends_.size();
}

// Replies come in the order of the friends.
Status RedisFeedSteps::TakeTimeline(const RespReply& reply) {
  const size_t step = with_scores_ ? 2 : 1;
  const auto& parts = reply.parts();
  if ((parts.size() - 1) % step != 0) return NotResp("a score is missing");
  for (size_t i = 1; i < parts.size(); i += step) {
    Candidate& candidate = candidates_.emplace_back();
    candidate.post.author = friends_[timelines_];
    SMILE_TRY(ReadRespNumber(reply.BytesOf(parts[i]), &candidate.post.post));
    if (with_scores_) SMILE_TRY(ReadRespNumber(reply.BytesOf(parts[i + 1]), &candidate.score));
  }
  ++timelines_;
  return {};
}

void RedisFeedSteps::Merge() {
  const auto newer = [](const Candidate& a, const Candidate& b) {
    return std::tie(b.score, b.post.post, a.post.author) <
           std::tie(a.score, a.post.post, b.post.author);
  };
  const size_t count = std::min<size_t>(candidates_.size(), kFeedPosts);
  std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(count),
                    candidates_.end(), newer);
  candidates_.resize(count);
}

size_t RedisFeedSteps::AskPosts(Bytes* commands) {
  stage_ = Stage::kPosts;
  Merge();
  posts_.clear();
  for (const Candidate& each : candidates_) posts_.push_back(each.post);
  return posts_.empty() ? 0 : AppendRedisPosts(posts_, commands);
}

Status RedisFeedSteps::TakePosts(const RespReply& reply) {
  if (reply.parts().size() != 1 + posts_.size()) return NotResp("not all posts");
  for (size_t i = 0; i < posts_.size(); ++i) {
    entries_.push_back({posts_[i], reply.BytesOf(reply.parts()[i + 1])});
  }
  return {};
}

}  // namespace smile::bench
