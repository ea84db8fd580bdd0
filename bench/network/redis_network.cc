// The network on Redis, as a backend has it: each function is one or several pipelines of commands,
// and what belongs together is written with MULTI.
//
// The records of a person are a hash at "user:PERSON", a login is a string at "login:NAME".
// Friends, followers and likes are sets: "friends:PERSON", "followers:PERSON", "likes:POST", and
// "liked:PERSON". Posts are those of redis_feed.h, and so are comments, whose author is the post. A
// photo is a string at "photo:OWNER:PHOTO", and a member of the sorted set "photos:OWNER". A
// session is a string at "session:" and the SHA-256 of its token, and a member of
// "sessions:PERSON", scored by the time when it ends.
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/random_bytes.h"
#include "base/sha256.h"
#include "bench/network/network_store.h"
#include "bench/network/redis_pipeline.h"
#include "bench/network/redis_subscriber.h"
#include "bench/smilebench/redis_feed.h"

namespace smile::bench {
namespace {

constexpr size_t kTokenBytes = 32;

// Nothing of what was asked for is missing.
Status TakeFound(const RespReply& reply) {
  for (const RespReply::Part& part : reply.parts()) {
    if (part.type == REDIS_REPLY_NIL) return {Code::kNotFound, "there is no such key"};
  }
  return {};
}

Bytes LikesKey(uint64_t post) {
  return fmt::format("likes:{}", post);
}

Bytes SessionKey(std::string_view token) {
  Bytes key("session:");
  return key.append(Sha256::Of(token).view());
}

// Commands that are sent together.
class Commands {
 public:
  void Add(std::initializer_list<ByteView> words) {
    AppendRespCommand(words, &bytes_);
    ++count_;
  }
  // `append` appends commands, and returns how many.
  template <class Append>
  void AddFrom(Append append) {
    count_ += append(&bytes_);
  }
  void AddPost(const NewItem& post) {
    AddFrom([&](Bytes* out) { return AppendRedisPost({post.of, post.id}, post.bytes, out); });
  }
  void AddPhoto(const NewItem& photo) {
    const std::string id = std::to_string(photo.id);
    Add({"SET", fmt::format("photo:{}:{}", photo.of, photo.id), photo.bytes});
    Add({"ZADD", fmt::format("photos:{}", photo.of), id, id});
  }
  void AddPublish(uint64_t person, const Notice& notice) {
    AddFrom([&](Bytes* out) { return AppendRedisPublish(person, notice, out); });
  }
  // A transaction begins or ends.
  void Begin() { Add({"MULTI"}); }
  void End() { Add({"EXEC"}); }

  const Bytes& bytes() const { return bytes_; }
  size_t count() const { return count_; }

 private:
  Bytes bytes_;
  size_t count_ = 0;
};

class RedisNetwork final : public NetworkStore {
 public:
  explicit RedisNetwork(const StoreParts& parts);

  Status Connect() override;
  void Flush() override;
  void WriteLogin(uint64_t person, std::string_view login, std::string_view credential,
                  Done done) override;
  void WriteRecords(uint64_t person, const PersonRecords& records, Done done) override;
  void WritePhoto(const NewItem& photo, Done done) override;
  void MakeSession(uint64_t person, Done done) override;
  void VerifySession(std::string_view token, Done done) override;
  void LogIn(uint64_t person, std::string_view login, std::string_view password,
             Done done) override;
  void ReadProfile(uint64_t person, Done done) override;
  void ReadFeed(uint64_t person, Done done) override;
  void ReadPhoto(uint64_t owner, uint64_t photo, Done done) override;
  void ReadComments(uint64_t post, Done done) override;
  void WritePost(const NewItem& post, Done done) override;
  void WriteComment(uint64_t author, const NewItem& comment, Done done) override;
  void WritePhotoPost(const NewItem& photo, const NewItem& post, Done done) override;
  void Like(uint64_t person, uint64_t author, uint64_t post, Done done) override;
  void Befriend(uint64_t person, uint64_t other, Done done) override;
  void Watch(const std::vector<Interest>& interests, OnNotice on_notice,
             OnWatching watching) override;

 private:
  struct Feeding {
    RedisFeedSteps steps{/*with_scores=*/false};
    Done done;
  };

  // The answer counts what was asked before.
  void Ask(const Commands& commands, Done done, RedisPipeline::Take take = nullptr,
           const StoreCost& before = {});
  void MakeSession(uint64_t person, Done done, const StoreCost& before);
  void AskFeed(const std::shared_ptr<Feeding>& feeding, const Commands& commands,
               const StoreCost& before);

