// Feeds as a backend makes them over Redis.
//
// The friends of a user are a set at "friends:USER". The posts of an author are a sorted set at
// "posts:AUTHOR", scored by their time; each of them is a string at "p:AUTHOR:POST".
#include <algorithm>
#include <charconv>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/smilebench/feed_store.h"
#include "bench/smilebench/resp_connection.h"
#include "model/time_ordered_id.h"

namespace smile::bench {
namespace {

constexpr size_t kLoadBytes = size_t{256} << 10;  // of commands that are sent together

Bytes FriendsKey(uint64_t user) {
  return fmt::format("friends:{}", user);
}

Bytes TimelineKey(uint64_t author) {
  return fmt::format("posts:{}", author);
}

Bytes PostKey(const FeedPost& post) {
  return fmt::format("p:{}:{}", post.author, post.post);
}

template <class Number>
Status ReadNumber(ByteView text, Number* number) {
  const auto [end, error] = std::from_chars(text.begin(), text.end(), *number);
  if (error != std::errc() || end != text.end()) return NotResp("a number was expected");
  return {};
}

// Writes the graph.
class RedisLoad final : private RespEvents {
 public:
  RedisLoad(const FeedStoreParts& parts, const FeedGraph& graph, FeedStore::Done done)
      : graph_(graph), done_(std::move(done)), connection_(parts.loop, parts.server, this) {
    SendNext();
  }

  void Flush() { connection_.Flush(); }

 private:
  void SendNext();
  void AppendUser(uint64_t user);
  Status OnReply(const RespReply& reply) override;
  void OnLost(const Status& why) override { End(why); }
  void End(const Status& status);

  const FeedGraph& graph_;
  FeedStore::Done done_;  // null when it is done
  uint64_t user_ = 1;     // the next
  size_t post_ = 0;       // likewise, of the user's
  size_t replies_ = 0;    // still to come
  Bytes commands_;
  RespConnection connection_;
};

void RedisLoad::AppendUser(uint64_t user) {
  AppendRespHead('*', 2 + size_t{graph_.friends()}, &commands_);
  AppendRespString("SADD", &commands_);
  AppendRespString(FriendsKey(user), &commands_);
  for (uint32_t i = 0; i < graph_.friends(); ++i) {
    AppendRespString(std::to_string(graph_.FriendOf(user, i)), &commands_);
  }
  // A friendship is one of both.
  for (uint32_t i = 0; i < graph_.friends(); ++i) {
    AppendRespCommand({"SADD", FriendsKey(graph_.FriendOf(user, i)), std::to_string(user)},
                      &commands_);
  }
  replies_ += 1 + graph_.friends();
}

void RedisLoad::SendNext() {
  commands_.clear();
  while (commands_.size() < kLoadBytes && user_ <= graph_.users()) {
    if (post_ == 0) AppendUser(user_);
    const std::span<const FeedPost> posts = graph_.PostsOf(user_);
    const FeedPost& post = posts[post_++];
    const std::string millis = std::to_string(MillisOfId(post.post));
    AppendRespCommand({"SET", PostKey(post), graph_.ValueOf(post)}, &commands_);
    AppendRespCommand({"ZADD", TimelineKey(post.author), millis, std::to_string(post.post)},
                      &commands_);
    replies_ += 2;
    if (post_ < posts.size()) continue;
    ++user_;
    post_ = 0;
  }
  if (commands_.empty()) return End({});
  connection_.Ask(commands_);
}

void RedisLoad::End(const Status& status) {
  if (done_ != nullptr) std::exchange(done_, nullptr)(status);
}

Status RedisLoad::OnReply(const RespReply& /*reply*/) {
  if (--replies_ == 0) SendNext();
  return {};
}

// Reads feeds, one after the other, on a connection of its own.
class RedisFeed final : private RespEvents {
 public:
  RedisFeed(const FeedStoreParts& parts, bool with_scores)
      : with_scores_(with_scores), connection_(parts.loop, parts.server, this) {}

  void Read(uint64_t user, FeedStore::DoneReading done);
  void Flush() { connection_.Flush(); }
  const RespTraffic& traffic() const { return connection_.traffic(); }

 private:
  enum class Stage : uint8_t { kNone, kFriends, kTimelines, kPosts };
  struct Candidate {
    double score = 0;  // 0 without scores: ids are by time too
    FeedPost post;
  };

  Status OnReply(const RespReply& reply) override;
  void OnLost(const Status& why) override;
  Status TakeFriends(const RespReply& reply);
  void AskTimelines();
  Status TakeTimeline(const RespReply& reply);
  void Merge();
  void AskPosts();
  Status TakePosts(const RespReply& reply);
  void End(const Status& status);

