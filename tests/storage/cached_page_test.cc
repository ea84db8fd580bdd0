// The page cache of timelines: what a page answers, and that no write is missed.
#include "storage/cached_page.h"

#include <atomic>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

constexpr uint64_t kAuthor = 7;

ScanRequest NewestOf(uint64_t author, uint32_t limit) {
  return {.table = Table::kPosts,
          .partition = PartitionOf(author),
          .limit = limit,
          .max_value_bytes = limits::kMaxReplyValueBytes};
}

class CachedPageTest : public RocksTest {
 protected:
  CachedPageTest() { Open(); }

  void PutPost(uint64_t post, ByteView value, uint64_t expires_ms = 0) {
    ASSERT_TRUE(engine().Put(PostKey(kAuthor, post), value, Always(), expires_ms).status.ok());
  }
  // The values of the page that is cached for the request, newest first, and "..." if there are
  // more; "(nothing)" if none is.
  std::string Peeked(const ScanRequest& request) {
    ScanPage page;
    if (!engine().PeekScan(request, &page)) return "(nothing)";
    std::string values;
    for (size_t i = 0; i < page.size(); ++i) values += Bytes(page[i].record.value) + " ";
    return values + (page.more ? "..." : "end");
  }
  // Has it read, and then what is cached of it.
  std::string Cached(const ScanRequest& request) {
    EXPECT_TRUE(engine().Scan(request).ok());
    return Peeked(request);
  }
};

TEST_F(CachedPageTest, AnswersOnlyScansFromTheStart) {
  for (uint64_t post = 1; post <= 5; ++post) PutPost(post, std::to_string(post));
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 3)), "(nothing)");
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "5 4 3 ...");
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 2)), "5 4 ...");
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 4)), "(nothing)") << "the page has only three";
  EXPECT_EQ(Peeked(NewestOf(kAuthor + 1, 3)), "(nothing)");
  EXPECT_EQ(Cached(NewestOf(kAuthor, 5)), "5 4 3 2 1 end");
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 100)), "5 4 3 2 1 end");
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 4)), "5 4 3 2 ...");

  ScanRequest bounded = NewestOf(kAuthor, 2);
  bounded.max_value_bytes = 0;
  EXPECT_EQ(Peeked(bounded), "5 ...") << "the first always fits";
  ScanRequest keys_only = bounded;
  keys_only.keys_only = true;
  EXPECT_EQ(Peeked(keys_only), "  ...");
  for (Bytes ScanRequest::*bound : {&ScanRequest::from, &ScanRequest::to, &ScanRequest::after}) {
    ScanRequest other = NewestOf(kAuthor, 2);
    other.*bound = PostKey(kAuthor, 3).sort;
    EXPECT_EQ(Cached(other), "(nothing)");
  }
}

TEST_F(CachedPageTest, EmptyPartitionIsCached) {
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "end");
  PutPost(1, "1");
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 3)), "1 end");
  ASSERT_TRUE(engine().Delete(PostKey(kAuthor, 1)).status.ok());
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 3)), "end");
}

TEST_F(CachedPageTest, WriteChangesThePageOfItsPartitionOnly) {
  for (uint64_t post = 1; post <= 5; ++post) PutPost(post, std::to_string(post));
  const ScanRequest newest = NewestOf(kAuthor, 3);
  const PartitionView partition{Table::kPosts, newest.partition};
  ASSERT_EQ(Cached(newest), "5 4 3 ...");
  ASSERT_TRUE(engine().Put(PostKey(kAuthor + 1, 9), "9").status.ok());
  ASSERT_TRUE(engine().Put(UserKey(kAuthor, "profile"), "p").status.ok());
  EXPECT_EQ(Peeked(newest), "5 4 3 ...");
  PutPost(1, "changed, behind the page");
  EXPECT_EQ(Peeked(newest), "5 4 3 ...");
  PutPost(5, "5b");
  EXPECT_EQ(Peeked(newest), "5b 4 3 ...");
  ASSERT_TRUE(engine().Delete(PostKey(kAuthor, 4)).status.ok());
  EXPECT_EQ(Peeked(newest), "(nothing)") << "it has only two";
  EXPECT_EQ(Cached(newest), "5b 3 2 ...");
  const Bytes first = PostKey(kAuthor, 6).sort, second = PostKey(kAuthor, 7).sort;
  ASSERT_TRUE(engine().Write(partition, {PutOf(first, "6"), PutOf(second, "7")}).status.ok());
  EXPECT_EQ(Peeked(newest), "7 6 5b ...");
  EXPECT_EQ(engine().Write(partition, {PutOf(first, "x", IfAbsent())}).status.code(),
            Code::kConditionFailed);
  EXPECT_EQ(Peeked(newest), "7 6 5b ...") << "nothing was written";
}

