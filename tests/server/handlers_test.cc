#include "server/handlers.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HandlersTest : public SessionTest {
 protected:
  HandlersTest() { Greet(); }

  uint64_t Put(const Key& key, ByteView value, Condition condition = {}) {
    const ReceivedReply reply = AskPut(key, value, condition);
    EXPECT_EQ(reply.code, Code::kOk);
    return reply.As<op::Put>().version;
  }
  ReceivedReply AskPut(const Key& key, ByteView value, Condition condition) {
    return Ask(FrameOf<op::Put>(
        7, {.key = key.view(), .condition = condition, .checksum = Hash64(value), .value = value}));
  }
  ReceivedReply AskScan(const op::Scan::Request& request) {
    return Ask(FrameOf<op::Scan>(7, request));
  }

  // A rejection with this message, after which the connection lives.
  void ExpectRejected(const Bytes& frame, Code code, const char* words) {
    const ReceivedReply reply = Ask(frame);
    EXPECT_EQ(reply.code, code) << words;
    EXPECT_THAT(Bytes(reply.Error().message), HasSubstr(words));
    EXPECT_FALSE(session_->finished());
  }
};

TEST_F(HandlersTest, PingReportsTrouble) {
  EXPECT_FALSE(Ask(FrameOf<op::Ping>(7, {.payload = "x"})).As<op::Ping>().trouble.has_value());
  engine_.trouble = "damaged";
  const ReceivedReply reply = Ask(FrameOf<op::Ping>(8, {.payload = "x"}));
  EXPECT_EQ(reply.As<op::Ping>().payload, "x");
  EXPECT_EQ(reply.As<op::Ping>().trouble, "damaged");
}

TEST_F(HandlersTest, GetReturnsWhatWasPut) {
  const uint64_t version = Put(kProfile, "hello");
  const ReceivedReply reply = Ask(GetFrame(8, kProfile));
  const auto record = reply.As<op::Get>().record;
  EXPECT_EQ(record.version, version);
  EXPECT_EQ(record.value, "hello");
  EXPECT_EQ(record.checksum, Hash64("hello"));
  EXPECT_EQ(record.expires_ms, 0u);
}

TEST_F(HandlersTest, AbsentRecordIsNotFound) {
  EXPECT_EQ(Ask(GetFrame(8, kProfile)).code, Code::kNotFound);
  engine_.hold = true;
  Send(GetFrame(9, kProfile));
  Release();
  EXPECT_EQ(Replies().at(0).code, Code::kNotFound);
}

TEST_F(HandlersTest, FailedConditionReportsTheVersion) {
  const uint64_t version = Put(kProfile, "a", {ConditionKind::kIfAbsent, 0});
  const ReceivedReply again = AskPut(kProfile, "b", {ConditionKind::kIfAbsent, 0});
  EXPECT_EQ(again.code, Code::kConditionFailed);
  EXPECT_EQ(again.Error().version, version);
  EXPECT_EQ(again.Error().index, std::nullopt);
  EXPECT_GT(Put(kProfile, "c", {ConditionKind::kIfVersion, version}), version);
}

TEST_F(HandlersTest, ConditionalDeleteObeysItsCondition) {
  const uint64_t version = Put(kProfile, "a");
  const auto frame = [&](uint64_t expected) {
    return FrameOf<op::Delete>(
        8, {.key = kProfile.view(), .condition = {ConditionKind::kIfVersion, expected}});
  };
  EXPECT_EQ(Ask(frame(version + 1)).code, Code::kConditionFailed);
  EXPECT_EQ(Ask(frame(version)).code, Code::kOk);
  EXPECT_EQ(Ask(GetFrame(9, kProfile)).code, Code::kNotFound);
}

