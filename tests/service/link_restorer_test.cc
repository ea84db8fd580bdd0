#include "service/links/link_restorer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/function_ref.h"
#include "service/links/link_service.h"
#include "storage/memory_engine.h"

namespace smile::testing {
namespace {

constexpr uint64_t kLinkedUsers = 40;

class LinkRestorerTest : public ::testing::Test {
 protected:
  using Records = std::map<LinkRecordId, Bytes>;

  void Link(uint64_t user, LinkKind kind, uint64_t other, uint64_t time_ms,
            std::optional<LinkKind> inverse = std::nullopt) {
    LinkChange change{.side = {user, kind, other},
                      .value = "value " + std::to_string(user + other),
                      .inverse = inverse,
                      .time_ms = time_ms};
    ASSERT_TRUE(links_.Change(std::move(change)).Wait().ok());
  }

  Records All() {
    Records records;
    for (uint64_t user = 0; user < kLinkedUsers; ++user) {
      ScanRequest scan{.table = Table::kLinks, .partition = PartitionOf(user), .limit = 100};
      for (;;) {
        const ScanPage page = *calls_.Scan(scan).Wait();
        for (size_t i = 0; i < page.size(); ++i) {
          records[{user, *DecodeLinkSort(page[i].sort)}] = Bytes(page[i].record.value);
        }
        if (!page.more) break;
        ContinueScan(page, &scan);
      }
    }
    return records;
  }

  void Change(const LinkRecordId& id, std::optional<ByteView> value) {
    const LinkMutation mutation{id, value};
    ASSERT_TRUE(calls_.Write(WriteRequestOf({&mutation, 1})).Wait().status.ok());
  }

  // Instead of all that was there.
  void LinkAnyUsers(FunctionRef<uint64_t(uint64_t)> below) {
    for (const auto& [id, value] : All()) Change(id, std::nullopt);
    for (uint64_t i = 0; i < 20 + below(800); ++i) {
      const uint64_t user = below(kLinkedUsers);
      const uint64_t other = below(3) == 0 ? 1 : below(kLinkedUsers);
      if (user == other) continue;
      const LinkKind kinds[] = {LinkKind::kFriend, LinkKind::kFollow, LinkKind{200}};
      // Refused if there is such a link with another inverse.
      (void)links_
          .Change({.side = {user, kinds[below(3)], other},
                   .value = Bytes(below(30), 'v'),
                   .inverse = below(4) == 0 ? std::optional(LinkKind{70}) : LinkKind{72},
                   .time_ms = below(50)})
          .Wait();
    }
  }