  const StoreParts parts_;
  std::vector<std::unique_ptr<RedisPipeline>> pipelines_;
  uint64_t asked_ = 0;
  std::unique_ptr<RedisSubscriber> subscriber_;  // null: nobody watches
};

RedisNetwork::RedisNetwork(const StoreParts& parts) : parts_(parts) {
  for (uint32_t i = 0; i < parts.connections; ++i) {
    pipelines_.push_back(std::make_unique<RedisPipeline>(parts.loop, parts.server));
  }
}

Status RedisNetwork::Connect() {
  Status failure;
  size_t waiting = pipelines_.size();
  Bytes ping;
  AppendRespCommand({"PING"}, &ping);
  for (const auto& pipeline : pipelines_) {
    pipeline->Ask(ping, 1, nullptr, [&](const Status& status) {
      if (!status.ok()) failure = status;
      if (--waiting == 0) parts_.loop->Stop();
    });
  }
  parts_.loop->Run();
  return failure;
}

void RedisNetwork::Flush() {
  for (const auto& pipeline : pipelines_) pipeline->Flush();
  if (subscriber_ != nullptr) subscriber_->Flush();
}

void RedisNetwork::Ask(const Commands& commands, Done done, RedisPipeline::Take take,
                       const StoreCost& before) {
  StoreAnswer answer;
  answer.cost = before;
  answer.cost += {.requests = commands.count(), .round_trips = 1};
  RedisPipeline& pipeline = *pipelines_[++asked_ % pipelines_.size()];
  pipeline.Ask(commands.bytes(), commands.count(), std::move(take),
               [answer, done = std::move(done)](const Status& status) mutable {
                 answer.status = status;
                 done(answer);
               });
}

// --- What people have ----------------------------------------------------------------------------

void RedisNetwork::WriteLogin(uint64_t person, std::string_view login, std::string_view credential,
                              Done done) {
  Commands commands;
  commands.Add(
      {"SET", fmt::format("login:{}", login), fmt::format("{} {}", person, credential), "NX"});
  Ask(commands, std::move(done), [](const RespReply& reply) {
    if (TakeFound(reply).ok()) return Status();
    return Status(Code::kConditionFailed, "the login is taken");
  });
}

void RedisNetwork::WriteRecords(uint64_t person, const PersonRecords& records, Done done) {
  Commands commands;
  commands.Add({"HSET", fmt::format("user:{}", person), "name", records.name, "profile",
                records.profile, "settings", records.settings});
  Ask(commands, std::move(done));
}

void RedisNetwork::WritePhoto(const NewItem& photo, Done done) {
  Commands commands;
  commands.Begin();
  commands.AddPhoto(photo);
  commands.End();
  Ask(commands, std::move(done));
}

// --- Sessions ------------------------------------------------------------------------------------

void RedisNetwork::MakeSession(uint64_t person, Done done) {
  MakeSession(person, std::move(done), {});
}

void RedisNetwork::MakeSession(uint64_t person, Done done, const StoreCost& before) {
  const Bytes token = RandomBytes(kTokenBytes);
  const Bytes key = SessionKey(token);
  const std::string end =
      std::to_string(parts_.clock->WallMillis() + int64_t{kSessionSeconds} * 1'000);
  Commands commands;
  commands.Begin();
  commands.Add(
      {"SET", key, fmt::format("{} smilebench", person), "EX", std::to_string(kSessionSeconds)});
  commands.Add({"ZADD", fmt::format("sessions:{}", person), end, key});
  commands.End();
  Ask(
      commands,
      [token, done = std::move(done)](StoreAnswer answer) {
        answer.token = token;
        done(answer);
      },
      nullptr, before);
}

void RedisNetwork::VerifySession(std::string_view token, Done done) {
  Commands commands;
  commands.Add({"GET", SessionKey(token)});
  Ask(commands, std::move(done), TakeFound);
}

// The backend gets the hash of the password. It would verify that with its own processor, which is
// left out.
void RedisNetwork::LogIn(uint64_t person, std::string_view login, std::string_view /*password*/,
                         Done done) {
  Commands commands;
  commands.Add({"GET", fmt::format("login:{}", login)});
  Ask(
      commands,
      [this, person, done = std::move(done)](const StoreAnswer& found) {
        if (!found.status.ok()) return done(found);
        MakeSession(person, done, found.cost);
      },
      TakeFound);
}

// --- What people do ------------------------------------------------------------------------------

void RedisNetwork::ReadProfile(uint64_t person, Done done) {
  Commands commands;
  commands.Add({"HMGET", fmt::format("user:{}", person), "name", "profile", "settings"});
  commands.Add({"SCARD", RedisFriendsKey(person)});
  commands.Add({"SCARD", fmt::format("followers:{}", person)});
  Ask(commands, std::move(done), TakeFound);
}

void RedisNetwork::ReadFeed(uint64_t person, Done done) {
  const auto feeding = std::make_shared<Feeding>();
  feeding->done = std::move(done);
  Commands commands;
  commands.AddFrom([&](Bytes* out) { return feeding->steps.Begin(person, out); });
  AskFeed(feeding, commands, {});
}

void RedisNetwork::AskFeed(const std::shared_ptr<Feeding>& feeding, const Commands& commands,
                           const StoreCost& before) {
  Ask(
      commands,
      [this, feeding](StoreAnswer answer) {
        if (!answer.status.ok()) return feeding->done(answer);
        Commands next;
        next.AddFrom([&](Bytes* out) { return feeding->steps.Next(out); });
        if (next.count() > 0) return AskFeed(feeding, next, answer.cost);
        answer.posts = feeding->steps.entries().size();
        feeding->done(answer);
      },
      [feeding](const RespReply& reply) { return feeding->steps.Take(reply); }, before);
}

void RedisNetwork::ReadPhoto(uint64_t owner, uint64_t photo, Done done) {
  Commands commands;
  commands.Add({"GET", fmt::format("photo:{}:{}", owner, photo)});
  Ask(commands, std::move(done), TakeFound);
}

void RedisNetwork::ReadComments(uint64_t post, Done done) {
  Commands commands;
  commands.AddFrom([&](Bytes* out) { return AppendRedisTimeline(post, kCommentsPerPage, out); });
  commands.Add({"SCARD", LikesKey(post)});
  const auto comments = std::make_shared<std::vector<FeedPost>>();
  const auto read = [this, comments, done = std::move(done)](const StoreAnswer& answer) {
    if (!answer.status.ok() || comments->empty()) return done(answer);
    Commands values;
    values.AddFrom([&](Bytes* out) { return AppendRedisPosts(*comments, out); });
    Ask(values, done, TakeFound, answer.cost);
  };
  // The reply of SCARD has no parts but itself.
  Ask(commands, read, [post, comments](const RespReply& reply) {
    for (size_t i = 1; i < reply.parts().size(); ++i) {
      comments->push_back({post, 0});
      SMILE_TRY(ReadRespNumber(reply.BytesOf(reply.parts()[i]), &comments->back().post));
    }
    return Status();
  });
}

void RedisNetwork::WritePost(const NewItem& post, Done done) {
  Commands commands;
  commands.Begin();
  commands.AddPost(post);
  commands.End();
  Ask(commands, std::move(done));
}

void RedisNetwork::WriteComment(uint64_t author, const NewItem& comment, Done done) {
  Commands commands;
  commands.Begin();
  commands.AddPost(comment);
  commands.AddPublish(author, {Notice::Kind::kComment, comment.of, comment.id});
  commands.End();
  Ask(commands, std::move(done));
}

void RedisNetwork::WritePhotoPost(const NewItem& photo, const NewItem& post, Done done) {
  Commands commands;
  commands.Begin();
  commands.AddPhoto(photo);
  commands.AddPost(post);
  commands.End();
  Ask(commands, std::move(done));
}

void RedisNetwork::Like(uint64_t person, uint64_t author, uint64_t post, Done done) {
  Commands commands;
  commands.Begin();
  commands.Add({"SADD", LikesKey(post), std::to_string(person)});
  commands.Add({"SADD", fmt::format("liked:{}", person), std::to_string(post)});
  commands.AddPublish(author, {Notice::Kind::kLike, post, person});
  commands.End();
  Ask(commands, std::move(done));
}

void RedisNetwork::Befriend(uint64_t person, uint64_t other, Done done) {
  Commands commands;
  commands.Begin();
  commands.Add({"SADD", RedisFriendsKey(person), std::to_string(other)});
  commands.Add({"SADD", RedisFriendsKey(other), std::to_string(person)});
  commands.AddPublish(other, {Notice::Kind::kFriend, other, person});
  commands.End();
  Ask(commands, std::move(done));
}

void RedisNetwork::Watch(const std::vector<Interest>& interests, OnNotice on_notice,
                         OnWatching watching) {
  subscriber_ = std::make_unique<RedisSubscriber>(parts_, interests, std::move(on_notice),
                                                  std::move(watching));
}

}  // namespace

std::unique_ptr<NetworkStore> MakeRedisNetwork(const StoreParts& parts) {
  return std::make_unique<RedisNetwork>(parts);
}

}  // namespace smile::bench
