// Feeds of Smile.
#include <utility>
#include <vector>

#include "base/hash.h"
#include "bench/smilebench/feed_store.h"
#include "client/connection.h"
#include "model/key.h"

namespace smile::bench {
namespace {

constexpr uint64_t kMaxLoading = 512;  // requests in flight
constexpr uint8_t kFriend = static_cast<uint8_t>(LinkKind::kFriend);

class SmileFeeds final : public FeedStore {
 public:
  explicit SmileFeeds(const StoreParts& parts);

  void Load(const FeedGraph& graph, Done done) override;
  void Read(uint32_t slot, uint64_t user, DoneReading done) override;
  void Flush() override;
  FeedTraffic traffic() const override { return traffic_; }

 private:
  void Fill();
  bool SendNext();
  template <class Row>
  void Send(const typename Row::Request& request);
  void OnWritten(const Status& status);
  void OnFeed(const Answer<op::Feed>& answer, const DoneReading& done);

  FeedTraffic traffic_;
  std::vector<FeedEntry> entries_;  // for use inside

  // Of a load.
  const FeedGraph* graph_ = nullptr;
  Done loaded_;
  Status failure_;
  uint64_t loading_ = 0;  // requests in flight
  uint64_t user_ = 1;     // whose friends and their posts are written
  uint32_t friend_ = 0;   // the next of the user's
  size_t post_ = 0;       // likewise

  // The last member: calls in flight end when it is destroyed.
  std::vector<std::unique_ptr<Connection>> connections_;
};

SmileFeeds::SmileFeeds(const StoreParts& parts) {
  ClientOptions client = {.servers = {parts.server}, .name = "smilebench"};
  client.tap = [this](TapEvent event, ByteView bytes) {
    if (event == TapEvent::kSent) traffic_.sent_bytes += bytes.size();
    if (event == TapEvent::kReceived) traffic_.received_bytes += bytes.size();
  };
  for (uint32_t i = 0; i < parts.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(parts.loop, parts.clock, client));
  }
}

void SmileFeeds::Flush() {
  for (const auto& connection : connections_) connection->Flush();
}

void SmileFeeds::Load(const FeedGraph& graph, Done done) {
  graph_ = &graph;
  loaded_ = std::move(done);
  // If there is no server, this ends at once.
  connections_[0]->Call<op::Ping>({}, {.retry = false}, [this](const Answer<op::Ping>& answer) {
    if (!answer.ok()) return loaded_(answer.status());
    Fill();
  });
}

void SmileFeeds::Fill() {
  while (loading_ < kMaxLoading && failure_.ok() && SendNext()) {
  }
  if (loading_ == 0) loaded_(failure_);
}

// False: there is nothing more to send.
bool SmileFeeds::SendNext() {
  if (user_ > graph_->users()) return false;
  if (friend_ < graph_->friends()) {
    Send<op::Link>({.user = user_, .kind = kFriend, .other = graph_->FriendOf(user_, friend_++)});
    return true;
  }
  const std::span<const FeedPost> posts = graph_->PostsOf(user_);
  const FeedPost& post = posts[post_++];
  const Key key = PostKey(post.author, post.post);
  const Bytes value = graph_->ValueOf(post);
  Send<op::Put>({.key = key, .checksum = Hash64(value), .value = value});
  if (post_ == posts.size()) {
    ++user_;
    friend_ = 0;
    post_ = 0;
  }
  return true;
}

template <class Row>
void SmileFeeds::Send(const typename Row::Request& request) {
  ++loading_;
  connections_[0]->Call<Row>(request, {.any_order = true},
                             [this](const Answer<Row>& answer) { OnWritten(answer.status()); });
}

void SmileFeeds::OnWritten(const Status& status) {
  --loading_;
  if (failure_.ok()) failure_ = status;
  Fill();
}

void SmileFeeds::Read(uint32_t slot, uint64_t user, DoneReading done) {
  ++traffic_.round_trips;
  connections_[slot]->Call<op::Feed>(
      {.user = user, .kinds = {kFriend}, .limit = kFeedPosts}, {.retry = false},
      [this, done = std::move(done)](const Answer<op::Feed>& answer) { OnFeed(answer, done); });
}

// The client has verified the checksums of all values.
void SmileFeeds::OnFeed(const Answer<op::Feed>& answer, const DoneReading& done) {
  if (!answer.ok()) return done(answer.status(), {});
  entries_.clear();
  for (const op::FeedEntry& entry : answer->entries) {
    if (entry.outcome != EntryOutcome::kFound) {
      return done({Code::kCorrupt, "a post of a feed cannot be read"}, {});
    }
    entries_.push_back({{entry.author, entry.post}, entry.record.value});
  }
  done({}, entries_);
}

}  // namespace

std::unique_ptr<FeedStore> MakeSmileFeeds(const StoreParts& parts) {
  return std::make_unique<SmileFeeds>(parts);
}

}  // namespace smile::bench
