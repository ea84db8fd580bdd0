#include "bench/smilebench/redis_protocol.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/smilebench/workload.h"
#include "tests/bench/wire_exchange.h"

namespace smile::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Exchanges with Redis 7.0.15, as recorded. The parameter is how many bytes arrive at once.
class RedisProtocolTest : public ::testing::TestWithParam<size_t> {
 protected:
  void Connect(uint32_t posts_per_author) {
    exchange_.Connect(std::make_unique<RedisProtocol>(posts_per_author, &exchange_));
  }

  Exchange exchange_{GetParam()};
  const std::vector<Operation> get_ = {{.kind = OperationKind::kGet, .number = 41}};
};
INSTANTIATE_TEST_SUITE_P(Pieces, RedisProtocolTest, ::testing::Values(1, 7, 65'536));

TEST_P(RedisProtocolTest, PingIsAnsweredWithPong) {
  Connect(0);
  exchange_.Ask({{.kind = OperationKind::kPing}});
  EXPECT_EQ(exchange_.TakeAsked(), "*1\r\n$4\r\nPING\r\n");
  EXPECT_THAT(exchange_.Say("+PONG\r\n"), ElementsAre(Right(0)));
}

TEST_P(RedisProtocolTest, OperationsOfOneTurnAreOnePipeline) {
  Connect(0);
  const Bytes value = ExchangedValue(42);
  exchange_.Ask({{.kind = OperationKind::kPut, .number = 42, .value = value},
                 {.kind = OperationKind::kGet, .number = 42}});
  EXPECT_EQ(exchange_.TakeAsked(), "*3\r\n$3\r\nSET\r\n$16\r\nu:00000000000042\r\n$16\r\n" + value +
                                       "\r\n*2\r\n$3\r\nGET\r\n$16\r\nu:00000000000042\r\n");
  EXPECT_THAT(exchange_.Say("+OK\r\n$16\r\n" + value + "\r\n"), ElementsAre(Right(0), Right(1)));
}

TEST_P(RedisProtocolTest, AdditionsAreIncrements) {
  exchange_.Connect(std::make_unique<RedisProtocol>(0, &exchange_, /*adds=*/true));
  exchange_.Ask({{.kind = OperationKind::kPut, .number = 42, .value = "unused"}});
  EXPECT_EQ(exchange_.TakeAsked(), "*2\r\n$4\r\nINCR\r\n$4\r\nc:42\r\n");
  EXPECT_THAT(exchange_.Say(":7\r\n"), ElementsAre(Right(0)));
}

TEST_P(RedisProtocolTest, WrongValueIsDetected) {
  Connect(0);
  exchange_.Ask(get_);
  EXPECT_THAT(exchange_.Say("$16\r\n" + ExchangedValue(42) + "\r\n"), ElementsAre(Wrong(0)));
}

TEST_P(RedisProtocolTest, MissingValueIsNotFound) {
  Connect(0);
  exchange_.Ask(get_);
  EXPECT_THAT(exchange_.Say("$-1\r\n"), ElementsAre(Failed(0, Code::kNotFound)));
}

TEST_P(RedisProtocolTest, SeveralKeysAreOneMGet) {
  Connect(0);
  const std::vector<uint64_t> numbers = {42, 40};
  const std::vector<Operation> mget = {{.kind = OperationKind::kMGet, .numbers = numbers}};
  exchange_.Ask(mget);
  EXPECT_EQ(exchange_.TakeAsked(),
            "*3\r\n$4\r\nMGET\r\n$16\r\nu:00000000000042\r\n$16\r\nu:00000000000040\r\n");
  const Bytes right =
      "*2\r\n$16\r\n" + ExchangedValue(42) + "\r\n$16\r\n" + ExchangedValue(40) + "\r\n";
  EXPECT_THAT(exchange_.Say(right), ElementsAre(Right(0)));
  exchange_.Ask(mget);
  const Bytes swapped =
      "*2\r\n$16\r\n" + ExchangedValue(40) + "\r\n$16\r\n" + ExchangedValue(42) + "\r\n";
  EXPECT_THAT(exchange_.Say(swapped), ElementsAre(Wrong(0)));
  exchange_.Ask(mget);
  EXPECT_THAT(exchange_.Say("*2\r\n$16\r\n" + ExchangedValue(42) + "\r\n$-1\r\n"),
              ElementsAre(Failed(0, Code::kNotFound)));
}

TEST_P(RedisProtocolTest, PostIsAStringAndASetMember) {
  Connect(kExchangedPostsPerAuthor);
  const Bytes value = ExchangedValue(41);
  exchange_.Ask({{.kind = OperationKind::kPut, .number = 41, .value = value}});
  EXPECT_EQ(exchange_.TakeAsked(), "*3\r\n$3\r\nSET\r\n$5\r\np:2:1\r\n$16\r\n" + value +
                                       "\r\n*4\r\n$4\r\nZADD\r\n$7\r\nposts:2\r\n$1\r\n1\r\n$1\r\n"
                                       "1\r\n");
  EXPECT_THAT(exchange_.Say("+OK\r\n"), IsEmpty());
  EXPECT_THAT(exchange_.Say(":1\r\n"), ElementsAre(Right(0)));
}

TEST_P(RedisProtocolTest, ScanReadsNewestMembersAndTheirValues) {
  Connect(kExchangedPostsPerAuthor);
  const std::vector<Operation> scan = {
      {.kind = OperationKind::kScan, .number = 2, .limit = 2, .newest = 1}};
  exchange_.Ask(scan);
  EXPECT_EQ(exchange_.TakeAsked(),
            "*4\r\n$9\r\nZREVRANGE\r\n$7\r\nposts:2\r\n$1\r\n0\r\n$1\r\n1\r\n"
            "*3\r\n$4\r\nMGET\r\n$5\r\np:2:1\r\n$5\r\np:2:0\r\n");
  const Bytes values =
      "*2\r\n$16\r\n" + ExchangedValue(41) + "\r\n$16\r\n" + ExchangedValue(40) + "\r\n";
  EXPECT_THAT(exchange_.Say("*2\r\n$1\r\n1\r\n$1\r\n0\r\n"), IsEmpty());
  EXPECT_THAT(exchange_.Say(values), ElementsAre(Right(0)));
  exchange_.Ask(scan);
  EXPECT_THAT(exchange_.Say("*2\r\n$1\r\n0\r\n$1\r\n1\r\n" + values), ElementsAre(Wrong(0)));
  exchange_.Ask(scan);
  EXPECT_THAT(exchange_.Say("*1\r\n$1\r\n1\r\n" + values), ElementsAre(Wrong(0)));
  exchange_.Ask(scan);
  EXPECT_THAT(exchange_.Say("*0\r\n*2\r\n$-1\r\n$-1\r\n"), ElementsAre(Failed(0, Code::kNotFound)));
}

TEST_P(RedisProtocolTest, ErrorReplyKeepsItsMessageAndTheConnection) {
  Connect(0);
  const Bytes value = ExchangedValue(41);
  exchange_.Ask({{.kind = OperationKind::kPut, .number = 41, .value = value}, get_[0]});
  const auto answers = exchange_.Say(
      "-OOM command not allowed when used memory > 'maxmemory'.\r\n$16\r\n" + value + "\r\n");
  ASSERT_THAT(answers, ElementsAre(Failed(0, Code::kInvalid), Right(1)));
  EXPECT_THAT(answers[0].status.message(), HasSubstr("OOM command not allowed"));
}

TEST_P(RedisProtocolTest, ProtocolErrorClosesTheConnection) {
  for (const std::string& said : {std::string("HTTP/1.1 400\r\n"), std::string(":1\r\n"),
                                  std::string("$x\r\n"), std::string("*1\r\n$1\r\nx\r\n")}) {
    Exchange exchange(GetParam());
    exchange.Connect(std::make_unique<RedisProtocol>(0, &exchange));
    exchange.Ask({get_[0], get_[0]});
    EXPECT_THAT(exchange.Say(said),
                ElementsAre(Failed(0, Code::kUnavailable), Failed(1, Code::kUnavailable)));
  }
}

TEST_P(RedisProtocolTest, UnexpectedReplyClosesTheConnection) {
  Connect(0);
  EXPECT_THAT(exchange_.Say("+OK\r\n"), IsEmpty());
  exchange_.Ask(get_);
  EXPECT_THAT(exchange_.TakeAnswers(), ElementsAre(Failed(0, Code::kUnavailable)));
}

TEST_P(RedisProtocolTest, LostConnectionFailsPendingAndLaterOperations) {
  Connect(0);
  exchange_.Ask({get_[0], get_[0]});
  EXPECT_THAT(exchange_.Cut(),
              ElementsAre(Failed(0, Code::kUnavailable), Failed(1, Code::kUnavailable)));
  exchange_.Ask(get_);
  EXPECT_THAT(exchange_.TakeAnswers(), ElementsAre(Failed(0, Code::kUnavailable)));
}

TEST_P(RedisProtocolTest, ValuesLargerThanAReadAreReassembled) {
  Connect(0);
  exchange_.Ask({get_[0], get_[0]});
  const Bytes large(100'000, 'x');
  EXPECT_THAT(exchange_.Say("$100000\r\n" + large + "\r\n$16\r\n" + ExchangedValue(41) + "\r\n"),
              ElementsAre(Wrong(0), Right(1)));
}

}  // namespace
}  // namespace smile::bench
