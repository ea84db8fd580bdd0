// Feeds compared with what a backend would find by reading everything: random links, posts and
// deletes, pages of any size, with an engine whose pages end anywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "service/feeds/feed_service.h"
#include "storage/memory_engine.h"
#include "tests/service/forgetful_engine.h"
#include "tests/service/forwarding_engine.h"

namespace smile::testing {
namespace {

constexpr uint64_t kReader = 1;
constexpr uint64_t kAuthors = 12;  // from kReader + 1 on
constexpr uint64_t kPosts = 15;    // ids of posts, so that many authors have the same

using Place = std::pair<uint64_t, uint64_t>;  // post, author

// As if there were very many deleted posts between all others: most scans end without an entry, a
// few ids further.
class TiringEngine final : public ForwardingEngine {
 public:
  TiringEngine(Engine* engine, ForgetfulEngine::Below below)
      : ForwardingEngine(engine), below_(std::move(below)) {}

  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override {
    if (request.table != Table::kPosts) return engine().Scan(std::move(request), std::move(done));
    ++scans;
    uint64_t from = 2 * kPosts;
    if (!request.from.empty()) from = *DecodePostSort(request.from);
    if (!request.after.empty()) from = *DecodePostSort(request.after) - 1;
    engine().Scan(std::move(request), [this, from, &done](Result<ScanPage> page) {
      const uint64_t first = page->size() > 0 ? *DecodePostSort((*page)[0].sort) : 0;
      if (first < from && below_(5) != 0) {
        page = ScanPage();
        page->more = true;
        page->resume_from = PostKey(0, std::max(first, from - std::min(from, 1 + below_(3)))).sort;
      }
      done(std::move(page));
    });
  }

  size_t scans = 0;  // of posts

 private:
  const ForgetfulEngine::Below below_;
};

class FeedModelTest : public ::testing::Test {
 protected:
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  void Change() {
    const uint64_t author = kReader + 1 + Below(kAuthors);
    const LinkKind kind = Below(3) == 0 ? LinkKind::kFamily : LinkKind::kFriend;
    const uint64_t post = Below(kPosts);
    switch (Below(6)) {
      case 0:
        return Link(author, kind, /*link=*/true);
      case 1:
        if (Below(3) == 0) Link(author, kind, /*link=*/false);
        return;
      case 2:
        return Write(author, post, /*put=*/false);
      default:
        return Write(author, post, /*put=*/true);
    }
  }
  void Link(uint64_t author, LinkKind kind, bool link) {
    LinkChange change;
    change.kind = link ? LinkChange::Kind::kLink : LinkChange::Kind::kUnlink;
    change.side = {.user = kReader, .kind = kind, .other = author};
    ASSERT_TRUE(links_.Change(change).Wait().ok());
    if (link) {
      linked_[kind].insert(author);
    } else {
      linked_[kind].erase(author);
    }
  }
  void Write(uint64_t author, uint64_t post, bool put) {
    const Key key = PostKey(author, post);
    const Bytes value = "value of " + std::to_string(author) + "/" + std::to_string(post);
    const EngineCalls calls(engine_);
    ASSERT_TRUE(calls.Write(key, put ? PutChange({}, value) : DeleteChange({})).Wait().status.ok());
    if (put) {
      posts_.insert({post, author});
    } else {
      posts_.erase({post, author});
    }
  }

  // In the order of feeds.
  std::vector<Place> Expected(const FeedRequest& request) const {
    std::vector<Place> places;
    for (const Place& place : posts_) {
      const auto is_author = [&](LinkKind kind) {
        const auto linked = linked_.find(kind);
        return linked != linked_.end() && linked->second.contains(place.second);
      };
      if (std::none_of(request.kinds.begin(), request.kinds.end(), is_author)) continue;
      if (request.newer_than && place.first <= *request.newer_than) continue;
      places.push_back(place);
    }
    std::sort(places.begin(), places.end(), [](const Place& one, const Place& other) {
      return FeedPlace{one.first, one.second}.IsBefore({other.first, other.second});
    });
    return places;
  }

  // All pages.
  void ExpectFeed(FeedRequest request) {
    const std::vector<Place> expected = Expected(request);
    std::vector<Place> seen;
    for (size_t pages = 0; pages < 1000; ++pages) {
      tiring_.scans = 0;
      const Result<FeedPage> page = feeds_.Read(request).Wait();
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      // Each author's first post, each timeline from its beginning and from its first post, and
      // what continues these.
      EXPECT_LE(tiring_.scans, 3 * kAuthors + FeedService::kMaxMoreScans);
      EXPECT_FALSE(page->gap || page->cut);
      EXPECT_LE(page->entries.size(), request.limit);
      for (const FeedEntry& entry : page->entries) {
        seen.emplace_back(entry.place.post, entry.place.author);
        const Bytes value = "value of " + std::to_string(entry.place.author) + "/" +
                            std::to_string(entry.place.post);
        EXPECT_EQ(entry.record.value, request.keys_only ? "" : value);
        EXPECT_NE(entry.record.version, 0u);
      }
      if (!page->next) {
        EXPECT_EQ(seen, expected);
        return;
      }
      EXPECT_TRUE(page->entries.empty() || !page->next->IsBefore(page->entries.back().place));
      request.after = page->next;
    }
    FAIL() << "it does not end";
  }

