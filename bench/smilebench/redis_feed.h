// The feed of a user as a backend makes it over Redis, in three steps: the friends, the newest
// posts of each in one pipeline, and, after a merge, the posts themselves. No connection: it says
// what to ask, and takes the replies.
//
// The friends of a user are a set at "friends:USER". The posts of an author are a sorted set at
// "posts:AUTHOR", scored by their time; each of them is a string at "p:AUTHOR:POST".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "bench/smilebench/feed_graph.h"
#include "bench/smilebench/feed_store.h"
#include "bench/smilebench/resp.h"

namespace smile::bench {

Bytes RedisFriendsKey(uint64_t user);
Bytes RedisTimelineKey(uint64_t author);
Bytes RedisPostKey(const FeedPost& post);

// The commands that write a post: as many as they have replies, which is returned.
size_t AppendRedisPost(const FeedPost& post, ByteView value, Bytes* commands);
// Those that read the `count` newest of an author: one.
size_t AppendRedisTimeline(uint64_t author, uint32_t count, Bytes* commands);
// Those that read these posts: one.
size_t AppendRedisPosts(std::span<const FeedPost> posts, Bytes* commands);

class RedisFeedSteps {
 public:
  // Without scores the merge is by id: ids are by time too.
  explicit RedisFeedSteps(bool with_scores) : with_scores_(with_scores) {}

  // Appends the commands of the first step; returns the number of their replies.
  size_t Begin(uint64_t user, Bytes* commands);

  // A reply of the step, which is not an error. A failure: it is not what was asked for.
  Status Take(const RespReply& reply);

  // After the last reply of a step: appends the commands of the next step, and returns the number
  // of their replies. 0: the feed is complete.
  size_t Next(Bytes* commands);

  // Of a complete feed. Borrows from the last reply.
  std::span<const FeedEntry> entries() const { return entries_; }

 private:
  enum class Stage : uint8_t { kFriends, kTimelines, kPosts };
  struct Candidate {
    double score = 0;
    FeedPost post;
  };

  Status TakeFriends(const RespReply& reply);
  Status TakeTimeline(const RespReply& reply);
  Status TakePosts(const RespReply& reply);
  size_t AskTimelines(Bytes* commands);
  size_t AskPosts(Bytes* commands);
  void Merge();

  const bool with_scores_;
  Stage stage_ = Stage::kFriends;
  std::vector<uint64_t> friends_;
  size_t timelines_ = 0;  // that came
  std::vector<Candidate> candidates_;
  std::vector<FeedPost> posts_;  // of the page
  std::vector<FeedEntry> entries_;
};

}  // namespace smile::bench
