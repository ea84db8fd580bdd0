// Users, their friends and the friends' posts. Everything is derived from numbers, so a reader
// knows each feed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace smile::bench {

inline constexpr uint32_t kFeedPosts = 20;  // of a page

struct FeedGraphOptions {
  uint32_t users = 16;     // who read feeds
  uint32_t friends = 300;  // of each of them
  uint32_t posts = 5;      // of each friend
  uint32_t value_bytes = 200;
};

struct FeedPost {
  uint64_t author = 0;
  uint64_t post = 0;

  bool operator==(const FeedPost&) const = default;
};

// A post of a page.
struct ExpectedPost {
  FeedPost post;
  Bytes value;
};

class FeedGraph {
 public:
  explicit FeedGraph(const FeedGraphOptions& options);

  // Users are 1 to users(). Nobody is a friend of two of them. The numbers of a user's friends are
  // far from each other, so that a store does not find them in one place.
  uint32_t users() const { return options_.users; }
  uint32_t friends() const { return options_.friends; }
  uint64_t FriendOf(uint64_t user, uint32_t index) const;

  // The posts of the user's friends, the oldest first. The friends write in a random order.
  std::span<const FeedPost> PostsOf(uint64_t user) const;
  Bytes ValueOf(const FeedPost& post) const;

  // The page: the newest first.
  std::span<const ExpectedPost> FeedOf(uint64_t user) const { return feeds_[user - 1]; }

 private:
  void AddPostsOf(uint64_t user);

  const FeedGraphOptions options_;
  const uint64_t stride_;
  std::vector<FeedPost> posts_;
  std::vector<std::vector<ExpectedPost>> feeds_;
};

}  // namespace smile::bench