  const unsigned seed_ = std::random_device()();
  std::mt19937 random_{seed_};
  ManualClock clock_;
  MemoryEngine memory_{&clock_, MemoryEngine::Answers::kInline, /*records_per_page=*/3};
  TiringEngine tiring_{&memory_, [this](uint64_t bound) { return Below(bound); }};
  ForgetfulEngine engine_{&tiring_, [this](uint64_t bound) { return Below(bound); }};
  const LinkService links_{engine_, clock_};
  const FeedService feeds_{engine_, links_};
  std::map<LinkKind, std::set<uint64_t>> linked_;
  std::set<Place> posts_;
};

TEST_F(FeedModelTest, PagesAreWhatReadingEverythingFinds) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  for (int step = 0; step < 400; ++step) {
    Change();
    FeedRequest request{.user = kReader,
                        .kinds = {LinkKind::kFriend},
                        .limit = static_cast<uint32_t>(1 + Below(6)),
                        .keys_only = Below(2) == 0,
                        .newer_than = {},
                        .after = {},
                        .call = {}};
    if (Below(2) == 0) request.kinds.push_back(LinkKind::kFamily);
    if (Below(3) == 0) request.newer_than = Below(kPosts);
    ExpectFeed(request);
    if (HasFailure()) return;
  }
}

// What was there all the time is neither repeated nor left out, whatever else is written.
TEST_F(FeedModelTest, PagesNeitherRepeatNorSkipWhileOthersWrite) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  for (uint64_t author = kReader + 1; author <= kReader + kAuthors; ++author) {
    Link(author, LinkKind::kFriend, /*link=*/true);
    for (uint64_t post = 0; post < kPosts; post += 2) Write(author, post, /*put=*/true);
  }
  for (int round = 0; round < 30; ++round) {
    FeedRequest request{.user = kReader,
                        .kinds = {LinkKind::kFriend},
                        .limit = static_cast<uint32_t>(1 + Below(9)),
                        .newer_than = {},
                        .after = {},
                        .call = {}};
    std::vector<Place> seen;
    do {
      const Result<FeedPage> page = feeds_.Read(request).Wait();
      ASSERT_TRUE(page.ok());
      for (const FeedEntry& entry : page->entries) {
        seen.emplace_back(entry.place.post, entry.place.author);
      }
      request.after = page->next;
      // Odd posts come and go.
      const uint64_t author = kReader + 1 + Below(kAuthors);
      Write(author, 1 + 2 * Below(kPosts / 2), /*put=*/Below(2) == 0);
    } while (request.after);
    EXPECT_EQ(std::set<Place>(seen.begin(), seen.end()).size(), seen.size()) << "repeated";
    const auto even = std::count_if(seen.begin(), seen.end(),
                                    [](const Place& place) { return place.first % 2 == 0; });
    EXPECT_EQ(static_cast<uint64_t>(even), kAuthors * ((kPosts + 1) / 2)) << "skipped";
    if (HasFailure()) return;
  }
}

TEST(FeedTest, TooManyAuthorsAreCut) {
  const ManualClock clock;
  MemoryEngine engine(&clock, MemoryEngine::Answers::kInline);
  const EngineCalls calls(engine);
  // As LinkService stores many: of two kinds, the oldest link to the smallest id.
  std::vector<Change> changes;
  for (const LinkKind kind : {LinkKind::kFollow, LinkKind::kFriend}) {
    const LinkKeyBytes head(LinkSide{.user = 1, .kind = kind}.Head());
    changes.push_back(PutChange(Bytes(head.view().sort), EncodeIndexedHead(1'000)));
  }
  for (uint64_t other = 0; other <= limits::kMaxFeedAuthors; ++other) {
    const LinkKind kind = other % 2 == 0 ? LinkKind::kFollow : LinkKind::kFriend;
    const LinkSide side{.user = 1, .kind = kind, .other = 100 + other};
    const uint64_t time_ms = 1 + other;
    const LinkRecord link{.time_ms = time_ms, .inverse = LinkKind::kFollower, .value = {}};
    const Key key(LinkKeyBytes(side.Newest(time_ms)).view());
    changes.push_back(PutChange(key.sort, Encode(link)));
    if (changes.size() < limits::kMaxBatchMutations && other < limits::kMaxFeedAuthors) continue;
    auto written = calls.Write(Table::kLinks, key.partition, std::exchange(changes, {}));
    ASSERT_TRUE(written.Wait().status.ok());
  }
  for (const auto& [author, post] : {std::pair{100, 5}, {101, 4}}) {  // 100 is the oldest link
    ASSERT_TRUE(calls.Write(PostKey(author, post), PutChange({}, "p")).Wait().status.ok());
  }
  const LinkService links(engine, clock);
  const FeedRequest request{.user = 1,
                            .kinds = {LinkKind::kFollow, LinkKind::kFriend},
                            .limit = 2,
                            .newer_than = {},
                            .after = {},
                            .call = {}};
  const Result<FeedPage> page = FeedService(engine, links).Read(request).Wait();
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->cut);
  ASSERT_EQ(page->entries.size(), 1u);
  EXPECT_EQ(page->entries[0].place, (FeedPlace{4, 101}));
}

}  // namespace
}  // namespace smile::testing
