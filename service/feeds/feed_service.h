// Feeds: the newest posts of all whom a user is linked to, merged.
//
// How a feed of 20 posts from 300 authors avoids reading 300 timelines: the engine knows the first
// sort key of many partitions in memory (Engine::PeekFirst), so the newest post id of each author
// is one lookup, prefetched for all together. The posts of the page are among those of the `limit`
// authors with the newest ones, and not older than the newest of the last of these; only so much is
// taken of their timelines, most of which are in the page cache of timelines.
//
// All calls may be made on any thread, at the same time. They answer what Engine answers beside
// what is said here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/link_service.h"
#include "storage/call_context.h"

namespace smile {

// A post in the order of feeds: the newest first, and of the same id the smallest author first.
struct FeedPlace {
  uint64_t post = 0;
  uint64_t author = 0;

  bool operator==(const FeedPlace&) const = default;
  bool IsBefore(const FeedPlace& other) const {
    return post != other.post ? post > other.post : author < other.author;
  }
};

struct FeedRequest {
  uint64_t user = 0;
  std::vector<LinkKind> kinds;  // of links to the authors
  uint32_t limit = 0;           // maximum number of posts, at least 1
  bool keys_only = false;
  std::optional<uint64_t> newer_than;  // only posts with greater ids
  std::optional<FeedPlace> after;      // only posts after this one, which need not be there
  CallContext call;
};

struct FeedEntry {
  bool is_corrupt = false;  // there is a post, but it cannot be read
  FeedPlace place;
  Record record;  // zero and empty if it is corrupt
};

struct FeedPage {
  std::vector<FeedEntry> entries;
  std::optional<FeedPlace> next;  // there may be more after this place
  bool gap = false;  // posts, or links to authors, are missing because they cannot be read
  bool cut = false;  // the user is linked to more than limits::kMaxFeedAuthors: the newest count
};

class FeedService {
 public:
  // A scan of a timeline ends when it has passed very many deleted posts. Maximum number of scans
  // of one request that continue another; then the page ends where they are.
  static constexpr int kMaxMoreScans = 16;

  // Both outlive the service, which outlives its calls.
  FeedService(Engine& engine, const LinkService& links) : engine_(engine), links_(links) {}

  // Not a snapshot: a post that is written or deleted meanwhile may be there or not. A page may be
  // shorter than its limit, even empty, although there are more. Costs a lookup of each author,
  // a read of as many timelines as there are posts on the page, and kMaxMoreScans scans.
  Task<Result<FeedPage>> Read(FeedRequest request) const;

 private:
  struct Timeline;
  struct Authors;

  Task<Status> FindAuthors(const FeedRequest& request, Authors* authors) const;
  // Reads a few of these at a time; the first failure.
  using ReadOne = Task<Status> (FeedService::*)(const FeedRequest&, Timeline*) const;
  Task<Status> ReadEach(const FeedRequest& request, std::vector<Timeline*> timelines,
                        size_t expected_of_each, ReadOne read) const;
  Task<Status> FindFirst(const FeedRequest& request, Timeline* timeline) const;
  Task<Status> FindAllFirst(const FeedRequest& request, std::vector<Timeline>* timelines) const;
  static bool TakePosts(const FeedRequest& request, std::span<const ScanPage::Entry> entries,
                        bool more, Timeline* timeline);
  bool PeekPosts(const FeedRequest& request, Timeline* timeline) const;
  Task<Status> ReadPosts(const FeedRequest& request, Timeline* timeline) const;
  Task<Status> ReadAllPosts(const FeedRequest& request, std::vector<Timeline>* timelines) const;
  static void Merge(const FeedRequest& request, std::vector<Timeline> timelines, FeedPage* page);

  const EngineCalls engine_;
  const LinkService& links_;
};

}  // namespace smile
