// The network on Smile: each function is an operation or two.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "bench/network/network_store.h"
#include "bench/smilebench/feed_graph.h"
#include "client/connection.h"
#include "client/watch_call.h"
#include "model/key.h"

namespace smile::bench {
namespace {

constexpr size_t kPartitionsPerWatch = 1'000;  // the most of one request
constexpr uint8_t kFriend = static_cast<uint8_t>(LinkKind::kFriend);
constexpr uint8_t kFollower = static_cast<uint8_t>(LinkKind::kFollower);
constexpr uint8_t kLike = 16;
constexpr uint8_t kLikedBy = static_cast<uint8_t>(InverseOf(LinkKind{kLike}));

op::BatchItem Item(ByteView name, ByteView value) {
  return {.sort = name, .checksum = Hash64(value), .value = value};
}

op::Put::Request PutOf(const Key& key, ByteView value) {
  return {.key = key, .checksum = Hash64(value), .value = value};
}

op::MediaPut::Request PutOf(const NewItem& photo) {
  return {.owner = photo.of,
          .media = photo.id,
          .content_type = "image/jpeg",
          .checksum = Hash64(photo.bytes),
          .bytes = photo.bytes};
}

// What a record that was put says; nothing if nobody is told of it.
std::optional<Notice> NoticeOf(const KeyView& key) {
  const std::optional<uint64_t> of = DecodePartition(key.partition);
  if (!of) return std::nullopt;
  if (key.table == Table::kPosts) {
    const std::optional<uint64_t> comment = DecodePostSort(key.sort);
    if (!comment) return std::nullopt;
    return Notice{Notice::Kind::kComment, *of, *comment};
  }
  const std::optional<LinkSort> link = DecodeLinkSort(key.sort);
  if (!link || link->view != LinkView::kMember) return std::nullopt;
  if (link->kind == LinkKind::kFriend) return Notice{Notice::Kind::kFriend, *of, link->first};
  if (link->kind == LinkKind{kLikedBy}) return Notice{Notice::Kind::kLike, *of, link->first};
  return std::nullopt;
}

// Requests that are sent together.
struct Together {
  uint32_t left = 0;
  StoreAnswer answer;
  NetworkStore::Done done;
};

// What was asked before is part of the answer.
NetworkStore::Done After(const StoreAnswer& before, const NetworkStore::Done& done) {
  return [cost = before.cost, done](StoreAnswer answer) {
    answer.cost += cost;
    done(answer);
  };
}

class SmileNetwork final : public NetworkStore {
 public:
  explicit SmileNetwork(const StoreParts& parts);

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
  Connection& Next() { return *connections_[++requests_ % connections_.size()]; }

  // One request. Its answer is completed by `take`, which may be null.
  template <class Row>
  void Ask(const typename Row::Request& request, Done done,
           std::function<void(const typename Row::Response&, StoreAnswer*)> take = nullptr);
  // One of those that are sent together.
  template <class Row>
  void Ask(const typename Row::Request& request, std::shared_ptr<Together> together);
  void Link(uint64_t user, uint8_t kind, uint64_t other, Done done);
  void Watch(const op::Watch::Request& request);
  void OnWatched(const op::Watch::Response& message);

  EventLoop* const loop_;
  uint64_t requests_ = 0;

  OnNotice on_notice_;
  OnWatching watching_;
  uint64_t watched_ = 0;  // partitions
  size_t watches_ = 0, begun_ = 0;

