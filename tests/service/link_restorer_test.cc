#include "service/links/link_restorer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <tuple>
#include <utility>

#include "base/function_ref.h"
#include "base/limits.h"
#include "service/links/link_head.h"
#include "service/links/link_service.h"
#include "storage/memory_engine.h"
#include "tests/service/stored_links.h"

namespace smile::testing {
namespace {

constexpr uint64_t kLinkedUsers = 40;

class LinkRestorerTest : public ::testing::Test {
 protected:
  void Link(uint64_t user, LinkKind kind, uint64_t other, uint64_t time_ms,
            std::optional<LinkKind> inverse = std::nullopt) {
    LinkChange change{.side = {user, kind, other},
                      .value = "value " + std::to_string(user + other),
                      .inverse = inverse,
                      .time_ms = time_ms};
    ASSERT_TRUE(links_.Change(std::move(change)).Wait().ok());
  }

  LinkRecords All() { return LinkRecordsIn(&engine_, kLinkedUsers); }
  // That the records are right is expected.
  LinkSides Sides() {
    LinkSides sides;
    EXPECT_EQ(ReadLinkRecords(All(), &sides), "");
    EXPECT_EQ(sides, BacksOf(sides));
    return sides;
  }
  // So many that the kind is indexed, to users from 2 on, at time 50.
  void LinkMany(uint64_t user, LinkKind kind) {
    const Bytes value(limits::kMaxLinkValueBytes, 'v');
    for (uint64_t other = 2; other < 6; ++other) {
      ASSERT_TRUE(
          links_.Change({.side = {user, kind, other}, .value = value, .inverse = {}, .time_ms = 50})
              .Wait()
              .ok());
    }
    ASSERT_TRUE(All().contains(LinkSide{user, kind, 2}.Member()));
  }

