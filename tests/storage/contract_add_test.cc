// The contract of storage/engine.h for additions to number records.
#include <gmock/gmock.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Key kLikes = UserKey(1, "likes");
const Key kName = UserKey(1, "name");
const Key kToken(Table::kTokens, Bytes(16, 't'), {});

MutationView AddOf(ByteView sort, int64_t amount, bool saturate = false) {
  return {.kind = MutationKind::kAdd,
          .sort = sort,
          .addition = {.amount = amount, .saturate = saturate}};
}

class AddContract : public EngineContract {
 protected:
  WriteReply Write(const std::vector<MutationView>& mutations) {
    return blocking_.Write(kLikes.view().partition_view(), mutations);
  }
  WriteReply Add(int64_t amount, bool saturate = false) {
    return Write({AddOf(kLikes.sort, amount, saturate)});
  }
  // Makes it once, however often it is called.
  WriteReply AddOnce(int64_t amount) {
    WriteRequest request(kLikes.view().partition_view(), {AddOf(kLikes.sort, amount)}, 0);
    MutationView mark = PutOf(kToken.sort, "mark", IfAbsent());
    mark.expires_ms = now_ms() + 1000;
    request.AddAlso(WriteRequest(kToken.view().partition_view(), {mark}, 0));
    return blocking_.Write(std::move(request));
  }
};
SMILE_CONTRACT_SUITE(AddContract);

TEST_P(AddContract, AnAbsentRecordCountsAsZero) {
  const WriteReply reply = Add(5);
  ASSERT_TRUE(reply.status.ok()) << reply.status.ToString();
  EXPECT_THAT(reply.numbers, ElementsAre(5));
  EXPECT_EQ(blocking_.Value(kLikes), "5");
  EXPECT_EQ(blocking_.Get(kLikes)->version, reply.versions.at(0));
  EXPECT_EQ(blocking_.Get(kLikes)->checksum, Hash64("5"));
  EXPECT_THAT(Add(-12).numbers, ElementsAre(-7));
  EXPECT_EQ(blocking_.Value(kLikes), "-7");
}

TEST_P(AddContract, SeesTheMutationsBeforeItInItsWrite) {
  const WriteReply reply =
      Write({AddOf(kLikes.sort, 1), PutOf(kLikes.sort, "40"), AddOf(kLikes.sort, 2),
             DeleteOf(kLikes.sort), AddOf(kLikes.sort, 3), AddOf(kLikes.sort, 3)});
  ASSERT_TRUE(reply.status.ok()) << reply.status.ToString();
  EXPECT_THAT(reply.numbers, ElementsAre(1, 42, 3, 6));
  EXPECT_THAT(reply.versions, SizeIs(6));
  EXPECT_EQ(blocking_.Value(kLikes), "6");
}

TEST_P(AddContract, KeepsTheExpiryTime) {
  MutationView put = PutOf(kLikes.sort, "1");
  put.expires_ms = now_ms() + 1000;
  ASSERT_TRUE(Write({put}).status.ok());
  ASSERT_TRUE(Add(1).status.ok());
  EXPECT_EQ(blocking_.Get(kLikes)->expires_ms, put.expires_ms);
  clock().AdvanceMillis(1001);
  EXPECT_THAT(Add(1).numbers, ElementsAre(1)) << "an expired record is absent";
  EXPECT_EQ(blocking_.Get(kLikes)->expires_ms, 0u);
}

TEST_P(AddContract, WhatIsNotANumberFailsTheWholeWrite) {
  ASSERT_TRUE(blocking_.Put(kName, "Ada").status.ok());
  ASSERT_TRUE(blocking_.Put(kLikes, "1").status.ok());
  const WriteReply reply = Write({AddOf(kLikes.sort, 1), AddOf(kName.sort, 1)});
  EXPECT_EQ(reply.status.code(), Code::kConditionFailed);
  EXPECT_THAT(reply.status.message(), HasSubstr("not a number"));
  EXPECT_EQ(reply.failed_index, 1u);
  EXPECT_EQ(reply.met_version, blocking_.Get(kName)->version);
  EXPECT_THAT(reply.numbers, IsEmpty());
  EXPECT_EQ(blocking_.Value(kLikes), "1") << "undone";
  const WriteReply inner = Write({PutOf(kLikes.sort, "x"), AddOf(kLikes.sort, 1)});
  EXPECT_EQ(inner.met_index, 0u) << "it met what its own write stored";
}

TEST_P(AddContract, SumsOutsideOfTheRangeAreRefusedOrSaturate) {
  ASSERT_TRUE(Add(INT64_MAX).status.ok());
  const WriteReply refused = Add(1);
  EXPECT_EQ(refused.status.code(), Code::kConditionFailed);
  EXPECT_THAT(refused.status.message(), HasSubstr("saturate"));
  EXPECT_THAT(Add(1, /*saturate=*/true).numbers, ElementsAre(INT64_MAX));
  EXPECT_THAT(Add(-1).numbers, ElementsAre(INT64_MAX - 1));
}

TEST_P(AddContract, ConditionsHoldForAdditionsToo) {
  MutationView first = AddOf(kLikes.sort, 1);
  first.condition = IfAbsent();
  const WriteReply made = Write({first});
  ASSERT_TRUE(made.status.ok());
  EXPECT_EQ(Write({first}).status.code(), Code::kConditionFailed);
  first.condition = IfVersion(made.versions[0]);
  EXPECT_THAT(Write({first}).numbers, ElementsAre(2));
}

// The condition is in another partition than the addition.
TEST_P(AddContract, AConditionOfAWriteTogetherIsOfAll) {
  EXPECT_THAT(AddOnce(3).numbers, ElementsAre(3));
  const WriteReply again = AddOnce(3);
  EXPECT_EQ(again.status.code(), Code::kConditionFailed);
  EXPECT_EQ(again.failed_index, 1u) << "its own mutation is 0";
  EXPECT_THAT(again.numbers, IsEmpty());
  EXPECT_EQ(blocking_.Value(kLikes), "3");
  clock().AdvanceMillis(1001);
  EXPECT_THAT(AddOnce(3).numbers, ElementsAre(6)) << "the token has expired";
}

// They share groups: each sees the sum of those before it.
TEST_P(AddContract, NoneIsLostAmongMany) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  std::atomic<int64_t> sum_of_replies = 0;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kEach; ++j) sum_of_replies += Add(1).numbers.at(0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  constexpr int64_t kAll = kThreads * kEach;
  EXPECT_EQ(blocking_.Value(kLikes), std::to_string(kAll));
  EXPECT_EQ(sum_of_replies.load(), kAll * (kAll + 1) / 2) << "each sum was answered once";
}

}  // namespace
}  // namespace smile::testing