TEST_F(CachedPageTest, DeleteAfterThePageMayHaveBeenOfTheLast) {
  for (uint64_t post = 1; post <= 4; ++post) PutPost(post, std::to_string(post));
  ASSERT_EQ(Cached(NewestOf(kAuthor, 3)), "4 3 2 ...");
  ASSERT_TRUE(engine().Delete(PostKey(kAuthor, 1)).status.ok());
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 3)), "(nothing)");
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "4 3 2 end");
}

TEST_F(CachedPageTest, PageThatNobodyReadsIsNotKeptUp) {
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "end");
  PutPost(1, "1");
  PutPost(2, "2");
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 3)), "(nothing)");
}

TEST_F(CachedPageTest, ManyChangesAtOnceAreReadAgain) {
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "end");
  std::vector<Bytes> sorts;
  for (uint64_t post = 1; post <= 100; ++post) sorts.push_back(PostKey(kAuthor, post).sort);
  std::vector<MutationView> puts;
  for (const Bytes& sort : sorts) puts.push_back(PutOf(sort, "v"));
  const Bytes partition = PartitionOf(kAuthor);
  ASSERT_TRUE(engine().Write({Table::kPosts, partition}, puts).status.ok());
  EXPECT_EQ(Peeked(NewestOf(kAuthor, 3)), "(nothing)");
}

// Whatever is written, a page that is cached is what a scan finds.
TEST_F(CachedPageTest, PageFollowsAllWrites) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&random](uint64_t end) { return random() % end; };
  uint64_t hits = 0;
  for (int round = 0; round < 2'000; ++round) {
    // Together, so that one group often has several.
    std::vector<std::future<WriteReply>> writes;
    for (uint64_t i = below(4); i > 0; --i) {
      const Key key = PostKey(kAuthor, 1 + below(12));
      const std::string value(below(3), static_cast<char>('a' + below(26)));
      const auto expires = static_cast<uint64_t>(around_.clock.WallMillis()) + 1000;
      const MutationView mutation = below(3) == 0
                                        ? DeleteOf(key.sort)
                                        : PutOf(key.sort, value, {}, below(50) == 0 ? expires : 0);
      auto done = std::make_shared<std::promise<WriteReply>>();
      writes.push_back(done->get_future());
      engine_->Write(WriteRequest(key.view().partition_view(), {mutation}, 0),
                     [done](WriteReply reply) { done->set_value(std::move(reply)); });
    }
    for (auto& write : writes) ASSERT_TRUE(write.get().status.ok());
    const ScanRequest request = NewestOf(kAuthor, 1 + static_cast<uint32_t>(below(6)));
    ScanPage page;
    hits += engine().PeekScan(request, &page);
    ASSERT_TRUE(engine().Scan(request).ok());  // compares it with the page that is cached
    ASSERT_FALSE(HasFailure()) << "in round " << round;
  }
  EXPECT_GT(hits, 100u) << "records that expire keep the page out of the cache for a while";
}

TEST_F(CachedPageTest, PageWithAnExpiringRecordIsNotCached) {
  const uint64_t expires = static_cast<uint64_t>(around_.clock.WallMillis()) + 1000;
  PutPost(1, "1");
  PutPost(2, "story", expires);
  PutPost(3, "3");
  EXPECT_EQ(Cached(NewestOf(kAuthor, 1)), "(nothing)") << "it looked at what comes next";
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "(nothing)");
  around_.clock.AdvanceMillis(1000);
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "(nothing)");
  ASSERT_TRUE(engine().Delete(PostKey(kAuthor, 2)).status.ok());
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "3 1 end");
}

TEST_F(CachedPageTest, LargeTruncatedOrKeysOnlyPageIsNotCached) {
  const std::string large(limits::kMaxCachedValueBytes / 3, 'v');
  for (uint64_t post = 1; post <= 4; ++post) PutPost(post, large);
  EXPECT_EQ(Cached(NewestOf(kAuthor, 4)), "(nothing)");
  ScanRequest cut = NewestOf(kAuthor, 4);
  cut.max_value_bytes = large.size();
  EXPECT_EQ(Cached(cut), "(nothing)");
  ScanRequest keys_only = NewestOf(kAuthor, 4);
  keys_only.keys_only = true;
  EXPECT_EQ(Cached(keys_only), "(nothing)");
  EXPECT_NE(Cached(NewestOf(kAuthor, 2)), "(nothing)");
}

