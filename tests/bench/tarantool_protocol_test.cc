#include "bench/smilebench/tarantool_protocol.h"

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
using ::testing::IsEmpty;

// Pieces of what Tarantool 2.6 says: a frame's header with the sync and the version of the schema;
// the value of record 40, first generation, of record 41, second, and so on.
const std::string kSync0 = "8300ce0000000001cf0000000000000000 05ce00000052";
const std::string kSync1 = "8300ce0000000001cf0000000000000001 05ce00000052";
const std::string kSync64 = "8300ce0000000001cf0000000000000040 05ce00000052";
const std::string kKey40 = "b0753a3030303030303030303030303430";
const std::string kKey41 = "b0753a3030303030303030303030303431";
const std::string kKey42 = "b0753a3030303030303030303030303432";
const std::string kValue40 = "c41028000000000000000100000000000000";
const std::string kValue41 = "c41029000000000000000200000000000000";
const std::string kValue42 = "c4102a000000000000000300000000000000";
const std::string kGreeting =
    "546172616e746f6f6c20322e362e30202842696e617279292037323466616465632d336430322d343965622d386363"
    "362d39643936393331373431393920200a6663573167636e4e50533051426e587a2f5858306b6b4b51644832456935"
    "785439325071537239663445633d202020202020202020202020202020202020200a";

std::string OneTuple(const std::string& sync, const std::string& key, const std::string& value) {
  return "ce00000042" + sync + "8130dd00000001 92" + key + value;
}
std::string NoTuple(const std::string& sync) {
  return "ce0000001e" + sync + "8130dd00000000";
}
std::string Select(const std::string& sync, const std::string& key) {
  return "ce00000025820001 01" + sync + "8610cd0200 110012011300140020 91" + key;
}

// Exchanges with Tarantool 2.6.0, as recorded. The parameter is how many bytes arrive at once.
class TarantoolProtocolTest : public ::testing::TestWithParam<size_t> {
 protected:
  void Connect() {
    exchange_.Connect(std::make_unique<TarantoolProtocol>(0, &exchange_));
    exchange_.Ask({{.kind = OperationKind::kPing}});
    EXPECT_EQ(exchange_.TakeAsked(),
              FromHex("ce00000006 820040 0100 80"
                      "ce0000001c 820001 0101 8610cd0119110212011300140020 91a77265636f726473"));
    EXPECT_THAT(exchange_.Say(FromHex(kGreeting + "ce00000018" + kSync0 + "80")), IsEmpty());
    EXPECT_THAT(exchange_.Say(FromHex("ce00000034" + kSync1 +
                                      "8130dd00000001 97cd0200 01a77265636f726473 a56d656d7478"
                                      "008090")),
                ElementsAre(Right(0)));
  }
  void ConnectToPosts() {
    exchange_.Connect(std::make_unique<TarantoolProtocol>(kExchangedPostsPerAuthor, &exchange_));
    exchange_.Ask({{.kind = OperationKind::kPing}});
    EXPECT_EQ(exchange_.TakeAsked(),
              FromHex("ce00000006 820040 0100 80"
                      "ce0000001a 820001 0101 8610cd0119110212011300140020 91a5706f737473"));
    EXPECT_THAT(
        exchange_.Say(FromHex(kGreeting + "ce00000018" + kSync0 + "80" + "ce00000032" + kSync1 +
                              "8130dd00000001 97cd0201 01a5706f737473 a56d656d7478"
                              "008090")),
        ElementsAre(Right(0)));
  }
  std::vector<Exchanged> Say(const std::string& hex) { return exchange_.Say(FromHex(hex)); }
  std::vector<Exchanged> AskAndSay(const std::vector<Operation>& operations,
                                   const std::string& hex) {
    exchange_.Ask(operations);
    return Say(hex);
  }