  // The last member: calls in flight end when it is destroyed.
  std::vector<std::unique_ptr<Connection>> connections_;
};

SmileNetwork::SmileNetwork(const StoreParts& parts) : loop_(parts.loop) {
  const ClientOptions client = {.servers = {parts.server}, .name = "smilebench"};
  for (uint32_t i = 0; i < parts.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(parts.loop, parts.clock, client));
  }
}

Status SmileNetwork::Connect() {
  Status failure;
  size_t waiting = connections_.size();
  for (const auto& connection : connections_) {
    connection->Call<op::Ping>({}, {.retry = false}, [&](const Answer<op::Ping>& answer) {
      if (!answer.ok()) failure = answer.status();
      if (--waiting == 0) loop_->Stop();
    });
  }
  loop_->Run();
  return failure;
}

void SmileNetwork::Flush() {
  for (const auto& connection : connections_) connection->Flush();
}

template <class Row>
void SmileNetwork::Ask(const typename Row::Request& request, Done done,
                       std::function<void(const typename Row::Response&, StoreAnswer*)> take) {
  Next().Call<Row>(request, {},
                   [done = std::move(done), take = std::move(take)](const Answer<Row>& answer) {
                     StoreAnswer whole;
                     whole.status = answer.status();
                     whole.cost = {.requests = 1, .round_trips = 1};
                     if (answer.ok() && take) take(*answer, &whole);
                     done(whole);
                   });
}

template <class Row>
void SmileNetwork::Ask(const typename Row::Request& request, std::shared_ptr<Together> together) {
  ++together->left;
  ++together->answer.cost.requests;
  together->answer.cost.round_trips = 1;
  Next().Call<Row>(request, {}, [together = std::move(together)](const Answer<Row>& answer) {
    if (together->answer.status.ok()) together->answer.status = answer.status();
    if (--together->left == 0) together->done(together->answer);
  });
}

// --- What people have ----------------------------------------------------------------------------

void SmileNetwork::WriteLogin(uint64_t person, std::string_view login, std::string_view credential,
                              Done done) {
  Ask<op::LoginImport>({.login = login, .user = person, .credential = credential}, std::move(done));
}

void SmileNetwork::WriteRecords(uint64_t person, const PersonRecords& records, Done done) {
  const Bytes partition = PartitionOf(person);
  Ask<op::Batch>({.partition = {Table::kUsers, partition},
                  .items = {Item("name", records.name), Item("profile", records.profile),
                            Item("settings", records.settings)}},
                 std::move(done));
}

void SmileNetwork::WritePhoto(const NewItem& photo, Done done) {
  Ask<op::MediaPut>(PutOf(photo), std::move(done));
}

// --- Sessions ------------------------------------------------------------------------------------

void SmileNetwork::MakeSession(uint64_t person, Done done) {
  Ask<op::SessionMake>({.user = person, .label = "smilebench", .expire_seconds = kSessionSeconds},
                       std::move(done),
                       [](const op::SessionMake::Response& made, StoreAnswer* answer) {
                         answer->token = made.token;
                       });
}

void SmileNetwork::VerifySession(std::string_view token, Done done) {
  Ask<op::SessionVerify>({.token = token}, std::move(done));
}

void SmileNetwork::LogIn(uint64_t person, std::string_view login, std::string_view password,
                         Done done) {
  Ask<op::LoginVerify>({.login = login, .password = password, .label = "smilebench"},
                       [this, person, done = std::move(done)](const StoreAnswer& verified) {
                         if (!verified.status.ok()) return done(verified);
                         MakeSession(person, After(verified, done));
                       });
}

// --- What people do ------------------------------------------------------------------------------

void SmileNetwork::ReadProfile(uint64_t person, Done done) {
  const std::array<Key, 3> keys = {UserKey(person, "name"), UserKey(person, "profile"),
                                   UserKey(person, "settings")};
  const auto together = std::make_shared<Together>();
  together->done = std::move(done);
  Ask<op::MGet>({.keys = {keys[0].view(), keys[1].view(), keys[2].view()}}, together);
  Ask<op::LinkCount>({.user = person, .kind = kFriend}, together);
  Ask<op::LinkCount>({.user = person, .kind = kFollower}, together);
}

void SmileNetwork::ReadFeed(uint64_t person, Done done) {
  Ask<op::Feed>({.user = person, .kinds = {kFriend}, .limit = kFeedPosts}, std::move(done),
                [](const op::Feed::Response& feed, StoreAnswer* answer) {
                  answer->posts = feed.entries.size();
                });
}

void SmileNetwork::ReadPhoto(uint64_t owner, uint64_t photo, Done done) {
  Ask<op::MediaRead>({.owner = owner, .media = photo}, std::move(done));
}

void SmileNetwork::ReadComments(uint64_t post, Done done) {
  const Bytes partition = PartitionOf(post);
  const auto together = std::make_shared<Together>();
  together->done = std::move(done);
  Ask<op::Scan>({.partition = {Table::kPosts, partition}, .limit = kCommentsPerPage}, together);
  Ask<op::LinkCount>({.user = post, .kind = kLikedBy}, together);
}

void SmileNetwork::WritePost(const NewItem& post, Done done) {
  const Key key = PostKey(post.of, post.id);
  Ask<op::Put>(PutOf(key, post.bytes), std::move(done));
}

// Whoever watches the post is told.
void SmileNetwork::WriteComment(uint64_t /*author*/, const NewItem& comment, Done done) {
  WritePost(comment, std::move(done));
}

void SmileNetwork::WritePhotoPost(const NewItem& photo, const NewItem& post, Done done) {
  WritePhoto(photo, [this, of = post.of, id = post.id, text = Bytes(post.bytes),
                     done = std::move(done)](const StoreAnswer& written) {
    if (!written.status.ok()) return done(written);
    WritePost({of, id, text}, After(written, done));
  });
}

void SmileNetwork::Link(uint64_t user, uint8_t kind, uint64_t other, Done done) {
  Ask<op::Link>(
      {.user = user, .kind = kind, .other = other}, std::move(done),
      [](const op::Link::Response& link, StoreAnswer* answer) { answer->notifies = link.created; });
}

void SmileNetwork::Like(uint64_t person, uint64_t /*author*/, uint64_t post, Done done) {
  Link(person, kLike, post, std::move(done));
}

void SmileNetwork::Befriend(uint64_t person, uint64_t other, Done done) {
  Link(person, kFriend, other, std::move(done));
}

// --- Watches -------------------------------------------------------------------------------------

void SmileNetwork::Watch(const std::vector<Interest>& interests, OnNotice on_notice,
                         OnWatching watching) {
  on_notice_ = std::move(on_notice);
  watching_ = std::move(watching);
  std::vector<Key> partitions;  // without sort keys
  for (const Interest& interest : interests) {
    partitions.emplace_back(Table::kLinks, PartitionOf(interest.person), ByteView());
    for (const uint64_t post : interest.posts) {
      partitions.emplace_back(Table::kLinks, PartitionOf(post), ByteView());
      partitions.emplace_back(Table::kPosts, PartitionOf(post), ByteView());
    }
  }
  watched_ = partitions.size();
  watches_ = (partitions.size() + kPartitionsPerWatch - 1) / kPartitionsPerWatch;
  for (size_t begin = 0; begin < partitions.size(); begin += kPartitionsPerWatch) {
    op::Watch::Request request;
    const size_t end = std::min(partitions.size(), begin + kPartitionsPerWatch);
    for (size_t at = begin; at < end; ++at) {
      request.partitions.push_back(partitions[at].view().partition_view());
    }
    Watch(request);
  }
}

void SmileNetwork::Watch(const op::Watch::Request& request) {
  const auto shared = std::make_shared<smile::Watch::Shared>(
      WatchCallbacks{[this](const Answer<op::Watch>& message) { OnWatched(*message); }});
  Connection& connection = Next();
  auto call = std::make_unique<WatchCall>(request, requests_, shared);
  connection.Admit(call.get());
  connection.Add(std::move(call));
}

void SmileNetwork::OnWatched(const op::Watch::Response& message) {
  if (message.event == WatchedEvent::kStarted && ++begun_ == watches_) {
    return watching_({}, watched_);
  }
  if (message.event != WatchedEvent::kPut) return;
  if (const auto notice = NoticeOf(*message.key)) on_notice_(*notice);
}

}  // namespace

std::unique_ptr<NetworkStore> MakeSmileNetwork(const StoreParts& parts) {
  return std::make_unique<SmileNetwork>(parts);
}

}  // namespace smile::bench