  RestoredLinks Restore(std::vector<UserRange> lost) {
    LinkRestorer restorer(engine_, std::move(lost), [](uint64_t) {});
    const Result<RestoredLinks> restored = restorer.Run().Wait();
    EXPECT_TRUE(restored.ok()) << restored.status().ToString();
    return restored.ok() ? *restored : RestoredLinks();
  }

  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  const EngineCalls calls_{engine_};
  const LinkService links_{engine_, clock_};
};

TEST_F(LinkRestorerTest, OneRecordOfALinkRestoresAll) {
  Link(1, LinkKind::kFriend, 2, 5);
  Link(1, LinkKind{9}, 3, 6, LinkKind{10});
  const Records all = All();
  ASSERT_EQ(all.size(), 12u);
  for (const auto& [kept, bytes] : all) {
    if (kept.sort.view == LinkView::kCount) continue;
    for (const auto& [id, value] : all) {
      if (id != kept) Change(id, std::nullopt);
    }
    Restore({UserRange()});
    // Those of the other link, and they alone, are gone.
    Records expected;
    const bool is_friend = kept.sort.kind == LinkKind::kFriend;
    for (const auto& record : all) {
      if ((record.first.sort.kind == LinkKind::kFriend) == is_friend) expected.insert(record);
    }
    EXPECT_EQ(All(), expected);
    for (const auto& [id, value] : all) Change(id, value);
  }
}

TEST_F(LinkRestorerTest, NothingIsChangedWhereNothingIsMissing) {
  for (uint64_t other = 2; other < kLinkedUsers; ++other) Link(1, LinkKind::kFollow, other, other);
  const Records all = All();
  const RestoredLinks restored = Restore({UserRange()});
  EXPECT_EQ(restored.sides, 0u);
  EXPECT_EQ(restored.counts, 0u);
  EXPECT_EQ(All(), all);
}

TEST_F(LinkRestorerTest, OutdatedTimesAreRemoved) {
  Link(1, LinkKind::kFriend, 2, 50);
  const Records all = All();
  const LinkSide side{1, LinkKind::kFriend, 2};
  const Bytes outdated = Encode(LinkRecord{.time_ms = 40, .inverse = LinkKind::kFriend});
  Change(side.Newest(40), outdated);
  Restore({UserRange()});
  EXPECT_EQ(All(), all);

  Change(side.Newest(40), outdated);
  Change(side.Member(), std::nullopt);
  Restore({UserRange()});
  EXPECT_EQ(All(), all);
}

TEST_F(LinkRestorerTest, TheLatestOfTwoTimesCounts) {
  Link(1, LinkKind::kFriend, 2, 50);
  const Records all = All();
  const LinkSide side{1, LinkKind::kFriend, 2};
  const Bytes outdated = Encode(LinkRecord{.time_ms = 40, .inverse = LinkKind::kFriend});
  // With and without what the other view says.
  for (const bool newest_is_there : {true, false}) {
    Change(side.Member(), outdated);
    Change(side.Newest(40), outdated);
    if (!newest_is_there) Change(side.Newest(50), std::nullopt);
    Restore({UserRange{1, 1}});
    EXPECT_EQ(All(), all);
  }
}

TEST_F(LinkRestorerTest, ALinkThatBecameVisibleOnOneSideIsThereOnBoth) {
  Link(1, LinkKind::kFriend, 2, 50);
  const Records all = All();
  for (const auto& [id, value] : all) {
    const LinkSide side{1, LinkKind::kFriend, 2};
    if (id != side.Member()) Change(id, std::nullopt);
  }
  Restore({UserRange{1, 1}});
  EXPECT_EQ(All(), all);
}

TEST_F(LinkRestorerTest, CountsOfKindsWithoutLinksAreRemoved) {
  Link(1, LinkKind::kFriend, 2, 50);
  const Records all = All();
  Change(LinkSide{.user = 1, .kind = LinkKind{7}}.Count(), EncodeLinkCount(3));
  Change(LinkSide{.user = 1, .kind = LinkKind::kFriend}.Count(), "damaged");
  Change(LinkSide{.user = 2, .kind = LinkKind::kFriend}.Count(), EncodeLinkCount(7));
  EXPECT_EQ(Restore({UserRange{1, 1}}).counts, 2u) << "user 2 is not in the range";
  EXPECT_EQ(Restore({UserRange{2, 2}}).counts, 1u);
  EXPECT_EQ(All(), all);
}

// SMILE_SEED: the first of the seeds.
TEST_F(LinkRestorerTest, AnyRecordsOfUsersInTheRangesMayBeLost) {
  const char* const given = std::getenv("SMILE_SEED");
  const uint64_t first = given != nullptr ? std::stoull(given) : std::random_device()();
  for (uint64_t seed = first; seed < first + 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&random](uint64_t count) { return random() % count; };
    LinkAnyUsers(below);
    const Records before = All();

    std::vector<UserRange> lost = {{below(kLinkedUsers / 2), below(kLinkedUsers)},
                                   {below(kLinkedUsers), kLinkedUsers}};
    if (below(4) == 0) lost = {UserRange()};
    const auto in_range = [&lost](uint64_t user) {
      return std::any_of(lost.begin(), lost.end(), [user](const UserRange& range) {
        return range.first <= user && user <= range.last;
      });
    };
    // A link, by its side of the smaller user.
    const auto link_of = [&before](const LinkRecordId& id) {
      const uint64_t other = id.sort.view == LinkView::kMember ? id.sort.first : id.sort.second;
      const LinkSide side{id.user, id.sort.kind, other};
      const LinkKind inverse = DecodeLinkRecord(before.at(side.Member()))->inverse;
      return id.user < other ? std::tuple(id.user, id.sort.kind, other, inverse)
                             : std::tuple(other, inverse, id.user, id.sort.kind);
    };
    std::set<decltype(link_of(LinkRecordId()))> left;
    const uint64_t most = 1 + below(10);
    for (const auto& [id, value] : before) {
      const bool is_count = id.sort.view == LinkView::kCount;
      if (in_range(id.user) && below(11) < most) {
        Change(id, std::nullopt);
      } else if (!is_count) {
        left.insert(link_of(id));
      }
    }
    Records expected;
    std::map<LinkRecordId, uint64_t> counts;
    for (const auto& [id, value] : before) {
      if (id.sort.view == LinkView::kCount || !left.contains(link_of(id))) continue;
      expected[id] = value;
      if (id.sort.view == LinkView::kMember) {
        ++counts[LinkSide{.user = id.user, .kind = id.sort.kind}.Count()];
      }
    }
    for (const auto& [id, count] : counts) expected[id] = EncodeLinkCount(count);
    Restore(lost);
    ASSERT_EQ(All(), expected);
  }
}

}  // namespace
}  // namespace smile::testing
