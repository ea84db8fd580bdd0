// Feeds through a session: pages and their continuation, and what is not valid.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "tests/server/operations_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr uint8_t kFamily = 2;

class FeedHandlersTest : public OperationsTest {
 protected:
  void Link(uint64_t user, uint8_t kind, uint64_t other) {
    Do<op::Link>({.user = user, .kind = kind, .other = other});
  }
  void Post(uint64_t author, uint64_t post, ByteView value = "p") {
    const Key key = PostKey(author, post);
    Do<op::Put>({.key = key, .checksum = Hash64(value), .value = value});
  }
  // Post and author of each entry; *continuation is that of the reply.
  std::vector<std::pair<uint64_t, uint64_t>> Read(const op::Feed::Request& request,
                                                  Bytes* continuation) {
    const auto feed = Answer<op::Feed>(request);
    std::vector<std::pair<uint64_t, uint64_t>> posts;
    for (const op::FeedEntry& entry : feed.entries) posts.emplace_back(entry.post, entry.author);
    *continuation = Bytes(feed.continuation);
    return posts;
  }

  Bytes next_;
};

TEST_F(FeedHandlersTest, NewestPostsOfAllAuthorsComeFirst) {
  Link(42, kFriend, 7);
  Link(42, kFriend, 8);
  Link(42, kFamily, 8);  // linked twice, there once
  Post(7, 10, "ten");
  Post(8, 20, "twenty");
  Post(8, 10);
  Post(9, 30);  // of nobody to whom 42 is linked
  Post(42, 40);
  const auto feed = Answer<op::Feed>({.user = 42, .kinds = {kFriend, kFamily, kFriend}});
  ASSERT_EQ(feed.entries.size(), 3u);
  EXPECT_EQ(feed.entries[0].record.value, "twenty");
  EXPECT_EQ(feed.entries[1].author, 7u) << "of the same id, the smaller author first";
  EXPECT_EQ(feed.entries[1].record.value, "ten");
  EXPECT_EQ(feed.entries[2].author, 8u);
  EXPECT_TRUE(feed.continuation.empty() && !feed.gap && !feed.cut);
  EXPECT_THAT(Read({.user = 42, .kinds = {kFamily}}, &next_),
              ElementsAre(Pair(20, 8), Pair(10, 8)));
  EXPECT_THAT(Read({.user = 42, .kinds = {kFriend}, .newer_than = 10}, &next_),
              ElementsAre(Pair(20, 8)));
  EXPECT_TRUE(Read({.user = 41, .kinds = {kFriend}}, &next_).empty());
  const auto keys = Answer<op::Feed>({.user = 42, .kinds = {kFriend}, .keys_only = true});
  EXPECT_EQ(keys.entries[0].record.value, "");
  EXPECT_NE(keys.entries[0].record.version, 0u);
}

TEST_F(FeedHandlersTest, PagesGoOnWhereTheLastOneEnded) {
  Link(42, kFriend, 7);
  Link(42, kFriend, 8);
  for (const uint64_t post : {1, 2, 3}) Post(7, post);
  Post(8, 2);
  op::Feed::Request request{.user = 42, .kinds = {kFriend}, .limit = 2};
  EXPECT_THAT(Read(request, &next_), ElementsAre(Pair(3, 7), Pair(2, 7)));
  Bytes token = next_;
  request.continuation = token;
  EXPECT_THAT(Read(request, &next_), ElementsAre(Pair(2, 8), Pair(1, 7)));
  // The order of the kinds does not matter.
  request = {.user = 42, .kinds = {kFamily, kFriend}, .limit = 1};
  EXPECT_THAT(Read(request, &next_), ElementsAre(Pair(3, 7)));
  token = next_;
  EXPECT_THAT(
      Read({.user = 42, .kinds = {kFriend, kFamily}, .limit = 1, .continuation = token}, &next_),
      ElementsAre(Pair(2, 7)));
}

TEST_F(FeedHandlersTest, PostsTooLargeForTheReplyAreTold) {
  Link(42, kFriend, 7);
  const Bytes large(size_t{900} << 10, 'x');
  for (const uint64_t post : {1, 2, 3, 4, 5, 6}) Post(7, post, large);
  std::vector<uint64_t> seen;
  Bytes token;
  do {
    const auto feed = Answer<op::Feed>(
        {.user = 42, .kinds = {kFriend}, .limit = 6, .continuation = ByteView(token)});
    for (const op::FeedEntry& entry : feed.entries) {
      EXPECT_EQ(entry.outcome, EntryOutcome::kFound);
      EXPECT_EQ(entry.record.value.size(), large.size());
      seen.push_back(entry.post);
    }
    token = Bytes(feed.continuation);
  } while (!token.empty());
  EXPECT_THAT(seen, ElementsAre(6, 5, 4, 3, 2, 1));
}

TEST_F(FeedHandlersTest, InvalidRequestsAreRejected) {
  ExpectError<op::Feed>({.user = 42}, Code::kInvalid, "no kinds");
  ExpectError<op::Feed>({.user = 42, .kinds = {kFriend, 0}}, Code::kInvalid, "0 is not a kind");
  ExpectError<op::Feed>({.user = 42, .kinds = std::vector<uint8_t>(17, kFriend)}, Code::kTooLarge,
                        "17 kinds exceed the limit of 16");
  ExpectError<op::Feed>({.user = 42, .kinds = {kFriend}, .limit = 0}, Code::kInvalid, "limit is 0");
  Link(42, kFriend, 7);
  Post(7, 1);
  Post(7, 2);
  (void)Read({.user = 42, .kinds = {kFriend}, .limit = 1}, &next_);
  const Bytes token = next_;
  ASSERT_FALSE(token.empty());
  const std::string invalid = "invalid continuation token";
  ExpectError<op::Feed>({.user = 43, .kinds = {kFriend}, .continuation = token}, Code::kInvalid,
                        invalid);
  ExpectError<op::Feed>({.user = 42, .kinds = {kFamily}, .continuation = token}, Code::kInvalid,
                        invalid);
  ExpectError<op::Feed>({.user = 42, .kinds = {kFriend, kFamily}, .continuation = token},
                        Code::kInvalid, invalid);
  for (const ByteView part : {ByteView(token).substr(1), ByteView(token).substr(0, 12)}) {
    ExpectError<op::Feed>({.user = 42, .kinds = {kFriend}, .continuation = part}, Code::kInvalid,
                          invalid);
  }
}

}  // namespace
}  // namespace smile
