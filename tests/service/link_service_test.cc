#include "service/links/link_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "service/links/link_head.h"
#include "storage/memory_engine.h"
#include "tests/service/link_model.h"
#include "tests/service/stored_links.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kUsers = 400;

// Writes down what watches are told of links: "put 1 friend 2".
class RecordingObserver final : public ChangeObserver {
 public:
  void OnChanges(std::span<const AppliedChange> changes) override {
    for (const AppliedChange& change : changes) {
      EXPECT_GT(change.version, last_version_);
      last_version_ = change.version;
      const MutationView& mutation = *change.mutation;
      if (mutation.told_sort.empty()) continue;
      const std::optional<LinkSort> sort = DecodeLinkSort(mutation.told_sort);
      ASSERT_TRUE(sort && sort->view == LinkView::kMember && sort->second == 0);
      told_.push_back(fmt::format(
          "{} {} {} {}", mutation.told_kind == MutationKind::kPut ? "put" : "delete",
          *DecodePartition(change.partition.id), static_cast<int>(sort->kind), sort->first));
    }
  }
  void OnGap() override {}
  void OnAnswered() override {}
  std::vector<std::string> Take() { return std::exchange(told_, {}); }

 private:
  uint64_t last_version_ = 0;
  std::vector<std::string> told_;
};

class LinkServiceTest : public ::testing::Test {
 protected:
  LinkServiceTest() { engine_.Observe(&observer_); }

  Result<LinkChanged> Link(uint64_t user, uint64_t other, Bytes value = {}) {
    return links_.Change(LinkOf(user, other, std::move(value))).Wait();
  }
  static LinkChange LinkOf(uint64_t user, uint64_t other, Bytes value = {}) {
    return {.side = {user, LinkKind::kFollow, other},
            .value = std::move(value),
            .inverse = {},
            .time_ms = 1000 + other};
  }
  Result<LinkChanged> Unlink(uint64_t user, uint64_t other) {
    return links_
        .Change({.kind = LinkChange::Kind::kUnlink,
                 .side = {user, LinkKind::kFollow, other},
                 .value = {},
                 .inverse = {},
                 .time_ms = {}})
        .Wait();
  }
  // The head of the links that user 1 follows.
  std::optional<LinkHead> Head() {
    head_bytes_.clear();
    (void)engine_.Peek(LinkKeyBytes(kOf.Head()).view(),
                       [&](const RecordView& record) { head_bytes_ = Bytes(record.value); });
    return DecodeLinkHead(head_bytes_);
  }
  LinkSides Sides() {
    LinkSides sides;
    EXPECT_EQ(ReadLinkRecords(LinkRecordsIn(&engine_, kUsers), &sides), "");
    return sides;
  }
  void PutHead(ByteView value) {
    const LinkMutation mutation{kOf.Head(), value};
    ASSERT_TRUE(Store(calls_, mutation).Wait().status.ok());
  }

  static constexpr LinksOf kOf{.user = 1, .kind = LinkKind::kFollow};

  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  RecordingObserver observer_;
  const EngineCalls calls_{engine_};
  HeldWritesEngine held_{&engine_};
  const LinkService links_{held_, clock_};
  Bytes head_bytes_;
};

TEST_F(LinkServiceTest, FewLinksAreInTheirHead) {
  ASSERT_TRUE(Link(1, 2, "value").ok());
  ASSERT_TRUE(Link(1, 3).ok());
  const std::optional<LinkHead> head = Head();
  ASSERT_TRUE(head && head->compact);
  EXPECT_EQ(head->count, 2u);
  EXPECT_EQ(LinkRecordsIn(&engine_, kUsers).size(), 3u) << "a head for each user";
  ASSERT_TRUE(Unlink(1, 2).ok());
  ASSERT_TRUE(Unlink(3, 1).ok());  // no such link
  ASSERT_TRUE(Unlink(1, 3).ok());
  EXPECT_THAT(LinkRecordsIn(&engine_, kUsers), IsEmpty());
}

TEST_F(LinkServiceTest, ManyLinksHaveRecordsOfTheirOwnUntilAllAreGone) {
  uint64_t others = 1;
  while (!Head() || Head()->compact) {
    ASSERT_LE(head_bytes_.size(), kMaxCompactHeadBytes);
    ASSERT_TRUE(Link(1, ++others).ok());
    ASSERT_EQ(Sides().size(), 2 * (others - 1));
  }
  EXPECT_EQ(others - 2, kMaxCompactHeadBytes / kMinCompactLinkBytes)
      << "as many as there is room for";
  EXPECT_EQ(Head()->count, others - 1);
  for (uint64_t other = 2; other <= others; ++other) {
    EXPECT_FALSE(Head()->compact);
    ASSERT_TRUE(Unlink(1, other).ok());
    ASSERT_EQ(Sides().size(), 2 * (others - other));
  }
  EXPECT_THAT(LinkRecordsIn(&engine_, kUsers), IsEmpty());
  ASSERT_TRUE(Link(1, 2).ok());
  EXPECT_TRUE(Head()->compact);
}

