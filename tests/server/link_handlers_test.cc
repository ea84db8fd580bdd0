// The operations on links through a session: pages and their continuation, what is not valid, and
// which are answered from memory.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/operations_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;

constexpr uint8_t kFollow = 5;
constexpr uint8_t kFollower = 133;

class LinkHandlersTest : public OperationsTest {
 protected:
  void Link(uint64_t user, uint64_t other, uint64_t time_ms, ByteView value = "",
            uint8_t kind = kFriend) {
    EXPECT_TRUE(
        Answer<op::Link>(
            {.user = user, .kind = kind, .other = other, .value = value, .time_ms = time_ms})
            .created);
  }
  uint64_t Count(uint64_t user, uint8_t kind) {
    return Answer<op::LinkCount>({.user = user, .kind = kind}).count;
  }
};

TEST_F(LinkHandlersTest, LinkHasTwoSidesAndTwoCounts) {
  EXPECT_TRUE(Answer<op::Link>({.user = 42, .kind = kFollow, .other = 7, .value = "v"}).created);
  EXPECT_FALSE(Answer<op::Link>({.user = 42, .kind = kFollow, .other = 7, .value = "w"}).created);
  EXPECT_EQ(Count(42, kFollow), 1u);
  EXPECT_EQ(Count(7, kFollower), 1u);
  EXPECT_EQ(Count(7, kFollow), 0u);
  const auto back = Answer<op::LinkList>({.user = 7, .kind = kFollower});
  ASSERT_EQ(back.entries.size(), 1u);
  EXPECT_EQ(back.entries[0].other, 42u);
  EXPECT_EQ(back.entries[0].inverse, kFollow);
  EXPECT_EQ(back.entries[0].value, "w");
  EXPECT_EQ(back.entries[0].time_ms, static_cast<uint64_t>(clock_.WallMillis()));
  const auto counts = Answer<op::LinkCounts>({.user = 7});
  ASSERT_EQ(counts.counts.size(), 1u);
  EXPECT_EQ(counts.counts[0].kind, kFollower);
  EXPECT_TRUE(Answer<op::Unlink>({.user = 7, .kind = kFollower, .other = 42}).removed);
  EXPECT_FALSE(Answer<op::Unlink>({.user = 42, .kind = kFollow, .other = 7}).removed);
  EXPECT_EQ(Count(42, kFollow) + Count(7, kFollower), 0u);
}

TEST_F(LinkHandlersTest, PagesGoOnWhereTheLastOneEnded) {
  for (uint64_t other = 1; other <= 7; ++other) Link(42, other, /*time_ms=*/other / 2);
  std::vector<uint64_t> others;
  Bytes continuation;
  do {
    const auto page = Answer<op::LinkList>(
        {.user = 42, .kind = kFriend, .limit = 2, .continuation = ByteView(continuation)});
    for (const op::LinkEntry& entry : page.entries) others.push_back(entry.other);
    continuation = Bytes(page.continuation);
    if (others.size() == 2) {
      for (const auto& [user, kind] : {std::pair{43, kFriend}, std::pair{42, kFollow}}) {
        ExpectError<op::LinkList>({.user = static_cast<uint64_t>(user),
                                   .kind = kind,
                                   .continuation = ByteView(continuation)},
                                  Code::kInvalid, "invalid continuation token");
      }
    }
  } while (!continuation.empty());
  EXPECT_THAT(others, ElementsAre(6, 7, 4, 5, 2, 3, 1));
  const auto some =
      Answer<op::LinkList>({.user = 42, .kind = kFriend, .since_ms = 1, .before_ms = 3});
  EXPECT_EQ(some.entries.size(), 4u);
  ExpectError<op::LinkList>({.user = 42, .kind = kFriend, .continuation = "\1x"}, Code::kInvalid,
                            "invalid continuation token");
}

TEST_F(LinkHandlersTest, CommonLinksComeInPages) {
  for (uint64_t other = 1; other <= 9; ++other) {
    Link(42, 100 + other, 1);
    if (other % 2 == 0) Link(43, 100 + other, 1);
  }
  std::vector<uint64_t> ids;
  Bytes continuation;
  do {
    const auto page = Answer<op::LinkCommon>({.user = 42,
                                              .other = 43,
                                              .kind = kFriend,
                                              .limit = 3,
                                              .continuation = ByteView(continuation)});
    ids.insert(ids.end(), page.ids.begin(), page.ids.end());
    continuation = Bytes(page.continuation);
    if (continuation.empty()) break;
    ExpectError<op::LinkCommon>(
        {.user = 42, .other = 44, .kind = kFriend, .continuation = ByteView(continuation)},
        Code::kInvalid, "invalid continuation token");
  } while (true);
  EXPECT_THAT(ids, ElementsAre(102, 104, 106, 108));
}

