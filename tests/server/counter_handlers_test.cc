// Additions through a session: tokens, and what is not valid.
#include <limits>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/limits.h"
#include "tests/server/operations_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;

class CounterHandlersTest : public OperationsTest {
 protected:
  op::Add::Response Add(int64_t amount, std::optional<ByteView> token = {}) {
    return Answer<op::Add>({.key = likes_, .amount = amount, .token = token});
  }
  const Key key_ = UserKey(42, "likes");
  const KeyView likes_ = key_.view();
  const Bytes token_ = Bytes(16, 't');
};

TEST_F(CounterHandlersTest, AnswersTheNewNumber) {
  const auto first = Add(5);
  EXPECT_EQ(first.value, 5);
  EXPECT_EQ(Add(-7).value, -2);
  const auto record = Answer<op::Get>({.key = likes_}).record;
  EXPECT_EQ(record.value, "-2");
  EXPECT_GT(record.version, first.version);
}

TEST_F(CounterHandlersTest, ATokenIsUsedOnce) {
  const auto first = Add(5, token_);
  EXPECT_FALSE(first.repeated);
  const auto again = Add(5, token_);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.value, 5);
  EXPECT_EQ(again.version, first.version);
  Add(1);
  EXPECT_EQ(Add(5, token_).value, 6) << "the number now";
  EXPECT_EQ(Add(5, Bytes(16, 'u')).value, 11) << "another token";
  Do<op::Delete>({.key = likes_});
  const auto absent = Add(5, token_);
  EXPECT_TRUE(absent.repeated);
  EXPECT_EQ(absent.value, 0);
  EXPECT_EQ(absent.version, 0u);
}

// What it met the first time is not what it would meet now.
TEST_F(CounterHandlersTest, ARepetitionIsKnownAlsoWhereAnAdditionWouldFail) {
  Do<op::Put>(
      {.key = likes_, .checksum = Hash64("9223372036854775806"), .value = "9223372036854775806"});
  EXPECT_FALSE(Add(1, token_).repeated);
  EXPECT_TRUE(Add(1, token_).repeated) << "the number is at its bound";
  Do<op::Put>({.key = likes_, .checksum = Hash64("text"), .value = "text"});
  const auto again = Add(1, token_);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.value, 0);
  ExpectError<op::Add>({.key = likes_, .amount = 1, .token = Bytes(16, 'u')},
                       Code::kConditionFailed, "");
}

TEST_F(CounterHandlersTest, ATokenIsForOneAddition) {
  Add(5, token_);
  const std::string why = "used for another addition";
  ExpectError<op::Add>({.key = likes_, .amount = 6, .token = token_}, Code::kInvalid, why);
  ExpectError<op::Add>({.key = likes_, .amount = 5, .saturate = true, .token = token_},
                       Code::kInvalid, why);
  const Key other = UserKey(43, "likes");
  ExpectError<op::Add>({.key = other.view(), .amount = 5, .token = token_}, Code::kInvalid, why);
  EXPECT_EQ(Add(0).value, 5);
}

TEST_F(CounterHandlersTest, WhatIsInvalidIsSaid) {
  Do<op::Put>({.key = likes_, .checksum = Hash64("Ada"), .value = "Ada"});
  ExpectError<op::Add>({.key = likes_, .amount = 1}, Code::kConditionFailed, "not a number");
  ExpectError<op::Add>({.key = likes_, .amount = 1, .token = "short"}, Code::kInvalid,
                       "the token has 5 bytes, not 16");
  ExpectError<op::Add>({.key = {Table::kTokens, token_, {}}, .amount = 1}, Code::kInvalid, "");
  // A refused addition does not use up its token.
  ExpectError<op::Add>({.key = likes_, .amount = 1, .token = token_}, Code::kConditionFailed,
                       "not a number");
  Do<op::Put>({.key = likes_, .checksum = Hash64("1"), .value = "1"});
  EXPECT_FALSE(Add(1, token_).repeated);
}

TEST_F(CounterHandlersTest, ABatchAddsToo) {
  const auto item = [](ItemKind kind, ByteView sort, ByteView value) {
    return op::BatchItem{kind, sort, {}, 0, Hash64(value), value};
  };
  const PartitionView partition = likes_.partition_view();
  const auto reply = Answer<op::Batch>(
      {.partition = partition,
       .items = {item(ItemKind::kAdd, "likes", "2"), item(ItemKind::kPut, "name", "Ada"),
                 item(ItemKind::kAdd, "likes", "-5")}});
  EXPECT_EQ(reply.versions.size(), 3u);
  ASSERT_TRUE(reply.numbers.has_value());
  EXPECT_THAT(*reply.numbers, ElementsAre(2, -3));
  const auto without =
      Answer<op::Batch>({.partition = partition, .items = {item(ItemKind::kPut, "name", "Bea")}});
  EXPECT_FALSE(without.numbers.has_value());
  const std::string max = std::to_string(std::numeric_limits<int64_t>::max());
  const auto bounded = Answer<op::Batch>({.partition = partition,
                                          .items = {item(ItemKind::kAdd, "likes", "10"),
                                                    item(ItemKind::kAddSaturating, "likes", max)}});
  EXPECT_THAT(*bounded.numbers, ElementsAre(7, std::numeric_limits<int64_t>::max()));
  ExpectError<op::Batch>({.partition = partition, .items = {item(ItemKind::kAdd, "likes", "1")}},
                         Code::kConditionFailed, "");
  ExpectError<op::Batch>({.partition = partition, .items = {item(ItemKind::kAdd, "likes", "two")}},
                         Code::kInvalid, "item 0: the value of an addition is its amount");
  auto expiring = item(ItemKind::kAdd, "likes", "2");
  expiring.expire_seconds = 1;
  ExpectError<op::Batch>({.partition = partition, .items = {expiring}}, Code::kInvalid, "TTL");
}

}  // namespace
}  // namespace smile