  Exchange exchange_{GetParam()};
  const Operation get40_ = {.kind = OperationKind::kGet, .number = 40};
  const Operation get41_ = {.kind = OperationKind::kGet, .number = 41};
  const std::vector<uint64_t> numbers_ = {42, 40};
  const Operation mget_ = {.kind = OperationKind::kMGet, .numbers = numbers_};
};
INSTANTIATE_TEST_SUITE_P(Pieces, TarantoolProtocolTest, ::testing::Values(1, 7, 65'536));

TEST_P(TarantoolProtocolTest, PutReplacesTheTuple) {
  Connect();
  const Bytes value = FromHex(kValue40).substr(2);
  exchange_.Ask({{.kind = OperationKind::kPut, .number = 40, .value = value}});
  EXPECT_EQ(exchange_.TakeAsked(),
            FromHex("ce0000002f 820003 0100 8210cd0200 2192" + kKey40 + kValue40));
  EXPECT_THAT(Say(OneTuple(kSync0, kKey40, kValue40)), ElementsAre(Right(0)));
}

TEST_P(TarantoolProtocolTest, RepliesMayArriveInAnyOrder) {
  Connect();
  exchange_.Ask({get40_, get41_});
  EXPECT_EQ(exchange_.TakeAsked(), FromHex(Select("00", kKey40) + Select("40", kKey41)));
  EXPECT_THAT(Say(OneTuple(kSync64, kKey41, kValue41) + OneTuple(kSync0, kKey40, kValue40)),
              ElementsAre(Right(1), Right(0)));
}

TEST_P(TarantoolProtocolTest, WrongValueIsDetected) {
  Connect();
  EXPECT_THAT(AskAndSay({get40_}, OneTuple(kSync0, kKey41, kValue41)), ElementsAre(Wrong(0)));
}

TEST_P(TarantoolProtocolTest, MissingTupleIsNotFound) {
  Connect();
  EXPECT_THAT(AskAndSay({get40_}, NoTuple(kSync0)), ElementsAre(Failed(0, Code::kNotFound)));
}

TEST_P(TarantoolProtocolTest, SeveralKeysAreSelectsOfOneOperation) {
  Connect();
  exchange_.Ask({mget_});
  EXPECT_EQ(exchange_.TakeAsked(), FromHex(Select("00", kKey42) + Select("01", kKey40)));
  EXPECT_THAT(Say(OneTuple(kSync1, kKey40, kValue40)), IsEmpty());
  EXPECT_THAT(Say(OneTuple(kSync0, kKey42, kValue42)), ElementsAre(Right(0)));
  EXPECT_THAT(
      AskAndSay({mget_}, OneTuple(kSync0, kKey40, kValue40) + OneTuple(kSync1, kKey42, kValue42)),
      ElementsAre(Wrong(0)));
  EXPECT_THAT(AskAndSay({mget_}, OneTuple(kSync0, kKey42, kValue42) + NoTuple(kSync1)),
              ElementsAre(Failed(0, Code::kNotFound)));
}

TEST_P(TarantoolProtocolTest, PostIsATupleOfAuthorAndNumber) {
  ConnectToPosts();
  const Bytes value = FromHex(kValue41).substr(2);
  exchange_.Ask({{.kind = OperationKind::kPut, .number = 41, .value = value}});
  EXPECT_EQ(exchange_.TakeAsked(),
            FromHex("ce00000020 820003 0100 8210cd0201 21930201" + kValue41));
  EXPECT_THAT(Say("ce00000033" + kSync0 + "8130dd00000001930201" + kValue41),
              ElementsAre(Right(0)));
}

TEST_P(TarantoolProtocolTest, ScanIsOneSelectFromTheNewest) {
  ConnectToPosts();
  const Operation scan = {.kind = OperationKind::kScan, .number = 2, .limit = 3, .newest = 2};
  exchange_.Ask({scan});
  EXPECT_EQ(exchange_.TakeAsked(),
            FromHex("ce00000015 820001 0100 8610cd0201 110012031300140120 9102"));
  const std::string post2 = "930202" + kValue42;
  const std::string post1 = "930201" + kValue41;
  const std::string post0 = "930200" + kValue40;
  const std::string three = "ce0000005d" + kSync0 + "8130dd00000003";
  EXPECT_THAT(Say(three + post2 + post1 + post0), ElementsAre(Right(0)));
  EXPECT_THAT(AskAndSay({scan}, three + post0 + post1 + post2), ElementsAre(Wrong(0)));
  EXPECT_THAT(AskAndSay({scan}, NoTuple(kSync0)), ElementsAre(Wrong(0)));
}

TEST_P(TarantoolProtocolTest, ErrorReplyKeepsItsMessageAndTheConnection) {
  Connect();
  const auto answers = AskAndSay(
      {get40_, get41_},
      "ce00000078 8300ce0000802401cf0000000000000000 05ce00000052 8231b853706163652027302720646f65"
      "73206e6f74206578697374528100918600ab436c69656e744572726f72025401b22e2f7372632f626f782f736368"
      "656d612e6803b853706163652027302720646f6573206e6f7420657869737404000524" +
          OneTuple(kSync64, kKey41, kValue41));
  ASSERT_THAT(answers, ElementsAre(Failed(0, Code::kInvalid), Right(1)));
  EXPECT_EQ(answers[0].status.message(), "Space '0' does not exist");
}

TEST_P(TarantoolProtocolTest, MissingSpaceFailsTheConnection) {
  exchange_.Connect(std::make_unique<TarantoolProtocol>(0, &exchange_));
  exchange_.Ask({{.kind = OperationKind::kPing}});
  EXPECT_THAT(Say(kGreeting + "ce00000018" + kSync0 + "80" + NoTuple(kSync1)),
              ElementsAre(Failed(0, Code::kNotFound)));
}

TEST_P(TarantoolProtocolTest, ProtocolErrorClosesTheConnection) {
  for (const std::string& said : {
           std::string("0102030405"),                   // no length
           std::string("ceffffffff"),                   // too long
           std::string("ce00000002c1c1"),               // not MessagePack
           std::string("ce0000000180"),                 // no header
           std::string("ce0000000382 0000"),            // cut short
           OneTuple(kSync1, kKey40, kValue40),          // nobody asked
           "ce00000018" + kSync0 + "80",                // no tuples
           "ce0000001f" + kSync0 + "8130dd0000000101",  // no tuple
       }) {
    Exchange exchange(GetParam());
    exchange.Connect(std::make_unique<TarantoolProtocol>(0, &exchange));
    exchange.Ask({get40_});
    EXPECT_THAT(exchange.Say(FromHex(kGreeting + said)), ElementsAre(Failed(0, Code::kUnavailable)))
        << said;
  }
}

TEST_P(TarantoolProtocolTest, LostConnectionFailsPendingOperations) {
  Connect();
  exchange_.Ask({get40_, mget_});
  EXPECT_THAT(exchange_.Cut(),
              ElementsAre(Failed(0, Code::kUnavailable), Failed(1, Code::kUnavailable)));
}

}  // namespace
}  // namespace smile::bench
