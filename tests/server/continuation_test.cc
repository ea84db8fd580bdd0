#include "server/continuation.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;

// An engine whose pages end after one record that was looked at.
class ContinuationTest : public SessionTest {
 protected:
  ContinuationTest() : SessionTest(/*records_per_page=*/1) {
    Greet();
    for (const uint64_t user : {1, 2, 3}) {
      for (const char* name : {"a", "b", "c"}) {
        const bool expires = user == 2 || *name == 'b';
        PutUser(user, name, expires ? std::optional<uint32_t>(1) : std::nullopt);
      }
    }
    clock_.AdvanceMillis(2'000);
  }

  void PutUser(uint64_t user, const std::string& name, std::optional<uint32_t> expire_seconds) {
    const Key key = UserKey(user, name);
    EXPECT_EQ(Ask(FrameOf<op::Put>(7, {.key = key.view(),
                                       .checksum = Hash64(name),
                                       .value = name,
                                       .expire_seconds = expire_seconds}))
                  .code,
              Code::kOk);
  }

  // Goes on to the end, and counts the pages with nothing in them.
  template <class Row, class Take>
  void GoOn(typename Row::Request request, const Take& take) {
    Bytes continuation;
    for (int pages = 0; pages < 100; ++pages) {
      const ReceivedReply reply = Ask(FrameOf<Row>(7, request));
      ASSERT_EQ(reply.code, Code::kOk) << reply.Error().message;
      const auto page = reply.As<Row>();
      const size_t taken = take(page);
      if (page.continuation.empty()) return;
      empty_pages_ += taken == 0 ? 1 : 0;
      continuation = page.continuation;
      request.continuation = continuation;
    }
    FAIL() << "the walk does not end";
  }

  int empty_pages_ = 0;
};

TEST_F(ContinuationTest, ScanContinuesAfterAnEmptyPage) {
  std::vector<Bytes> names;
  const Bytes partition = PartitionOf(1);
  GoOn<op::Scan>({.partition = {Table::kUsers, partition}, .limit = 10}, [&](const auto& page) {
    for (const op::ScanEntry& entry : page.entries) names.emplace_back(entry.sort);
    return page.entries.size();
  });
  EXPECT_THAT(names, ElementsAre("a", "c"));
  EXPECT_GT(empty_pages_, 0);
}

TEST_F(ContinuationTest, ListContinuesAfterAnEmptyPage) {
  std::vector<Bytes> users;
  GoOn<op::List>({.table = Table::kUsers, .limit = 10}, [&](const auto& page) {
    for (const ByteView partition : page.partitions) users.emplace_back(partition);
    return page.partitions.size();
  });
  EXPECT_THAT(users, ElementsAre(PartitionOf(1), PartitionOf(3)));
  EXPECT_GT(empty_pages_, 0);
}

TEST_F(ContinuationTest, ForgedTokenIsRejected) {
  const Bytes partition = PartitionOf(1);
  for (const Bytes& junk : {Bytes("\x07junk"), Bytes("\x02"), Bytes("\x01"), Bytes(1, '\0'),
                            "\x02" + Bytes(300, 'n'), Bytes("\x02\xff") + "short"}) {
    EXPECT_EQ(CheckScanContinuation(Table::kPosts, junk).code(), Code::kInvalid) << junk;
    EXPECT_EQ(CheckListContinuation(Table::kUsers, junk).code(), Code::kInvalid) << junk;
  }
  EXPECT_TRUE(CheckScanContinuation(Table::kPosts, std::nullopt).ok());
  EXPECT_TRUE(CheckListContinuation(Table::kUsers, ByteView()).ok());
}

TEST_F(ContinuationTest, TokenOfALoginHasNoSortKey) {
  ListPage page;
  page.more = true;
  page.resume_from = ListPlace{"ada", ""};
  const Bytes continuation = ContinuationOf(page);
  ASSERT_TRUE(CheckListContinuation(Table::kLogins, continuation).ok());
  const ListPlace place = ListPlaceOf(*GoesOnFrom(continuation));
  EXPECT_EQ(place.partition, "ada");
  EXPECT_EQ(place.sort, "");
}

}  // namespace
}  // namespace smile