  const bool with_scores_;
  RespConnection connection_;
  Status lost_;
  Stage stage_ = Stage::kNone;
  FeedStore::DoneReading done_;
  std::vector<uint64_t> friends_;
  size_t timelines_ = 0;  // that came
  std::vector<Candidate> candidates_;
  std::vector<FeedEntry> entries_;
  Bytes commands_;  // for use inside
};

void RedisFeed::Read(uint64_t user, FeedStore::DoneReading done) {
  done_ = std::move(done);
  entries_.clear();
  if (!lost_.ok()) return End(lost_);
  stage_ = Stage::kFriends;
  commands_.clear();
  AppendRespCommand({"SMEMBERS", FriendsKey(user)}, &commands_);
  connection_.Ask(commands_);
}

void RedisFeed::End(const Status& status) {
  stage_ = Stage::kNone;
  const FeedStore::DoneReading done = std::move(done_);
  done(status, entries_);
}

void RedisFeed::OnLost(const Status& why) {
  lost_ = why;
  entries_.clear();
  if (stage_ != Stage::kNone) End(why);
}

Status RedisFeed::OnReply(const RespReply& reply) {
  if (stage_ == Stage::kNone) return NotResp("nobody asked");
  if (!reply.is_array()) return NotResp("a list was asked for");
  if (stage_ == Stage::kFriends) return TakeFriends(reply);
  return stage_ == Stage::kTimelines ? TakeTimeline(reply) : TakePosts(reply);
}

Status RedisFeed::TakeFriends(const RespReply& reply) {
  friends_.clear();
  for (size_t i = 1; i < reply.parts().size(); ++i) {
    SMILE_TRY(ReadNumber(reply.BytesOf(reply.parts()[i]), &friends_.emplace_back()));
  }
  if (friends_.empty()) {
    End({});
    return {};
  }
  AskTimelines();
  return {};
}

void RedisFeed::AskTimelines() {
  stage_ = Stage::kTimelines;
  timelines_ = 0;
  candidates_.clear();
  commands_.clear();
  const std::string last = std::to_string(kFeedPosts - 1);
  for (const uint64_t each : friends_) {
    if (with_scores_) {
      AppendRespCommand({"ZREVRANGE", TimelineKey(each), "0", last, "WITHSCORES"}, &commands_);
    } else {
      AppendRespCommand({"ZREVRANGE", TimelineKey(each), "0", last}, &commands_);
    }
  }
  connection_.Ask(commands_);
}

// Replies come in the order of the friends.
Status RedisFeed::TakeTimeline(const RespReply& reply) {
  const size_t step = with_scores_ ? 2 : 1;
  const auto& parts = reply.parts();
  if ((parts.size() - 1) % step != 0) return NotResp("a score is missing");
  for (size_t i = 1; i < parts.size(); i += step) {
    Candidate& candidate = candidates_.emplace_back();
    candidate.post.author = friends_[timelines_];
    SMILE_TRY(ReadNumber(reply.BytesOf(parts[i]), &candidate.post.post));
    if (with_scores_) SMILE_TRY(ReadNumber(reply.BytesOf(parts[i + 1]), &candidate.score));
  }
  if (++timelines_ < friends_.size()) return {};
  Merge();
  if (candidates_.empty()) {
    End({});
  } else {
    AskPosts();
  }
  return {};
}

void RedisFeed::Merge() {
  const auto newer = [](const Candidate& a, const Candidate& b) {
    return std::tie(b.score, b.post.post, a.post.author) <
           std::tie(a.score, a.post.post, b.post.author);
  };
  const size_t count = std::min<size_t>(candidates_.size(), kFeedPosts);
  std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(count),
                    candidates_.end(), newer);
  candidates_.resize(count);
}

void RedisFeed::AskPosts() {
  stage_ = Stage::kPosts;
  commands_.clear();
  AppendRespHead('*', 1 + candidates_.size(), &commands_);
  AppendRespString("MGET", &commands_);
  for (const Candidate& each : candidates_) AppendRespString(PostKey(each.post), &commands_);
  connection_.Ask(commands_);
}

Status RedisFeed::TakePosts(const RespReply& reply) {
  if (reply.parts().size() != 1 + candidates_.size()) return NotResp("not all posts");
  for (size_t i = 0; i < candidates_.size(); ++i) {
    entries_.push_back({candidates_[i].post, reply.BytesOf(reply.parts()[i + 1])});
  }
  End({});
  return {};
}

class RedisFeeds final : public FeedStore {
 public:
  RedisFeeds(FeedStoreParts parts, bool with_scores) : parts_(std::move(parts)) {
    for (uint32_t i = 0; i < parts_.connections; ++i) {
      feeds_.push_back(std::make_unique<RedisFeed>(parts_, with_scores));
    }
  }

  void Load(const FeedGraph& graph, Done done) override {
    load_ = std::make_unique<RedisLoad>(parts_, graph, std::move(done));
  }

  void Read(uint32_t slot, uint64_t user, DoneReading done) override {
    feeds_[slot]->Read(user, std::move(done));
  }

  void Flush() override {
    if (load_ != nullptr) load_->Flush();
    for (const auto& feed : feeds_) feed->Flush();
  }

  FeedTraffic traffic() const override {
    FeedTraffic sum;
    for (const auto& feed : feeds_) {
      sum.round_trips += feed->traffic().sends;
      sum.sent_bytes += feed->traffic().sent_bytes;
      sum.received_bytes += feed->traffic().received_bytes;
    }
    return sum;
  }

 private:
  const FeedStoreParts parts_;
  std::vector<std::unique_ptr<RedisFeed>> feeds_;
  std::unique_ptr<RedisLoad> load_;
};

}  // namespace

std::unique_ptr<FeedStore> MakeRedisFeeds(const FeedStoreParts& parts, bool with_scores) {
  return std::make_unique<RedisFeeds>(parts, with_scores);
}

}  // namespace smile::bench
