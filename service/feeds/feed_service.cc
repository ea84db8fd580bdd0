#include "service/feeds/feed_service.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "model/key.h"
#include "service/await_all.h"

namespace smile {
namespace {

// What the read of a first post, and of some posts, of a timeline is expected to take.
constexpr size_t kFirstBytes = 512;
constexpr size_t kPostsBytes = size_t{4} << 10;
constexpr uint32_t kLeastPosts = 20;  // that are read of a timeline at once, if so many are wanted

// Without memory of its own: readers run several at the same time, and a ReadMemory is for one
// thread at a time. ReadEach takes from it.
ScanRequest ScanOf(uint64_t author, const CallContext& call) {
  ScanRequest scan{.table = Table::kPosts, .partition = PartitionOf(author), .call = call};
  scan.call.memory = nullptr;
  return scan;
}

size_t BytesOf(const FeedEntry& entry) {
  return sizeof(entry) + entry.record.value.size();
}

// The greatest id of a post of this author after that place.
std::optional<uint64_t> FirstIdAfter(const FeedPlace& place, uint64_t author) {
  // Of the same id, the posts of greater authors come later.
  if (place.author < author) return place.post;
  if (place.post == 0) return std::nullopt;
  return place.post - 1;
}

// The last place before that one; none if it is the first of all.
std::optional<FeedPlace> PlaceBefore(const FeedPlace& place) {
  if (place.author > 0) return FeedPlace{.post = place.post, .author = place.author - 1};
  if (place.post == UINT64_MAX) return std::nullopt;
  return FeedPlace{.post = place.post + 1, .author = UINT64_MAX};
}

uint64_t PostOf(ByteView sort) {
  const std::optional<uint64_t> post = DecodePostSort(sort);
  CHECK(post.has_value(), "keys of this table have 8 bytes");
  return *post;
}

// The greatest id of a post that the next page may have. None: see ContinueScan.
std::optional<uint64_t> ResumeFrom(const ScanPage& page) {
  return page.resume_from ? DecodePostSort(*page.resume_from) : std::nullopt;
}

}  // namespace

// --- Timelines -----------------------------------------------------------------------------------

struct FeedService::Authors {
  std::vector<uint64_t> ids;
  bool gap = false;
  bool cut = false;
};

// The posts of one author that may be on the page.
struct FeedService::Timeline {
  enum class First : uint8_t { kUnknown, kNone, kKnown };

  uint64_t author = 0;
  std::atomic<int>* scans_left = nullptr;  // see kMaxMoreScans; shared by all of a request
  First first = First::kUnknown;
  FeedPlace newest;                // if it is known: that of the newest post, or a place before it
  bool starts_at_newest = false;   // many deleted posts are before it
  std::optional<FeedPlace> until;  // no post after this one is on the page
  uint32_t limit = 0;              // posts that are read at once
  std::vector<FeedEntry> entries;
  std::optional<FeedPlace> known_until;  // there may be more after this place
  bool gap = false;

