// Feeds as a backend makes them over Redis; redis_feed.h has the keys and the steps.
#include <string>
#include <utility>
#include <vector>

#include "bench/smilebench/feed_store.h"
#include "bench/smilebench/redis_feed.h"
#include "bench/smilebench/resp_connection.h"

namespace smile::bench {
namespace {

constexpr size_t kLoadBytes = size_t{256} << 10;  // of commands that are sent together

// Writes the graph.
class RedisLoad final : private RespEvents {
 public:
  RedisLoad(const StoreParts& parts, const FeedGraph& graph, FeedStore::Done done)
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
  AppendRespString(RedisFriendsKey(user), &commands_);
  for (uint32_t i = 0; i < graph_.friends(); ++i) {
    AppendRespString(std::to_string(graph_.FriendOf(user, i)), &commands_);
  }
  // A friendship is one of both.
  for (uint32_t i = 0; i < graph_.friends(); ++i) {
    AppendRespCommand({"SADD", RedisFriendsKey(graph_.FriendOf(user, i)), std::to_string(user)},
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
    replies_ += AppendRedisPost(post, graph_.ValueOf(post), &commands_);
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
  RedisFeed(const StoreParts& parts, bool with_scores)
      : steps_(with_scores), connection_(parts.loop, parts.server, this) {}

  void Read(uint64_t user, FeedStore::DoneReading done);
  void Flush() { connection_.Flush(); }
  const RespTraffic& traffic() const { return connection_.traffic(); }

 private:
  Status OnReply(const RespReply& reply) override;
  void OnLost(const Status& why) override;
  void End(const Status& status, std::span<const FeedEntry> entries);

  RedisFeedSteps steps_;
  RespConnection connection_;
  Status lost_;
  FeedStore::DoneReading done_;
  size_t replies_ = 0;  // of the step, still to come; 0: no feed is being read
  Bytes commands_;      // for use inside
};

void RedisFeed::Read(uint64_t user, FeedStore::DoneReading done) {
  done_ = std::move(done);
  if (!lost_.ok()) return End(lost_, {});
  commands_.clear();
  replies_ = steps_.Begin(user, &commands_);
  connection_.Ask(commands_);
}

void RedisFeed::End(const Status& status, std::span<const FeedEntry> entries) {
  replies_ = 0;
  const FeedStore::DoneReading done = std::move(done_);
  done(status, entries);
}

void RedisFeed::OnLost(const Status& why) {
  lost_ = why;
  if (replies_ > 0) End(why, {});
}

Status RedisFeed::OnReply(const RespReply& reply) {
  if (replies_ == 0) return NotResp("nobody asked");
  SMILE_TRY(steps_.Take(reply));
  if (--replies_ > 0) return {};
  commands_.clear();
  replies_ = steps_.Next(&commands_);
  if (replies_ > 0) {
    connection_.Ask(commands_);
  } else {
    End({}, steps_.entries());
  }
  return {};
}

class RedisFeeds final : public FeedStore {
 public:
  RedisFeeds(StoreParts parts, bool with_scores) : parts_(std::move(parts)) {
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
  const StoreParts parts_;
  std::vector<std::unique_ptr<RedisFeed>> feeds_;
  std::unique_ptr<RedisLoad> load_;
};

}  // namespace

std::unique_ptr<FeedStore> MakeRedisFeeds(const StoreParts& parts, bool with_scores) {
  return std::make_unique<RedisFeeds>(parts, with_scores);
}

}  // namespace smile::bench