TEST_F(LinkHandlersTest, CheckTellsWhichAreLinkedInTheOrderOfTheRequest) {
  Link(42, 7, 1, "seven");
  Link(42, 9, 2);
  for (const bool from_memory : {true, false}) {
    std::vector<uint64_t> others = {9, 8, 7};
    if (!from_memory) others.resize(limits::kMaxLinkChecks, 1);
    const auto reply = Answer<op::LinkCheck>({.user = 42, .kind = kFriend, .others = others});
    ASSERT_EQ(reply.entries.size(), 2u);
    EXPECT_EQ(reply.entries[0].other, 9u);
    EXPECT_EQ(reply.entries[1].other, 7u);
    EXPECT_EQ(reply.entries[1].value, "seven");
    EXPECT_EQ(reply.entries[1].time_ms, 1u);
  }
  const std::vector<uint64_t> many(limits::kMaxLinkChecks + 1, 1);
  ExpectError<op::LinkCheck>({.user = 42, .kind = kFriend, .others = many}, Code::kTooLarge,
                             "split the request");
}

TEST_F(LinkHandlersTest, CountAndCheckNeedNoReaderIfInMemory) {
  Link(42, 7, 1);
  engine_.read_keys.clear();
  EXPECT_EQ(Count(42, kFriend), 1u);
  EXPECT_EQ(Answer<op::LinkCheck>({.user = 42, .kind = kFriend, .others = {7, 8}}).entries.size(),
            1u);
  EXPECT_TRUE(engine_.read_keys.empty());
  engine_.hold_reads = true;
  engine_.on_disk = {LinkKey(42, LinkKind::kFriend, 7),
                     LinkKey(42, {.kind = LinkKind::kFriend, .view = LinkView::kHead})};
  Send(FrameOf<op::LinkCount>(8, {.user = 42, .kind = kFriend}));
  Send(FrameOf<op::LinkCheck>(9, {.user = 42, .kind = kFriend, .others = {7}}));
  EXPECT_TRUE(ReplyIds().empty());
  while (engine_.held() > 0) Release();
  EXPECT_THAT(ReplyIds(), ElementsAre(8, 9));
}

TEST_F(LinkHandlersTest, BadRequestsAreRejected) {
  ExpectError<op::Link>({.user = 1, .kind = kFriend, .other = 1}, Code::kInvalid, "to itself");
  ExpectError<op::Link>({.user = 1, .kind = 0, .other = 2}, Code::kInvalid, "0 is not a kind");
  ExpectError<op::Link>({.user = 1, .kind = 1, .other = 2, .inverse = 0}, Code::kInvalid,
                        "0 is not a kind");
  ExpectError<op::Link>({.user = 1, .kind = 128, .other = 2}, Code::kInvalid, "kind 128");
  const Bytes value(limits::kMaxLinkValueBytes + 1, 'v');
  ExpectError<op::Link>({.user = 1, .kind = 1, .other = 2, .value = value}, Code::kTooLarge,
                        "1025 bytes, more than 1024");
  ExpectError<op::Unlink>({.user = 1, .kind = 1, .other = 1}, Code::kInvalid, "to itself");
  ExpectError<op::LinkCount>({.user = 1}, Code::kInvalid, "0 is not a kind");
  ExpectError<op::LinkList>({.user = 1, .kind = 1, .limit = 0}, Code::kInvalid, "limit is 0");
  ExpectError<op::LinkCommon>({.user = 1, .other = 2, .kind = 1, .limit = 0}, Code::kInvalid,
                              "limit is 0");
  ExpectError<op::LinkCheck>({.user = 1, .kind = 1}, Code::kInvalid, "no others");
  EXPECT_FALSE(Answer<op::Unlink>({.user = 1, .kind = 128, .other = 2}).removed);
  Link(1, 2, 1, ByteView(value).substr(1));
  Do<op::Link>({.user = 1, .kind = 9, .other = 2, .inverse = 9});
  ExpectError<op::Link>({.user = 1, .kind = 9, .other = 2, .inverse = 10}, Code::kConditionFailed,
                        "inverse is of kind 9");
  ExpectError<op::Link>({.user = 2, .kind = 137, .other = 1, .inverse = 9}, Code::kConditionFailed,
                        "remove it first");
}

TEST_F(LinkHandlersTest, LinkWaitsForReadsWithoutTheLoopAndEndsAtItsDeadline) {
  engine_.hold = true;
  Send(FrameOf<op::Link>(8, {.user = 1, .kind = kFriend, .other = 2}));
  Send(FrameOf<op::Link>(9, {.user = 1, .kind = kFriend, .other = 3}, /*deadline_ms=*/5));
  Send(FrameOf<op::Link>(10, {.user = 3, .kind = kFriend, .other = 4}));
  clock_.AdvanceMillis(6);
  while (engine_.held() > 0) Release();
  engine_.hold = false;
  std::vector<std::pair<uint32_t, Code>> replies;
  for (const ReceivedReply& reply : Replies()) replies.emplace_back(reply.id, reply.code);
  EXPECT_THAT(replies, ::testing::UnorderedElementsAre(std::pair(8, Code::kOk),
                                                       std::pair(9, Code::kDeadlineExceeded),
                                                       std::pair(10, Code::kOk)));
  EXPECT_EQ(Count(1, kFriend), 1u);
  EXPECT_EQ(Count(3, kFriend), 1u);
}

}  // namespace
}  // namespace smile
