// Requests that one record answers: those that came one after the other, and GETs of large values.
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::string> ValuesOf(const std::vector<ReceivedReply>& replies) {
  std::vector<std::string> values;
  for (const ReceivedReply& reply : replies) {
    values.push_back(reply.code == Code::kOk ? Bytes(reply.As<op::Get>().record.value)
                                             : std::string(InfoOf(reply.code).name));
  }
  return values;
}

TEST_F(SessionTest, ConsecutiveGetsAreAnsweredInOrder) {
  Greet();
  Ask(PutFrame(2, kProfile, "profile"));
  Ask(PutFrame(3, kTheme, "theme"));
  Send(GetFrame(10, kProfile) + GetFrame(11, kElsewhere) + GetFrame(12, kTheme));
  const std::vector<ReceivedReply> replies = Replies();
  EXPECT_THAT(ValuesOf(replies), ElementsAre("profile", "not_found", "theme"));
  EXPECT_EQ(replies[1].id, 11u);
  EXPECT_EQ(session_->requests_in_flight(), 0u);
}

TEST_F(SessionTest, WaitingGetBlocksOnlyItsPartition) {
  Greet();
  Ask(PutFrame(2, kProfile, "profile"));
  Ask(PutFrame(3, kTheme, "theme"));
  Ask(PutFrame(4, kElsewhere, "elsewhere"));
  engine_.on_disk = {kProfile};
  engine_.hold = false;
  engine_.hold_reads = true;
  Send(GetFrame(10, kProfile) + GetFrame(11, kElsewhere) + GetFrame(12, kTheme));
  EXPECT_THAT(ReplyIds(), ElementsAre(11)) << "the theme is in the profile's partition";
  Release();
  EXPECT_THAT(ReplyIds(), ElementsAre(10, 12));
}

TEST_F(SessionTest, ConsecutiveGetsAfterAWriteSeeIt) {
  Greet();
  Ask(PutFrame(2, kProfile, "old"));
  engine_.hold = true;
  Send(PutFrame(3, kProfile, "new"));
  engine_.hold = false;
  Send(GetFrame(10, kProfile) + GetFrame(11, kElsewhere) + GetFrame(12, kProfile));
  EXPECT_THAT(ReplyIds(), ElementsAre(11));
  Release();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(replies[0].id, 3u);
  EXPECT_THAT(ValuesOf({replies[1], replies[2]}), ElementsAre("new", "new"));
}

TEST_F(SessionTest, DuplicateIdInConsecutiveGetsIsRejected) {
  Greet();
  Ask(PutFrame(2, kElsewhere, "elsewhere"));
  engine_.on_disk = {kProfile};
  engine_.hold_reads = true;
  Send(GetFrame(10, kProfile) + GetFrame(10, kElsewhere));
  const std::vector<ReceivedReply> rejected = Replies();
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].code, Code::kInvalid);
  Release();
  EXPECT_THAT(ReplyIds(), ElementsAre(10));
}

TEST_F(SessionTest, RunOfGetsEndsAtAnyOtherRequest) {
  Greet();
  Ask(PutFrame(2, kProfile, "old"));
  Send(GetFrame(10, kProfile) + GetFrame(11, kProfile) + PutFrame(12, kProfile, "new") +
       GetFrame(13, kProfile) + GetFrame(14, kProfile) + GetFrame(15, {Table::kUsers, "x", "y"}) +
       GetFrame(16, kProfile));
  const std::vector<ReceivedReply> replies = Replies();
  std::map<uint32_t, std::string> by_id;
  for (const ReceivedReply& reply : replies) {
    by_id[reply.id] = reply.id == 12 ? "put" : ValuesOf({reply})[0];
  }
  EXPECT_EQ(by_id, (std::map<uint32_t, std::string>{{10, "old"},
                                                    {11, "old"},
                                                    {12, "put"},
                                                    {13, "new"},
                                                    {14, "new"},
                                                    {15, "invalid"},
                                                    {16, "new"}}));
}

// --- Links ---------------------------------------------------------------------------------------

class LinkLookups : public SessionTest {
 protected:
  LinkLookups() {
    Greet();
    Ask(FrameOf<op::Link>(
        2, {.user = 42, .kind = kFriend, .other = 7, .value = "a long value of the link"}));
    Ask(PutFrame(3, kElsewhere, "elsewhere"));
    engine_.peeked_together.clear();
  }

  static Bytes CountFrame(uint32_t id, uint64_t user) {
    return FrameOf<op::LinkCount>(id, {.user = user, .kind = kFriend});
  }
  static Bytes CheckFrame(uint32_t id, std::vector<uint64_t> others) {
    return FrameOf<op::LinkCheck>(id, {.user = 42, .kind = kFriend, .others = std::move(others)});
  }
};

