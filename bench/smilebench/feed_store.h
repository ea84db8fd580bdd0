// A server that has a FeedGraph, and gives its feeds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/status.h"
#include "bench/smilebench/feed_graph.h"
#include "bench/smilebench/store_parts.h"

namespace smile::bench {

struct FeedTraffic {
  uint64_t round_trips = 0;
  uint64_t sent_bytes = 0;
  uint64_t received_bytes = 0;
};

// The post of a page. Borrows its value.
struct FeedEntry {
  FeedPost post;
  ByteView value;
};

// Belongs to the thread of its loop. All calls are answered in the loop.
class FeedStore {
 public:
  using Done = std::function<void(const Status&)>;
  using DoneReading = std::function<void(const Status&, std::span<const FeedEntry>)>;

  virtual ~FeedStore() = default;

  // Writes the graph, which outlives it. Once.
  virtual void Load(const FeedGraph& graph, Done done) = 0;

  // Reads the feed of a user on the connection of that slot. A slot reads one after the other, also
  // from within `done`.
  virtual void Read(uint32_t slot, uint64_t user, DoneReading done) = 0;

  // Sends what was started. To be called at the end of each turn of the loop.
  virtual void Flush() = 0;

  // Until now.
  virtual FeedTraffic traffic() const = 0;
};

// One FEED.
std::unique_ptr<FeedStore> MakeSmileFeeds(const StoreParts& parts);

// A set of friends for each user, a sorted set of posts for each author, and a string for each
// post.
std::unique_ptr<FeedStore> MakeRedisFeeds(const StoreParts& parts, bool with_scores);

}  // namespace smile::bench