TEST_F(LinkServiceTest, AnyValueFitsIntoAHead) {
  ASSERT_TRUE(Link(1, 2, Bytes(limits::kMaxLinkValueBytes, 'v')).ok());
  EXPECT_TRUE(Head()->compact);
  ASSERT_TRUE(Link(1, 3, Bytes(limits::kMaxLinkValueBytes, 'v')).ok());
  EXPECT_FALSE(Head()->compact);
  EXPECT_EQ(Sides().size(), 4u);
}

TEST_F(LinkServiceTest, WatchesAreToldOfLinksHoweverTheyAreStored) {
  ASSERT_TRUE(Link(1, 2).ok());
  EXPECT_THAT(observer_.Take(), ElementsAre("put 1 5 2", "put 2 133 1"));
  ASSERT_TRUE(Link(1, 2, "changed").ok());
  EXPECT_THAT(observer_.Take(), ElementsAre("put 1 5 2", "put 2 133 1"));
  ASSERT_TRUE(Unlink(1, 2).ok());
  EXPECT_THAT(observer_.Take(), ElementsAre("delete 1 5 2", "delete 2 133 1"));
  // Links that get records of their own do not change.
  for (uint64_t other = 2; !Head() || Head()->compact; ++other) {
    ASSERT_TRUE(Link(1, other).ok());
    EXPECT_THAT(observer_.Take(),
                ElementsAre(fmt::format("put 1 5 {}", other), fmt::format("put {} 133 1", other)));
  }
  ASSERT_TRUE(Unlink(1, 7).ok());
  EXPECT_THAT(observer_.Take(), ElementsAre("delete 1 5 7", "delete 7 133 1"));
}

// The observer checks that each has a version of its own.
TEST_F(LinkServiceTest, ChangesThatAreWrittenTogetherAreToldOneByOne) {
  held_.hold = true;
  size_t answered = 0;
  const auto change = [&](LinkChange one) {
    links_.Change(std::move(one), [&](const Result<LinkChanged>& changed) {
      EXPECT_TRUE(changed.ok());
      ++answered;
    });
  };
  for (const uint64_t other : {2, 4, 3, 4}) change(LinkOf(1, other));
  ASSERT_EQ(held_.held(), 1u) << "the others wait";
  held_.Release(0, /*reject=*/false);
  ASSERT_EQ(held_.held(), 1u) << "and are written together";
  held_.Release(0, /*reject=*/false);
  EXPECT_EQ(answered, 4u);
  EXPECT_THAT(observer_.Take(), ElementsAre("put 1 5 2", "put 2 133 1", "put 1 5 4", "put 1 5 3",
                                            "put 3 133 1", "put 4 133 1"));
  EXPECT_EQ(Sides().size(), 6u);
}

// More than one write can contain.
TEST_F(LinkServiceTest, ManyKindsMayGetRecordsOfTheirOwnTogether) {
  constexpr uint64_t kMost = kMaxCompactHeadBytes / kMinCompactLinkBytes;
  constexpr uint64_t kKinds = 6;
  const auto link_of = [](uint64_t kind, uint64_t other) {
    LinkChange change = LinkOf(1, other);
    change.side.kind = LinkKind{static_cast<uint8_t>(10 + kind)};
    return change;
  };
  for (uint64_t kind = 0; kind < kKinds; ++kind) {
    for (uint64_t i = 0; i < kMost; ++i)
      ASSERT_TRUE(links_.Change(link_of(kind, 2 + i)).Wait().ok());
  }
  held_.hold = true;
  std::vector<Code> codes;
  const auto done = [&](const Result<LinkChanged>& changed) {
    codes.push_back(changed.status().code());
  };
  links_.Change(LinkOf(1, 2), done);
  for (uint64_t kind = 0; kind < kKinds; ++kind) links_.Change(link_of(kind, 300 + kind), done);
  size_t writes = 0;
  // The first of those that are divided is rejected, with all that it contains.
  for (; held_.held() > 0; ++writes) held_.Release(0, /*reject=*/writes == 1);
  EXPECT_GT(writes, 2u);
  EXPECT_LT(writes, 1 + kKinds);
  ASSERT_EQ(codes.size(), 1 + kKinds);
  const auto done_count = std::count(codes.begin(), codes.end(), Code::kOk);
  EXPECT_EQ(done_count + std::count(codes.begin(), codes.end(), Code::kOverloaded), 1 + kKinds);
  EXPECT_EQ(codes[0], Code::kOk);
  EXPECT_EQ(codes[1], Code::kOverloaded);
  EXPECT_EQ(codes.back(), Code::kOk);
  EXPECT_LT(done_count, 1 + kKinds);
  EXPECT_EQ(Sides().size(), 2 * (kKinds * kMost + static_cast<uint64_t>(done_count)));
}