TEST_F(HandlersTest, TtlCountsFromNow) {
  Ask(FrameOf<op::Put>(
      7, {.key = kProfile.view(), .checksum = Hash64("a"), .value = "a", .expire_seconds = 10}));
  const ReceivedReply reply = Ask(GetFrame(8, kProfile));
  const auto record = reply.As<op::Get>().record;
  EXPECT_EQ(record.expires_ms, static_cast<uint64_t>(clock_.WallMillis()) + 10'000);
  clock_.AdvanceMillis(10'000);
  EXPECT_EQ(Ask(GetFrame(9, kProfile)).code, Code::kNotFound);
}

TEST_F(HandlersTest, BatchReturnsVersionsOrTheFailedItem) {
  const auto item = [](ByteView sort, ByteView value, Condition condition) {
    return op::BatchItem{
        .sort = sort, .condition = condition, .checksum = Hash64(value), .value = value};
  };
  const Bytes user = PartitionOf(42);
  const PartitionView partition{Table::kUsers, user};
  const auto done = Ask(FrameOf<op::Batch>(
      7, {.partition = partition,
          .items = {item("a", "1", {}), {.kind = ItemKind::kDelete, .sort = "b"}}}));
  ASSERT_EQ(done.code, Code::kOk);
  const std::vector<uint64_t> versions = done.As<op::Batch>().versions;
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_GT(versions[0], 0u);
  EXPECT_GT(versions[1], versions[0]);

  const auto failed = Ask(FrameOf<op::Batch>(
      8, {.partition = partition,
          .items = {item("c", "3", {}), item("a", "4", {ConditionKind::kIfAbsent, 0})}}));
  EXPECT_EQ(failed.code, Code::kConditionFailed);
  EXPECT_EQ(failed.Error().index, 1u);
  EXPECT_EQ(failed.Error().version, versions[0]);
  EXPECT_EQ(failed.Error().met_index, std::nullopt);
  EXPECT_EQ(Ask(GetFrame(9, UserKey(42, "c"))).code, Code::kNotFound);
}

TEST_F(HandlersTest, ConditionFailedByItsOwnBatchNamesTheItem) {
  const Bytes user = PartitionOf(42);
  const op::BatchItem put{.sort = "z", .checksum = Hash64("1"), .value = "1"};
  op::BatchItem again = put;
  again.condition.kind = ConditionKind::kIfAbsent;
  const auto failed =
      Ask(FrameOf<op::Batch>(8, {.partition = {Table::kUsers, user}, .items = {put, again}}));
  EXPECT_EQ(failed.code, Code::kConditionFailed);
  EXPECT_EQ(failed.Error().index, 1u);
  EXPECT_EQ(failed.Error().version, 0u);
  EXPECT_EQ(failed.Error().met_index, 0u);
}

TEST_F(HandlersTest, DeleteReturnsItsVersion) {
  const uint64_t put = Put(kProfile, "a");
  const auto frame = FrameOf<op::Delete>(8, {.key = kProfile.view()});
  const uint64_t first = Ask(frame).As<op::Delete>().version;
  EXPECT_GT(first, put);
  EXPECT_GT(Ask(frame).As<op::Delete>().version, first);
}

TEST_F(HandlersTest, ScanOfPostsIsNewestFirstInPages) {
  for (uint64_t post = 1; post <= 5; ++post) Put(PostKey(42, post), std::to_string(post));
  const Bytes author = PartitionOf(42);
  op::Scan::Request request{.partition = {Table::kPosts, author}, .limit = 2};
  std::vector<Bytes> values;
  Bytes continuation;
  do {
    const ReceivedReply reply = AskScan(request);
    ASSERT_EQ(reply.code, Code::kOk);
    const auto page = reply.As<op::Scan>();
    for (const op::ScanEntry& entry : page.entries) values.emplace_back(entry.record.value);
    continuation = page.continuation;
    request.continuation = continuation;
  } while (!continuation.empty());
  EXPECT_THAT(values, ElementsAre("5", "4", "3", "2", "1"));
}

TEST_F(HandlersTest, ScanFromMemoryEqualsScanFromDisk) {
  for (uint64_t post = 1; post <= 5; ++post) Put(PostKey(42, post), std::to_string(post));
  const Bytes author = PartitionOf(42);
  for (const uint32_t limit : {2, 5}) {
    for (const bool keys_only : {false, true}) {
      const Bytes frame = FrameOf<op::Scan>(
          7, {.partition = {Table::kPosts, author}, .limit = limit, .keys_only = keys_only});
      const ReceivedReply from_memory = Ask(frame);
      engine_.hold = true;
      Send(frame);
      ASSERT_EQ(engine_.held(), 1u);
      Release();
      engine_.hold = false;
      EXPECT_EQ(Replies().at(0).body, from_memory.body);
    }
  }
}

TEST_F(HandlersTest, ListReturnsPartitionsInPages) {
  for (const uint64_t user : {1, 2, 3}) Put(UserKey(user, "profile"), "x");
  const auto first = Ask(FrameOf<op::List>(7, {.table = Table::kUsers, .limit = 2}));
  ASSERT_EQ(first.code, Code::kOk);
  EXPECT_THAT(first.As<op::List>().partitions, ElementsAre(PartitionOf(1), PartitionOf(2)));
  const auto second = Ask(FrameOf<op::List>(
      8, {.table = Table::kUsers, .limit = 2, .continuation = first.As<op::List>().continuation}));
  EXPECT_THAT(second.As<op::List>().partitions, ElementsAre(PartitionOf(3)));
  EXPECT_EQ(second.As<op::List>().continuation, "");
}

// The values of an MGET's reply, and the names of other outcomes.
std::vector<Bytes> Results(const ReceivedReply& reply) {
  EXPECT_EQ(reply.code, Code::kOk);
  std::vector<Bytes> results;
  for (const op::KeyResult& result : reply.As<op::MGet>().results) {
    const bool found = result.outcome == KeyOutcome::kFound;
    results.emplace_back(found ? result.record.value : NameOf(result.outcome));
  }
  return results;
}

std::vector<Key> Profiles(uint64_t count) {
  std::vector<Key> keys;
  for (uint64_t user = 1; user <= count; ++user) keys.push_back(UserKey(user, "profile"));
  return keys;
}

Bytes MGetFrame(const std::vector<Key>& keys) {
  op::MGet::Request request;
  for (const Key& key : keys) request.keys.push_back(key.view());
  Bytes frame;
  EncodeRequest<op::MGet>(7, 0, request, &frame);
  return frame;
}

TEST_F(HandlersTest, MGetFromMemoryNeedsNoReader) {
  const std::vector<Key> keys = Profiles(3);
  Put(keys[0], "one");
  Put(keys[2], "three");
  EXPECT_THAT(Results(Ask(MGetFrame(keys))), ElementsAre("one", "not_found", "three"));
  EXPECT_TRUE(engine_.read_keys.empty());
}

TEST_F(HandlersTest, MGetReadsOnlyMisses) {
  const std::vector<Key> keys = Profiles(6);
  for (size_t i = 0; i < 5; ++i) Put(keys[i], std::to_string(i + 1));
  engine_.on_disk = {keys[1], keys[3], keys[5]};
  EXPECT_THAT(Results(Ask(MGetFrame(keys))), ElementsAre("1", "2", "3", "4", "5", "not_found"));
  EXPECT_EQ(engine_.read_keys, engine_.on_disk);
}

TEST_F(HandlersTest, LargeMGetGoesToTheReaders) {
  const std::vector<Key> keys = Profiles(limits::kMaxPeekKeys + 1);
  Put(keys.front(), "first");
  Put(keys.back(), "last");
  const std::vector<Bytes> results = Results(Ask(MGetFrame(keys)));
  EXPECT_EQ(results.front(), "first");
  EXPECT_EQ(results.back(), "last");
  EXPECT_EQ(engine_.read_keys, keys);
}

// From memory, from disk, and when memory has filled the reply before the disk comes.
TEST_F(HandlersTest, MGetMarksKeysThatDidNotFit) {
  const Bytes value(limits::kMaxValueBytes * 2 / 3, 'v');
  const std::vector<Key> keys = Profiles(3);
  for (const Key& key : keys) Put(key, value);
  EXPECT_THAT(Results(Ask(MGetFrame(keys))), ElementsAre(value, "retry", "retry"));
  engine_.on_disk = keys;
  EXPECT_THAT(Results(Ask(MGetFrame(keys))), ElementsAre(value, "retry", "retry"));
  engine_.on_disk = {keys[0]};
  EXPECT_THAT(Results(Ask(MGetFrame(keys))), ElementsAre("retry", value, "retry"));
  engine_.on_disk = {keys[2]};
  EXPECT_THAT(Results(Ask(MGetFrame(keys))), ElementsAre(value, "retry", "retry"));
}

TEST_F(HandlersTest, MGetReportsAFailedDisk) {
  engine_.read_failure = Status(Code::kStorageFailed, "the disk is gone");
  engine_.on_disk = {kProfile};
  const op::MGet::Request request{.keys = {kProfile.view()}};
  EXPECT_EQ(Ask(FrameOf<op::MGet>(7, request)).code, Code::kStorageFailed);
}

TEST_F(HandlersTest, StatsCombineEngineAndServer) {
  Put(kProfile, "x");
  const ReceivedReply reply = Ask(FrameOf<op::Stats>(7, {}));
  const auto response = reply.As<op::Stats>();
  std::vector<Bytes> names;
  for (const op::Stat& stat : response.stats) names.emplace_back(stat.name);
  EXPECT_THAT(names, ::testing::Contains("server.test_count"));
  EXPECT_THAT(names, ::testing::Contains(::testing::StartsWith("storage.")));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST_F(HandlersTest, InvalidRequestsAreExplained) {
  const Bytes user = PartitionOf(42);
  const PartitionView partition{Table::kUsers, user};
  const auto put = [](op::Put::Request request) {
    if (request.key.partition.empty()) request.key = kProfile.view();
    return FrameOf<op::Put>(7, request);
  };
  const uint64_t empty = Hash64("");
  ExpectRejected(FrameOf<op::Ping>(7, {.payload = std::string(1025, 'x')}), Code::kTooLarge,
                 "more than 1024");
  ExpectRejected(FrameOf<op::Get>(7, {.key = {Table::kUsers, "short", "x"}}), Code::kInvalid,
                 "user");
  ExpectRejected(FrameOf<op::Get>(7, {.key = {Table::kUsers, user, ""}}), Code::kInvalid, "record");
  ExpectRejected(put({.checksum = 1, .value = "x"}), Code::kDamagedInTransit, "checksum");
  ExpectRejected(put({.condition = {ConditionKind::kIfVersion, 0}, .checksum = empty}),
                 Code::kInvalid, "condition");
  ExpectRejected(put({.condition = {ConditionKind::kIfAbsent, 3}, .checksum = empty}),
                 Code::kInvalid, "condition");
  ExpectRejected(put({.checksum = empty, .expire_seconds = 0}), Code::kInvalid, "expire_seconds");
  const Bytes large(limits::kMaxValueBytes + 1, 'v');
  ExpectRejected(put({.checksum = Hash64(large), .value = large}), Code::kTooLarge, "MEDIA_BEGIN");
  ExpectRejected(FrameOf<op::MGet>(7, {}), Code::kInvalid, "no keys");
  ExpectRejected(FrameOf<op::MGet>(7, {.keys = std::vector<KeyView>(1001, kProfile.view())}),
                 Code::kTooLarge, "1001 keys");
  ExpectRejected(FrameOf<op::Batch>(7, {.partition = partition}), Code::kInvalid, "no items");
  ExpectRejected(
      FrameOf<op::Batch>(7, {.partition = partition,
                             .items = {{.sort = "a", .checksum = empty},
                                       {.kind = ItemKind::kDelete, .sort = "b", .value = "v"}}}),
      Code::kInvalid, "item 1: a delete");
  ExpectRejected(FrameOf<op::Scan>(7, {.partition = partition, .limit = 0}), Code::kInvalid,
                 "limit");
  ExpectRejected(FrameOf<op::Scan>(7, {.partition = partition, .continuation = "\x07junk"}),
                 Code::kInvalid, "continuation");
  ExpectRejected(FrameOf<op::List>(7, {.limit = 0}), Code::kInvalid, "limit");
}

}  // namespace
}  // namespace smile
