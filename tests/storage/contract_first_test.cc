// The contract of storage/engine.h for the first sort keys of many partitions.
#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/engine_contract.h"

namespace smile::testing {
namespace {

class FirstContract : public EngineContract {
 protected:
  // The newest post of each author: its id, "none" or "unknown".
  std::vector<std::string> Newest(const std::vector<uint64_t>& authors) {
    std::vector<Bytes> partitions;
    partitions.reserve(authors.size());
    for (const uint64_t author : authors) partitions.push_back(PartitionOf(author));
    std::vector<std::string> newest;
    engine_->PeekFirst(Table::kPosts, partitions, [&](size_t i, PeekResult result, ByteView sort) {
      EXPECT_EQ(i, newest.size());
      newest.push_back(result == PeekResult::kUnknown  ? "unknown"
                       : result == PeekResult::kAbsent ? "none"
                                                       : std::to_string(*DecodePostSort(sort)));
    });
    return newest;
  }
  // After a scan from the beginning, which makes it known.
  std::string Newest(uint64_t author) {
    const Result<ScanPage> page = blocking_.Scan(
        {.table = Table::kPosts, .partition = PartitionOf(author), .limit = 1, .keys_only = true});
    EXPECT_TRUE(page.ok());
    return Newest(std::vector{author})[0];
  }
  void Put(uint64_t author, uint64_t post, uint64_t expires_ms = 0) {
    ASSERT_TRUE(blocking_.Put(PostKey(author, post), "p", Always(), expires_ms).status.ok());
  }
  void Delete(uint64_t author, uint64_t post) {
    ASSERT_TRUE(blocking_.Delete(PostKey(author, post)).status.ok());
  }
};
SMILE_CONTRACT_SUITE(FirstContract);

TEST_P(FirstContract, IsKnownAfterAScanAndFollowsPuts) {
  EXPECT_EQ(Newest(1), "none");
  Put(1, 10);
  EXPECT_EQ(Newest(std::vector<uint64_t>{1})[0], "10") << "a put moves it";
  Put(1, 5);
  EXPECT_EQ(Newest(std::vector<uint64_t>{1})[0], "10") << "an older post does not";
  Put(1, 20);
  EXPECT_EQ(Newest(std::vector<uint64_t>{1})[0], "20");
  Put(2, 7);
  EXPECT_EQ(Newest(2), "7");
  EXPECT_EQ(Newest(3), "none");
  EXPECT_EQ(Newest(std::vector<uint64_t>{3, 1, 2}), (std::vector<std::string>{"none", "20", "7"}));
}

TEST_P(FirstContract, NeverSaysMoreThanIsThere) {
  Put(1, 10);
  Put(1, 20);
  EXPECT_EQ(Newest(1), "20");
  Delete(1, 20);
  EXPECT_NE(Newest(std::vector<uint64_t>{1})[0], "20");
  EXPECT_EQ(Newest(1), "10");
  Delete(1, 10);
  EXPECT_EQ(Newest(1), "none");
}

TEST_P(FirstContract, BatchesCountAsAWhole) {
  EXPECT_EQ(Newest(1), "none");
  const auto write = [&](const std::vector<MutationView>& mutations) {
    ASSERT_TRUE(blocking_.Write(PostKey(1, 1).view().partition_view(), mutations).status.ok());
  };
  const Bytes five = PostKey(1, 5).sort;
  const Bytes nine = PostKey(1, 9).sort;
  write({PutOf(nine, "a"), PutOf(five, "b")});
  EXPECT_EQ(Newest(1), "9");
  MutationView gone;
  gone.kind = MutationKind::kDelete;
  gone.sort = nine;
  write({PutOf(five, "c"), gone});
  EXPECT_EQ(Newest(1), "5");
}

TEST_P(FirstContract, PostsThatExpireAreNotKept) {
  Put(1, 10);
  Put(1, 20, now_ms() + 1000);
  EXPECT_EQ(Newest(1) == "20" || Newest(1) == "unknown", true) << Newest(1);
  clock().AdvanceMillis(2000);
  EXPECT_NE(Newest(std::vector<uint64_t>{1})[0], "20");
}

// Who looks after a put was answered sees it or that it is not known, while scans fill the cache
// and deletes make it unknown.
TEST_P(FirstContract, NobodySeesAnOlderFirst) {
  constexpr uint64_t kAuthor = 1, kPosts = 500;
  Put(kAuthor, 1);
  std::atomic<uint64_t> answered{1};
  std::atomic<bool> writing{true};
  std::atomic<uint64_t> known{0}, wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (writing) {
        const uint64_t before = answered;
        std::promise<void> scanned;
        engine_->Scan({.table = Table::kPosts, .partition = PartitionOf(kAuthor), .limit = 1},
                      [&scanned](const Result<ScanPage>&) { scanned.set_value(); });
        scanned.get_future().wait();
        const std::string newest = Newest(std::vector<uint64_t>{kAuthor})[0];
        if (newest == "unknown") continue;
        ++known;
        if (newest == "none" || std::stoull(newest) < before) ++wrong;
      }
    });
  }
  for (uint64_t post = 2; post <= kPosts; ++post) {
    Put(kAuthor, post);
    answered = post;
    if (post % 10 == 0) Delete(kAuthor, post / 2);
  }
  writing = false;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(known, 0u);
}

}  // namespace
}  // namespace smile::testing