  void Change(const LinkRecordId& id, std::optional<ByteView> value) {
    const LinkMutation mutation{id, value};
    ASSERT_TRUE(Store(calls_, mutation).Wait().status.ok());
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
                   .value = Bytes(below(8) == 0 ? 500 + below(500) : below(30), 'v'),
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

// Both sides of the links that a record says.
LinkSides SaidBy(const LinkRecordId& id, const Bytes& value) {
  LinkSides sides;
  const auto add = [&](uint64_t other, LinkRecord link) {
    sides[{id.user, id.sort.kind, other}] = std::move(link);
  };
  if (id.sort.view != LinkView::kHead) {
    add(id.sort.view == LinkView::kMember ? id.sort.first : id.sort.second,
        Owned(*DecodeLinkRecord(value)));
  } else if (const LinkHead head = *DecodeLinkHead(value); head.compact) {
    head.ForEach([&](const CompactLink& link, ByteView) {
      add(link.other, RecordOf(link));
      return true;
    });
  }
  sides.merge(BacksOf(sides));
  return sides;
}

TEST_F(LinkRestorerTest, OneRecordOfALinkRestoresAll) {
  Link(1, LinkKind::kFriend, 2, 5);
  Link(1, LinkKind{9}, 3, 6, LinkKind{10});
  LinkMany(1, LinkKind::kFamily);
  const LinkRecords all = All();
  ASSERT_EQ(all.size(), 2u + 2u + (1u + 2u * 4u) + 4u);
  for (const auto& [kept, bytes] : all) {
    for (const auto& [id, value] : all) {
      if (id != kept) Change(id, std::nullopt);
    }
    Restore({UserRange()});
    EXPECT_EQ(Sides(), SaidBy(kept, bytes)) << "those of other links, and they alone, are gone";
    for (const auto& [id, value] : All()) Change(id, std::nullopt);
    for (const auto& [id, value] : all) Change(id, value);
  }
}

TEST_F(LinkRestorerTest, NothingIsChangedWhereNothingIsMissing) {
  for (uint64_t other = 2; other < kLinkedUsers; ++other) Link(1, LinkKind::kFollow, other, other);
  LinkMany(7, LinkKind::kFollow);
  const LinkRecords all = All();
  const RestoredLinks restored = Restore({UserRange()});
  EXPECT_EQ(restored.sides, 0u);
  EXPECT_EQ(restored.counts, 0u);
  EXPECT_EQ(All(), all);
}

TEST_F(LinkRestorerTest, OutdatedTimesAreRemoved) {
  LinkMany(1, LinkKind::kFriend);
  const LinkRecords all = All();
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
  LinkMany(1, LinkKind::kFriend);
  const LinkRecords all = All();
  const LinkSide side{1, LinkKind::kFriend, 2};
  const LinkRecord outdated{.time_ms = 40, .inverse = LinkKind::kFriend};
  // With and without what the other view says.
  for (const bool newest_is_there : {true, false}) {
    Change(side.Member(), Encode(outdated));
    Change(side.Newest(40), Encode(outdated));
    if (!newest_is_there) Change(side.Newest(50), std::nullopt);
    Restore({UserRange{1, 1}});
    EXPECT_EQ(All(), all);
  }
  // A compact side, too.
  const LinkSide back{2, LinkKind::kFriend, 1};
  Change(back.Head(), CompactHeadWith({}, {.time_ms = 40, .other = 1, .value = {}}));
  Restore({UserRange{2, 2}});
  EXPECT_EQ(All(), all);
}

TEST_F(LinkRestorerTest, ALinkThatBecameVisibleOnOneSideIsThereOnBoth) {
  LinkMany(1, LinkKind::kFriend);
  const LinkRecordId member = LinkSide{1, LinkKind::kFriend, 2}.Member();
  const Bytes value = All().at(member);
  for (const auto& [id, other] : All()) {
    if (id != member) Change(id, std::nullopt);
  }
  Restore({UserRange{1, 1}});
  EXPECT_EQ(Sides(), SaidBy(member, value));
  EXPECT_EQ(Sides().size(), 2u);
}

// After a head was lost, the next link of the kind makes a compact one, as if it were the first.
TEST_F(LinkRestorerTest, ANewHeadIsJoinedWithTheLinksOfALostOne) {
  LinkMany(1, LinkKind::kFriend);
  const LinkSides before = Sides();
  Change(LinkSide{1, LinkKind::kFriend}.Head(), std::nullopt);
  Link(1, LinkKind::kFriend, 30, 70);
  Link(1, LinkKind::kFriend, 2, 80);  // again
  Restore({UserRange{1, 1}});
  LinkSides after = Sides();
  EXPECT_EQ(after.size(), before.size() + 2);
  EXPECT_EQ((after[{1, LinkKind::kFriend, 2}].time_ms), 80u);
  EXPECT_EQ((after[{1, LinkKind::kFriend, 3}].time_ms), 50u);
  EXPECT_EQ((after[{1, LinkKind::kFriend, 30}].time_ms), 70u);
}

TEST_F(LinkRestorerTest, ANewHeadIsNewerThanRecordsOfTheSameTime) {
  LinkMany(1, LinkKind::kFriend);
  Change(LinkSide{1, LinkKind::kFriend}.Head(), std::nullopt);
  ASSERT_TRUE(
      links_
          .Change({.side = {1, LinkKind::kFriend, 2}, .value = "new", .inverse = {}, .time_ms = 50})
          .Wait()
          .ok());
  Restore({UserRange{1, 1}});
  EXPECT_EQ((Sides()[{1, LinkKind::kFriend, 2}].value), "new");
}

TEST_F(LinkRestorerTest, OutdatedRecordsOfLinksOfANewHeadAreRemoved) {
  Link(1, LinkKind::kFriend, 2, 80);
  const LinkSides before = Sides();
  const LinkSide side{1, LinkKind::kFriend, 2};
  Change(side.Member(), "damaged");
  Change(side.Newest(50), Encode(LinkRecord{.time_ms = 50, .inverse = LinkKind::kFriend}));
  Restore({UserRange{1, 1}});
  EXPECT_EQ(Sides(), before);
}

// Its head will count the records that there are, and say no links.
TEST_F(LinkRestorerTest, LinksOfAHeadBesideADamagedRecordAreKept) {
  Link(1, LinkKind::kFriend, 2, 50);
  Link(1, LinkKind::kFriend, 3, 60);
  const LinkSides before = Sides();
  Change(LinkSide{1, LinkKind::kFriend, 9}.Member(), "damaged");
  Change(LinkSide{1, LinkKind::kFriend, 3}.Member(), "damaged");
  Change(LinkSide{2, LinkKind::kFriend}.Head(), std::nullopt);
  Restore({UserRange{1, 2}});
  EXPECT_EQ(All().at(LinkSide{1, LinkKind::kFriend}.Head()), EncodeIndexedHead(3));
  Change(LinkSide{1, LinkKind::kFriend, 9}.Member(), std::nullopt);
  Change(LinkSide{1, LinkKind::kFriend}.Head(), EncodeIndexedHead(2));
  EXPECT_EQ(Sides(), before);
}

TEST_F(LinkRestorerTest, WrongHeadsAreReplaced) {
  Link(1, LinkKind::kFriend, 2, 50);
  LinkMany(7, LinkKind::kFriend);
  const LinkRecords all = All();
  Change(LinkSide{.user = 1, .kind = LinkKind{7}}.Head(), EncodeIndexedHead(3));
  Change(LinkSide{.user = 1, .kind = LinkKind::kFriend}.Head(), "damaged");
  Change(LinkSide{.user = 7, .kind = LinkKind::kFriend}.Head(), EncodeIndexedHead(9));
  EXPECT_EQ(Restore({UserRange{1, 1}}).counts, 2u) << "user 7 is not in the range";
  EXPECT_EQ(Restore({UserRange{7, 7}}).counts, 1u);
  EXPECT_EQ(All(), all);
  Change(LinkSide{.user = 2, .kind = LinkKind::kFriend}.Head(), "damaged");
  Restore({UserRange{2, 2}});
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

    std::vector<UserRange> lost = {{below(kLinkedUsers / 2), below(kLinkedUsers)},
                                   {below(kLinkedUsers), kLinkedUsers}};
    if (below(4) == 0) lost = {UserRange()};
    const auto in_range = [&lost](uint64_t user) {
      return std::any_of(lost.begin(), lost.end(), [user](const UserRange& range) {
        return range.first <= user && user <= range.last;
      });
    };
    LinkSides left;
    const uint64_t most = 1 + below(10);
    for (const auto& [id, value] : All()) {
      if (in_range(id.user) && below(11) < most) {
        Change(id, std::nullopt);
      } else {
        left.merge(SaidBy(id, value));
      }
    }
    Restore(lost);
    ASSERT_EQ(Sides(), left);
  }
}

}  // namespace
}  // namespace smile::testing