TEST_F(LinkLookups, AreMadeTogetherWithGets) {
  Send(CountFrame(10, 42) + CheckFrame(11, {7}) + GetFrame(12, kElsewhere) + CheckFrame(13, {8}) +
       CountFrame(14, 43));
  EXPECT_THAT(engine_.peeked_together, ElementsAre(5));
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 5u);
  EXPECT_EQ(replies[0].As<op::LinkCount>().count, 1u);
  const auto linked = replies[1].As<op::LinkCheck>();
  ASSERT_EQ(linked.entries.size(), 1u);
  EXPECT_EQ(linked.entries[0].other, 7u);
  EXPECT_EQ(linked.entries[0].value, "a long value of the link");
  EXPECT_EQ(replies[2].As<op::Get>().record.value, "elsewhere");
  EXPECT_TRUE(replies[3].As<op::LinkCheck>().entries.empty());
  EXPECT_EQ(replies[4].As<op::LinkCount>().count, 0u);
  EXPECT_TRUE(engine_.read_keys.empty());
}

TEST_F(LinkLookups, EndAtACheckOfSeveral) {
  Send(CountFrame(10, 42) + CheckFrame(11, {7, 8}) + CheckFrame(12, {7}) + CountFrame(13, 42) +
       GetFrame(14, kElsewhere));
  EXPECT_THAT(engine_.peeked_together, ElementsAre(3)) << "the next run";
  EXPECT_THAT(ReplyIds(), ElementsAre(10, 11, 12, 13, 14));
}

// Of many links each is in a record of its own, which is looked up after the first.
TEST_F(LinkLookups, AreMadeInMemoryWhateverTheNumberOfLinks) {
  for (uint32_t other = 8; other < 10; ++other) {
    Ask(FrameOf<op::Link>(other, {.user = 42,
                                  .kind = kFriend,
                                  .other = other,
                                  .value = Bytes(limits::kMaxLinkValueBytes, 'v')}));
  }
  engine_.read_keys.clear();
  engine_.peeked_together.clear();
  Send(CheckFrame(10, {7}) + CheckFrame(11, {6}) + GetFrame(12, kElsewhere) + CheckFrame(13, {9}));
  EXPECT_THAT(engine_.peeked_together, ElementsAre(4, 1, 1, 1));
  std::vector<std::pair<uint32_t, size_t>> found;
  for (const ReceivedReply& reply : Replies()) {
    found.emplace_back(reply.id, reply.id == 12 ? 1 : reply.As<op::LinkCheck>().entries.size());
  }
  EXPECT_THAT(found, ElementsAre(Pair(12, 1), Pair(10, 1), Pair(11, 0), Pair(13, 1)));
  EXPECT_TRUE(engine_.read_keys.empty());
}

TEST_F(LinkLookups, WaitForAReaderIfNotInMemory) {
  engine_.hold_reads = true;
  engine_.on_disk = {LinkKey(42, LinkSort{.kind = LinkKind::kFriend, .view = LinkView::kHead})};
  Send(CheckFrame(10, {7}) + GetFrame(11, kElsewhere) + CountFrame(12, 43));
  EXPECT_THAT(engine_.peeked_together, ElementsAre(3));
  EXPECT_THAT(ReplyIds(), ElementsAre(11, 12));
  Release();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].As<op::LinkCheck>().entries.size(), 1u);
}

// --- Large values --------------------------------------------------------------------------------

const Bytes kLarge(limits::kLeastLargeValueBytes, 'L');

TEST_F(SessionTest, LargeValueIsSentWithoutACopy) {
  Greet();
  Ask(PutFrame(2, kProfile, kLarge));
  Ask(PutFrame(3, kElsewhere, "small"));
  engine_.on_disk = {kProfile};
  Send(GetFrame(10, kElsewhere) + GetFrame(11, kProfile) + GetFrame(12, kElsewhere));
  std::vector<Bytes> pieces;
  while (session_->has_output()) pieces.push_back(session_->TakeOutput().bytes);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[1], kLarge);
  const std::vector<ReceivedReply> replies = ParseReplies(pieces[0] + pieces[1]);
  EXPECT_THAT(ValuesOf(replies), ElementsAre("small", "small", kLarge));
}

TEST_F(SessionTest, LargeValueKeepsItsPlaceInTheOrder) {
  Greet();
  Ask(PutFrame(2, kProfile, "profile"));
  Ask(PutFrame(3, kTheme, kLarge));
  engine_.on_disk = {kProfile, kTheme};
  engine_.hold_reads = true;
  Send(GetFrame(10, kProfile) + GetFrame(11, kTheme) + GetFrame(12, kElsewhere));
  EXPECT_THAT(ReplyIds(), ElementsAre(12));
  Release();
  Release();
  EXPECT_THAT(ValuesOf(Replies()), ElementsAre("profile", kLarge));
}

TEST_F(SessionTest, LargeValueOverTheClientsLimitIsTooLarge) {
  Send(FrameOf<op::Hello>(1, {.max_frame_bytes = 32'768}));
  Replies();
  Ask(PutFrame(2, kProfile, Bytes(33'000, 'L')));
  engine_.on_disk = {kProfile};
  const ReceivedReply reply = Ask(GetFrame(3, kProfile));
  EXPECT_EQ(reply.code, Code::kTooLarge);
  EXPECT_EQ(session_->requests_in_flight(), 0u);
}

}  // namespace
}  // namespace smile