// A record that cannot be read says that there is a link. Removing the link repairs it.
TEST_F(LinkServiceTest, ALinkIsRemovedAlthoughItsOtherSideIsDamaged) {
  for (const uint64_t other : {2, 3, 4}) {
    ASSERT_TRUE(Link(1, other, Bytes(limits::kMaxLinkValueBytes, 'v')).ok());
  }
  const LinkSide side{1, LinkKind::kFollow, 3};
  const LinkMutation damage{side.Member(), "damaged"};
  ASSERT_TRUE(Store(calls_, damage).Wait().status.ok());
  const auto unlinked = links_
                            .Change({.kind = LinkChange::Kind::kUnlink,
                                     .side = {3, LinkKind::kFollower, 1},
                                     .value = {},
                                     .inverse = {},
                                     .time_ms = {}})
                            .Wait();
  EXPECT_TRUE(unlinked.ok() && unlinked->changed);
  EXPECT_EQ(Sides().size(), 4u);
}

TEST_F(LinkServiceTest, ADamagedHeadIsAnError) {
  ASSERT_TRUE(Link(1, 2).ok());
  ASSERT_TRUE(Head());
  const Bytes whole = head_bytes_;
  const std::string damaged[] = {"", "\x01", "\x03" + whole.substr(1), whole + "x",
                                 whole.substr(0, whole.size() - 1)};
  for (const std::string& bytes : damaged) {
    SCOPED_TRACE(bytes.size());
    PutHead(bytes);
    EXPECT_EQ(Link(1, 3).status().code(), Code::kCorrupt);
    EXPECT_EQ(Link(3, 1).ok(), true) << "its other side is of another kind";
    EXPECT_EQ(Unlink(1, 2).status().code(), Code::kCorrupt);
    EXPECT_EQ(Unlink(2, 1).status().code(), Code::kOk) << "there is no such link";

    LinkListRequest list{.of = kOf,
                         .limit = 1,
                         .since_ms = {},
                         .before_ms = {},
                         .after = {},
                         .from = {},
                         .call = {}};
    EXPECT_FALSE(links_.PeekList(list).has_value());
    const Result<LinkPage> page = links_.List(list).Wait();
    ASSERT_TRUE(page.ok() && page->entries.size() == 1 && page->more && page->resume_from);
    EXPECT_EQ(page->entries[0].outcome, ScanPage::Outcome::kGap);
    list.from = page->resume_from;
    const Result<LinkPage> next = links_.List(list).Wait();
    EXPECT_TRUE(!next->more && next->entries.empty()) << "the gap is told once";
    list.from.reset();
    list.after = LinkPlace{.time_ms = 9, .other = UINT64_MAX};
    EXPECT_EQ(links_.List(list).Wait()->resume_from, (LinkPlace{.time_ms = 8}));
    list.after = LinkPlace{.time_ms = 0, .other = UINT64_MAX};
    EXPECT_FALSE(links_.List(list).Wait()->more);
    EXPECT_TRUE(links_.Others(kOf, 10, {}).Wait()->gap);

    const std::vector<uint64_t> others = {9};
    EXPECT_FALSE(links_.PeekLinks(kOf, others).has_value());
    const auto checked = links_.Check({.of = kOf, .others = others, .call = {}}).Wait();
    EXPECT_EQ(checked.status().code(), Code::kCorrupt) << "it is not known whether it is linked";

    ASSERT_TRUE(Link(8, 2).ok());
    const auto common =
        links_.Common({.of = kOf, .other = 8, .limit = 10, .from = 0, .call = {}}).Wait();
    ASSERT_TRUE(common.ok());
    EXPECT_TRUE(common->gap);
    EXPECT_THAT(common->ids, IsEmpty());
  }
  PutHead("\x01");
  EXPECT_EQ(links_.Count(kOf, {}).Wait().status().code(), Code::kCorrupt);
  EXPECT_EQ(links_.Counts(1, {}).Wait().status().code(), Code::kCorrupt);
  PutHead(whole);
  EXPECT_EQ(Sides().size(), 6u);
}

}  // namespace
}  // namespace smile::testing
