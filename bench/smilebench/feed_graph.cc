#include "bench/smilebench/feed_graph.h"

#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "bench/smilebench/random.h"
#include "model/time_ordered_id.h"

namespace smile::bench {
namespace {

constexpr int64_t kFirstMillis = 1'760'000'000'000;  // of the oldest post, as Unix time
constexpr int64_t kMillisBetween = 1'237;

// Steps of this length meet all of `count` numbers, and those that follow each other are far apart.
uint64_t StrideOf(uint64_t count) {
  auto stride = static_cast<uint64_t>(static_cast<double>(count) * 0.618) + 1;
  while (std::gcd(stride, count) != 1) ++stride;
  return stride;
}

}  // namespace

FeedGraph::FeedGraph(const FeedGraphOptions& options)
    : options_(options), stride_(StrideOf(uint64_t{options.users} * options.friends)) {
  for (uint64_t user = 1; user <= options_.users; ++user) {
    AddPostsOf(user);
    const std::span<const FeedPost> posts = PostsOf(user);
    std::vector<ExpectedPost>& feed = feeds_.emplace_back();
    for (size_t i = posts.size(); i > 0 && feed.size() < kFeedPosts; --i) {
      feed.push_back({posts[i - 1], ValueOf(posts[i - 1])});
    }
  }
}

uint64_t FeedGraph::FriendOf(uint64_t user, uint32_t index) const {
  const uint64_t count = uint64_t{options_.users} * options_.friends;
  return 1 + options_.users + ((user - 1) * options_.friends + index) * stride_ % count;
}

std::span<const FeedPost> FeedGraph::PostsOf(uint64_t user) const {
  const size_t each = size_t{options_.friends} * options_.posts;
  return std::span(posts_).subspan((user - 1) * each, each);
}

void FeedGraph::AddPostsOf(uint64_t user) {
  const size_t first = posts_.size();
  const size_t count = size_t{options_.friends} * options_.posts;
  for (size_t i = 0; i < count; ++i) {
    posts_.push_back({FriendOf(user, static_cast<uint32_t>(i % options_.friends)), 0});
  }
  Random random(user);
  for (size_t i = count; i > 1; --i) {
    std::swap(posts_[first + i - 1], posts_[first + random.Below(i)]);
  }
  for (size_t i = 0; i < count; ++i) {
    const int64_t millis = kFirstMillis + static_cast<int64_t>(i) * kMillisBetween;
    posts_[first + i].post = IdOfMillis(millis, static_cast<uint32_t>(random.Next()));
  }
}

Bytes FeedGraph::ValueOf(const FeedPost& post) const {
  Bytes value = fmt::format("{}:{} ", post.author, post.post);
  value.resize(options_.value_bytes, 'x');
  return value;
}

}  // namespace smile::bench