TEST_F(CachedPageTest, OnlyTimelinesAreCached) {
  ASSERT_TRUE(engine().Put(UserKey(kAuthor, "profile"), "v").status.ok());
  ScanRequest records = NewestOf(kAuthor, 3);
  records.table = Table::kUsers;
  EXPECT_EQ(Cached(records), "(nothing)");
}

TEST_F(CachedPageTest, LinksHaveAPageForEachKindOfTheNewest) {
  const auto put = [&](LinkKind kind, LinkView view, uint64_t other) {
    const LinkSort sort{.kind = kind, .view = view, .first = ~other, .second = other};
    const std::string value = std::to_string(other);
    ASSERT_TRUE(engine().Put(LinkKey(kAuthor, sort), value).status.ok());
  };
  const auto newest = [&](LinkKind kind) {
    ScanRequest request = NewestOf(kAuthor, 2);
    request.table = Table::kLinks;
    request.from = {static_cast<char>(kind), static_cast<char>(LinkView::kNewest)};
    request.to = PrefixEnd(request.from);
    return request;
  };
  for (const LinkKind kind : {LinkKind::kFriend, LinkKind::kFamily}) {
    put(kind, LinkView::kMember, 1);
    for (const uint64_t other : {2, 3}) put(kind, LinkView::kNewest, other);
  }
  EXPECT_EQ(Cached(newest(LinkKind::kFriend)), "3 2 end");
  EXPECT_EQ(Cached(newest(LinkKind::kFamily)), "3 2 end");
  put(LinkKind::kFriend, LinkView::kMember, 9);
  put(LinkKind::kFamily, LinkView::kNewest, 4);
  EXPECT_EQ(engine().Stat("storage.record_cache.pages_count"), 2u);
  EXPECT_EQ(Peeked(newest(LinkKind::kFriend)), "3 2 end");
  EXPECT_EQ(Peeked(newest(LinkKind::kFamily)), "4 3 ...");
  EXPECT_EQ(Cached(newest(LinkKind::kFriend)), "3 2 end");
  EXPECT_EQ(Cached(newest(LinkKind::kFamily)), "4 3 ...");
  ScanRequest members = newest(LinkKind::kFriend);
  members.from[1] = static_cast<char>(LinkView::kMember);
  members.to = PrefixEnd(members.from);
  EXPECT_EQ(Cached(members), "(nothing)");
}

TEST_F(CachedPageTest, PagesAreCountedApartFromRecords) {
  PutPost(1, "1");
  EXPECT_EQ(Peek(PostKey(kAuthor, 1)), PeekResult::kFound);
  EXPECT_EQ(Cached(NewestOf(kAuthor, 3)), "1 end");
  EXPECT_EQ(engine().Stat("storage.record_cache.pages_count"), 1u);
  EXPECT_EQ(engine().Stat("storage.record_cache.records_count"), 1u);
  EXPECT_EQ(engine().Stat("storage.record_cache.page_hits_count"), 1u);
  EXPECT_EQ(engine().Stat("storage.record_cache.page_misses_count"), 1u);
}

// Who scans after a write was answered sees it, wherever the page comes from, while others fill the
// cache all the time.
TEST_F(CachedPageTest, ScanSeesEveryAcknowledgedWrite) {
  std::atomic<uint64_t> answered{0};
  std::atomic<bool> writing{true};
  std::atomic<uint64_t> missed{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      BlockingEngine blocking(engine_.get());
      while (writing) {
        const uint64_t before = answered;
        const Result<ScanPage> page = blocking.PeekOrScan(NewestOf(kAuthor, 3));
        const uint64_t newest = page->size() == 0 ? 0 : std::stoull(Bytes((*page)[0].record.value));
        if (newest < before) ++missed;
      }
    });
  }
  for (uint64_t post = 1; post <= 500; ++post) {
    PutPost(post, std::to_string(post));
    answered = post;
  }
  writing = false;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(missed, 0u);
  EXPECT_GT(engine().Stat("storage.record_cache.page_hits_count"), 0u);
  EXPECT_GT(engine().Stat("storage.record_cache.page_misses_count"), 0u);
}

}  // namespace
}  // namespace smile::testing