  bool MayScanMore() const { return scans_left->fetch_sub(1, std::memory_order_relaxed) > 0; }
  // Whether its newest post was on an earlier page, or would have been.
  bool WasShown(const FeedRequest& request) const {
    return request.after && !request.after->IsBefore(newest);
  }
};

namespace {

// Leaves those that may have posts on the page: all whose newest post was on an earlier one, and of
// the others as many as there are posts on a page. Sets until what that counts.
template <class Timelines>
void Choose(const FeedRequest& request, Timelines* timelines) {
  std::erase_if(*timelines, [&](const auto& timeline) {
    if (timeline.first == decltype(timeline.first)::kNone) return true;
    return request.newer_than && timeline.newest.post <= *request.newer_than;
  });
  const auto fresh =
      std::partition(timelines->begin(), timelines->end(),
                     [&](const auto& timeline) { return timeline.WasShown(request); });
  if (timelines->end() - fresh <= static_cast<ptrdiff_t>(request.limit)) return;
  const auto last = fresh + request.limit - 1;
  std::nth_element(fresh, last, timelines->end(), [](const auto& one, const auto& other) {
    return one.newest.IsBefore(other.newest);
  });
  const FeedPlace until = last->newest;
  timelines->erase(last + 1, timelines->end());
  for (auto& timeline : *timelines) timeline.until = until;
}

}  // namespace

namespace {

// One to each, and not too many.
void LeaveNewestLinks(std::vector<LinkPlace>* links, bool* cut) {
  std::sort(links->begin(), links->end(), [](const LinkPlace& one, const LinkPlace& other) {
    return one.other != other.other ? one.other < other.other : one.time_ms > other.time_ms;
  });
  const auto same = [](const LinkPlace& one, const LinkPlace& other) {
    return one.other == other.other;
  };
  links->erase(std::unique(links->begin(), links->end(), same), links->end());
  if (links->size() <= limits::kMaxFeedAuthors) return;
  *cut = true;
  const auto end = links->begin() + limits::kMaxFeedAuthors;
  std::nth_element(
      links->begin(), end, links->end(),
      [](const LinkPlace& one, const LinkPlace& other) { return one.time_ms > other.time_ms; });
  links->erase(end, links->end());
}

}  // namespace

// --- Authors -------------------------------------------------------------------------------------

Task<Status> FeedService::FindAuthors(const FeedRequest& request, Authors* authors) const {
  std::vector<LinkPlace> links;
  for (const LinkKind kind : request.kinds) {
    const LinksOf of{.user = request.user, .kind = kind};
    Result<LinkedOthers> linked = co_await links_.Others(of, limits::kMaxFeedAuthors, request.call);
    if (!linked.ok()) co_return linked.status();
    authors->gap = authors->gap || linked->gap;
    authors->cut = authors->cut || linked->more;
    links.insert(links.end(), linked->links.begin(), linked->links.end());
  }
  if (request.kinds.size() > 1) LeaveNewestLinks(&links, &authors->cut);
  authors->ids.reserve(links.size());
  for (const LinkPlace& link : links) authors->ids.push_back(link.other);
  co_return Status();
}

Task<Status> FeedService::FindFirst(const FeedRequest& request, Timeline* timeline) const {
  ScanRequest scan = ScanOf(timeline->author, request.call);
  scan.limit = 1;
  scan.keys_only = true;
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    for (size_t i = 0; i < page->size(); ++i) {
      if ((*page)[i].outcome == ScanPage::Outcome::kGap) {
        timeline->gap = true;
        continue;
      }
      timeline->first = Timeline::First::kKnown;
      timeline->newest = {.post = PostOf((*page)[i].sort), .author = timeline->author};
      co_return Status();
    }
    if (!page->more) break;
    ContinueScan(*page, &scan);
    const std::optional<uint64_t> resume = ResumeFrom(*page);
    if (!resume) continue;
    uint64_t next = *resume;
    if (request.after) {  // what is before it is on no further page
      const std::optional<uint64_t> wanted = FirstIdAfter(*request.after, timeline->author);
      if (!wanted) break;
      next = std::min(next, *wanted);
    }
    timeline->starts_at_newest = true;
    timeline->newest = {.post = next, .author = timeline->author};
    if (!timeline->MayScanMore()) {
      timeline->first = Timeline::First::kKnown;
      co_return Status();
    }
    scan.from = PostKey(timeline->author, next).sort;
  }
  timeline->first = Timeline::First::kNone;
  co_return Status();
}

Task<Status> FeedService::FindAllFirst(const FeedRequest& request,
                                       std::vector<Timeline>* timelines) const {
  std::vector<Bytes> partitions;
  partitions.reserve(timelines->size());
  for (const Timeline& timeline : *timelines) partitions.push_back(PartitionOf(timeline.author));
  std::vector<Timeline*> unknown;
  engine_.PeekFirst(Table::kPosts, partitions, [&](size_t i, PeekResult result, ByteView sort) {
    Timeline& timeline = (*timelines)[i];
    if (result == PeekResult::kUnknown) return unknown.push_back(&timeline);
    timeline.first =
        result == PeekResult::kFound ? Timeline::First::kKnown : Timeline::First::kNone;
    if (result != PeekResult::kFound) return;
    timeline.newest = {.post = PostOf(sort), .author = timeline.author};
  });
  if (unknown.empty()) co_return Status();
  co_return co_await ReadEach(request, std::move(unknown), kFirstBytes, &FeedService::FindFirst);
}

Task<Status> FeedService::ReadEach(const FeedRequest& request, std::vector<Timeline*> timelines,
                                   size_t expected_of_each, ReadOne read) const {
  for (size_t begin = 0; begin < timelines.size(); begin += limits::kFeedReadsTogether) {
    const size_t end = std::min(timelines.size(), begin + limits::kFeedReadsTogether);
    const size_t expected = (end - begin) * expected_of_each;
    if (!TryTake(request.call.memory, expected)) co_return NoMemoryForResult();
    std::vector<Task<Status>> reads;
    for (size_t i = begin; i < end; ++i) reads.push_back((this->*read)(request, timelines[i]));
    const Status status = co_await AwaitAll(std::move(reads));
    if (!status.ok()) co_return status;
    size_t bytes = 0;
    for (size_t i = begin; i < end; ++i) {
      for (const FeedEntry& entry : timelines[i]->entries) bytes += BytesOf(entry);
    }
    if (bytes > expected && !TryTake(request.call.memory, bytes - expected)) {
      co_return NoMemoryForResult();
    }
  }
  co_return Status();
}

// --- Posts ---------------------------------------------------------------------------------------

// What may be on the page, of posts that follow each other. `more`: there may be more after them.
// False: they are not needed.
bool FeedService::TakePosts(const FeedRequest& request, std::span<const ScanPage::Entry> entries,
                            bool more, Timeline* timeline) {
  std::optional<FeedPlace> last;
  for (const ScanPage::Entry& found : entries) {
    if (found.outcome == ScanPage::Outcome::kGap) {
      timeline->gap = true;
      continue;
    }
    const FeedPlace place{.post = PostOf(found.sort), .author = timeline->author};
    if (request.newer_than && place.post <= *request.newer_than) return false;
    if (timeline->until && timeline->until->IsBefore(place)) {
      timeline->known_until = timeline->until;
      return false;
    }
    if (timeline->entries.size() == request.limit) {
      timeline->known_until = last;
      return false;
    }
    last = place;
    if (request.after && !request.after->IsBefore(place)) continue;
    const bool is_corrupt = found.outcome == ScanPage::Outcome::kCorrupt;
    timeline->entries.push_back({.is_corrupt = is_corrupt,
                                 .place = place,
                                 .record = is_corrupt ? Record() : Record(found.record)});
  }
  if (more) timeline->known_until = last;
  return more;
}

// From the first page of the author's timeline, if that is in memory. False: it says too little.
bool FeedService::PeekPosts(const FeedRequest& request, Timeline* timeline) const {
  ScanRequest scan = ScanOf(timeline->author, {});
  scan.limit = timeline->limit;
  scan.max_value_bytes = limits::kMaxReplyValueBytes;
  scan.keys_only = request.keys_only;
  bool enough = false;
  const auto found = [&](std::span<const ScanPage::Entry> entries, bool more) {
    size_t bytes = 0;
    for (const ScanPage::Entry& entry : entries) {
      bytes += sizeof(FeedEntry) + entry.record.value.size();
    }
    if (!TryTake(request.call.memory, bytes)) return;
    enough = !TakePosts(request, entries, more, timeline) || !timeline->entries.empty();
  };
  return engine_.PeekScan(scan, found) && enough;
}

Task<Status> FeedService::ReadPosts(const FeedRequest& request, Timeline* timeline) const {
  ScanRequest scan = ScanOf(timeline->author, request.call);
  scan.limit = timeline->limit;
  scan.max_value_bytes = limits::kMaxCachedValueBytes;
  scan.keys_only = request.keys_only;
  if (timeline->WasShown(request)) {
    const std::optional<uint64_t> next = FirstIdAfter(*request.after, timeline->author);
    if (!next) co_return Status();
    scan.from = PostKey(timeline->author, *next).sort;
  } else if (timeline->starts_at_newest) {
    scan.from = PostKey(timeline->author, timeline->newest.post).sort;
  }
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    std::vector<ScanPage::Entry> entries;
    for (size_t i = 0; i < page->size(); ++i) entries.push_back((*page)[i]);
    const bool goes_on = TakePosts(request, entries, page->more, timeline);
    if (!goes_on || !timeline->entries.empty()) co_return Status();
    timeline->known_until.reset();
    ContinueScan(*page, &scan);
    const std::optional<uint64_t> resume = ResumeFrom(*page);
    if (!resume) continue;
    if (*resume > timeline->newest.post) {
      scan.from = PostKey(timeline->author, timeline->newest.post).sort;
      continue;
    }
    const FeedPlace next{.post = *resume, .author = timeline->author};
    if (timeline->until && timeline->until->IsBefore(next)) {
      timeline->known_until = timeline->until;
      co_return Status();
    }
    if (timeline->MayScanMore()) continue;
    timeline->known_until = PlaceBefore(next);
    if (timeline->known_until) co_return Status();
  }
}

Task<Status> FeedService::ReadAllPosts(const FeedRequest& request,
                                       std::vector<Timeline>* timelines) const {
  // Of many timelines a few posts each; if these are too few for the page, it is short.
  const auto each =
      static_cast<uint32_t>(2 * size_t{request.limit} / std::max<size_t>(timelines->size(), 1));
  std::vector<Timeline*> unread;
  for (Timeline& timeline : *timelines) {
    timeline.limit = std::min(request.limit, std::max(each, kLeastPosts));
    if (PeekPosts(request, &timeline)) continue;
    timeline.entries.clear();
    timeline.known_until.reset();
    unread.push_back(&timeline);
  }
  if (unread.empty()) co_return Status();
  co_return co_await ReadEach(request, std::move(unread), kPostsBytes, &FeedService::ReadPosts);
}

Task<Result<FeedPage>> FeedService::Read(FeedRequest request) const {
  CHECK(request.limit > 0);
  Authors authors;
  if (const Status found = co_await FindAuthors(request, &authors); !found.ok()) co_return found;
  std::vector<Timeline> timelines(authors.ids.size());
  std::atomic<int> scans_left = kMaxMoreScans;
  for (size_t i = 0; i < timelines.size(); ++i) {
    timelines[i].author = authors.ids[i];
    timelines[i].scans_left = &scans_left;
  }
  if (const Status found = co_await FindAllFirst(request, &timelines); !found.ok()) {
    co_return found;
  }
  FeedPage page{.entries = {}, .next = {}, .gap = authors.gap, .cut = authors.cut};
  for (const Timeline& timeline : timelines) page.gap = page.gap || timeline.gap;
  Choose(request, &timelines);
  if (const Status read = co_await ReadAllPosts(request, &timelines); !read.ok()) co_return read;
  Merge(request, std::move(timelines), &page);
  co_return page;
}

void FeedService::Merge(const FeedRequest& request, std::vector<Timeline> timelines,
                        FeedPage* page) {
  for (Timeline& timeline : timelines) {
    page->gap = page->gap || timeline.gap;
    const std::optional<FeedPlace>& known = timeline.known_until;
    if (known && (!page->next || known->IsBefore(*page->next))) page->next = known;
    std::move(timeline.entries.begin(), timeline.entries.end(), std::back_inserter(page->entries));
  }
  // Also if none of the timelines reaches it.
  if (!timelines.empty() && timelines.front().until && !page->next) {
    page->next = timelines.front().until;
  }
  std::sort(
      page->entries.begin(), page->entries.end(),
      [](const FeedEntry& one, const FeedEntry& other) { return one.place.IsBefore(other.place); });
  if (page->next) {
    std::erase_if(page->entries,
                  [&](const FeedEntry& entry) { return page->next->IsBefore(entry.place); });
  }
  if (page->entries.size() <= request.limit) return;
  page->entries.resize(request.limit);
  page->next = page->entries.back().place;
}

}  // namespace smile
