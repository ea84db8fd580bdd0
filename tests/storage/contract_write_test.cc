// The contract of storage/engine.h for writing, reading one record, versions and conditions.
#include <gmock/gmock.h>

#include <optional>
#include <utility>

#include "base/limits.h"
#include "tests/storage/engine_contract.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;

class WriteContract : public EngineContract {};
SMILE_CONTRACT_SUITE(WriteContract);

// One record of each table, with bytes that an encoding may stumble over.
std::vector<Key> OneKeyOfEachTable() {
  return {UserKey(42, std::string("pro\0file", 8)),
          LoginKey(std::string("a\0\xff\x01", 4)),
          PostKey(~uint64_t{0}, 0),
          LinkKey(0, LinkKind{255}, ~uint64_t{0}),
          MediaKey(7, ~uint64_t{0}),
          BlobKey(std::string(16, '\xff'), BlobPart::kChunk, 0)};
}

TEST_P(WriteContract, PutIsReadInEveryTable) {
  for (const Key& key : OneKeyOfEachTable()) {
    const std::string value = "value in " + std::string(InfoOf(key.table).name);
    const WriteReply put = blocking_.Put(key, value);
    ASSERT_TRUE(put.status.ok()) << put.status.ToString();
    ASSERT_THAT(put.versions, ElementsAre(Gt(0u)));
    const Result<Record> record = blocking_.Get(key);
    ASSERT_TRUE(record.ok()) << record.status().ToString();
    EXPECT_EQ(record->value, value);
    EXPECT_EQ(record->version, put.versions[0]);
    EXPECT_EQ(record->checksum, Hash64(value));
    EXPECT_EQ(record->expires_ms, 0u);
  }
}

TEST_P(WriteContract, AbsentRecordIsNotFound) {
  for (const Key& key : OneKeyOfEachTable()) EXPECT_EQ(blocking_.Value(key), "(not_found)");
}

TEST_P(WriteContract, ValuesMayBeEmptyOrLargeAndHoldAnyByte) {
  std::string any_byte(limits::kMaxValueBytes, '\0');
  for (size_t i = 0; i < any_byte.size(); ++i) any_byte[i] = static_cast<char>(i * 7 + i / 256);
  for (const Table table : {Table::kUsers, Table::kBlobs}) {
    const Key key = table == Table::kUsers ? UserKey(1, "x")
                                           : BlobKey(std::string(16, 'b'), BlobPart::kChunk, 1);
    for (const std::string& value : {std::string(), std::string(1, '\0'), any_byte}) {
      ASSERT_TRUE(blocking_.Put(key, value).status.ok());
      EXPECT_TRUE(blocking_.Value(key) == value) << value.size();
    }
  }
}

TEST_P(WriteContract, ReadAnswersKeysInOrder) {
  ASSERT_TRUE(blocking_.Put(UserKey(1, "a"), "first").status.ok());
  ASSERT_TRUE(blocking_.Put(PostKey(2, 9), "second").status.ok());
  const Result<ReadReply> reply =
      blocking_.Read({.keys = {PostKey(2, 9), UserKey(1, "b"), UserKey(1, "a"), PostKey(2, 9)}});
  ASSERT_TRUE(reply.ok());
  ASSERT_EQ(reply->size(), 4u);
  EXPECT_EQ((*reply)[0]->value, "second");
  EXPECT_EQ((*reply)[1].status().code(), Code::kNotFound);
  EXPECT_EQ((*reply)[2]->value, "first");
  EXPECT_EQ((*reply)[3]->value, "second");
}

TEST_P(WriteContract, ReadOfManyKeysAnswersAll) {
  ReadRequest request;
  for (uint64_t i = 0; i < 200; ++i) {
    request.keys.push_back(PostKey(i % 3, i));
    if (i % 2 == 0) {
      ASSERT_TRUE(blocking_.Put(request.keys[i], std::to_string(i)).status.ok());
    }
  }
  const Result<ReadReply> reply = blocking_.Read(request);
  ASSERT_EQ(reply->size(), request.keys.size());
  for (size_t i = 0; i < reply->size(); ++i) {
    EXPECT_EQ((*reply)[i].ok(), i % 2 == 0);
    if (i % 2 == 0) {
      EXPECT_EQ((*reply)[i]->value, std::to_string(i));
    }
  }
}

TEST_P(WriteContract, ReadIsBoundedInBytesButReturnsTheFirst) {
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(blocking_.Put(UserKey(1, name), std::string(100, 'v')).status.ok());
  }
  const std::vector<Key> keys = {UserKey(1, "c"), UserKey(1, "a"), UserKey(1, "b")};
  const auto found = [&](size_t max_bytes) {
    const Result<ReadReply> reply = blocking_.Read({.keys = keys, .max_value_bytes = max_bytes});
    std::string outcomes;
    for (const Result<Record>& record : *reply) {
      EXPECT_TRUE(record.ok() || record.status().code() == Code::kTooLarge);
      outcomes += record.ok() ? 'f' : '-';
    }
    return outcomes;
  };
  EXPECT_EQ(found(1), "f--");
  EXPECT_EQ(found(200), "ff-");
  EXPECT_EQ(found(300), "fff");
  EXPECT_EQ(found(0), "fff");
}

TEST_P(WriteContract, VersionsGrowWithEveryPutAndDelete) {
  uint64_t last = 0;
  const auto expect_above_last = [&last](const WriteReply& reply) {
    ASSERT_TRUE(reply.status.ok());
    for (const uint64_t version : reply.versions) {
      EXPECT_GT(version, last);
      last = version;
    }
  };
  for (int i = 0; i < 3; ++i) {
    for (const Key& key : OneKeyOfEachTable()) {
      expect_above_last(blocking_.Put(key, "same"));
      expect_above_last(blocking_.Delete(key));
      expect_above_last(blocking_.Delete(key));  // of nothing
    }
    expect_above_last(blocking_.Write(UserKey(1, "").view().partition_view(),
                                      {PutOf("a", "1"), DeleteOf("a"), DeleteOf("b")}));
  }
}

TEST_P(WriteContract, DeleteRemovesARecordAndSucceedsIfAbsent) {
  const Key key = LinkKey(1, LinkKind::kFriend, 2);
  EXPECT_TRUE(blocking_.Delete(key).status.ok());
  ASSERT_TRUE(blocking_.Put(key, "v").status.ok());
  EXPECT_TRUE(blocking_.Delete(key).status.ok());
  EXPECT_EQ(blocking_.Value(key), "(not_found)");
}

TEST_P(WriteContract, IfAbsentHoldsOnce) {
  const Key key = LoginKey("ada@example.org");
  const WriteReply first = blocking_.Put(key, "1", IfAbsent());
  ASSERT_TRUE(first.status.ok());
  const WriteReply second = blocking_.Put(key, "2", IfAbsent());
  EXPECT_EQ(second.status.code(), Code::kConditionFailed);
  EXPECT_EQ(second.failed_index, 0u);
  EXPECT_EQ(second.met_version, first.versions[0]);
  EXPECT_TRUE(second.versions.empty());
  EXPECT_EQ(blocking_.Value(key), "1");
  ASSERT_TRUE(blocking_.Delete(key).status.ok());
  EXPECT_TRUE(blocking_.Put(key, "3", IfAbsent()).status.ok());
}

TEST_P(WriteContract, IfVersionHoldsForThatVersionOnly) {
  const Key key = UserKey(1, "settings");
  EXPECT_EQ(blocking_.Put(key, "0", IfVersion(1)).status.code(), Code::kConditionFailed);
  const uint64_t v1 = blocking_.Put(key, "1").versions[0];
  const WriteReply next = blocking_.Put(key, "2", IfVersion(v1));
  ASSERT_TRUE(next.status.ok());
  const WriteReply stale = blocking_.Put(key, "3", IfVersion(v1));
  EXPECT_EQ(stale.status.code(), Code::kConditionFailed);
  EXPECT_EQ(stale.met_version, next.versions[0]);
  EXPECT_EQ(blocking_.Value(key), "2");
  EXPECT_EQ(blocking_.Delete(key, IfVersion(v1)).status.code(), Code::kConditionFailed);
  EXPECT_TRUE(blocking_.Delete(key, IfVersion(next.versions[0])).status.ok());
  const WriteReply gone = blocking_.Delete(key, IfVersion(next.versions[0]));
  EXPECT_EQ(gone.status.code(), Code::kConditionFailed);
  EXPECT_EQ(gone.met_version, 0u);
}

TEST_P(WriteContract, BatchIsAtomic) {
  const Key a = UserKey(1, "a"), b = UserKey(1, "b"), c = UserKey(1, "c");
  ASSERT_TRUE(blocking_.Put(c, "old").status.ok());
  const WriteReply reply = blocking_.Write(
      a.view().partition_view(), {PutOf("a", "1", IfAbsent()), PutOf("b", "2"), DeleteOf("c")});
  ASSERT_TRUE(reply.status.ok()) << reply.status.ToString();
  EXPECT_THAT(reply.versions, ElementsAre(Gt(0u), Gt(reply.versions[0]), Gt(reply.versions[1])));
  EXPECT_EQ(blocking_.Get(a)->version, reply.versions[0]);
  EXPECT_EQ(blocking_.Get(b)->version, reply.versions[1]);
  EXPECT_EQ(blocking_.Value(c), "(not_found)");
}

TEST_P(WriteContract, BatchWithAFailedConditionHasNoEffect) {
  const Key c = UserKey(1, "c");
  const uint64_t version = blocking_.Put(c, "old").versions[0];
  const WriteReply reply = blocking_.Write(
      c.view().partition_view(), {PutOf("a", "1"), DeleteOf("c"), PutOf("b", "2", IfVersion(9))});
  EXPECT_EQ(reply.status.code(), Code::kConditionFailed);
  EXPECT_EQ(reply.failed_index, 2u);
  EXPECT_EQ(reply.met_version, 0u);
  EXPECT_EQ(blocking_.Value(UserKey(1, "a")), "(not_found)");
  EXPECT_EQ(blocking_.Value(UserKey(1, "b")), "(not_found)");
  EXPECT_EQ(blocking_.Get(c)->version, version);
}

TEST_P(WriteContract, ConditionSeesEarlierItemsOfItsBatch) {
  const Key key = UserKey(1, "x");
  const PartitionView partition = key.view().partition_view();
  const WriteReply twice =
      blocking_.Write(partition, {PutOf("x", "1", IfAbsent()), PutOf("x", "2", IfAbsent())});
  EXPECT_EQ(twice.status.code(), Code::kConditionFailed);
  EXPECT_EQ(twice.failed_index, 1u);
  EXPECT_EQ(blocking_.Value(UserKey(1, "x")), "(not_found)");
  const WriteReply replaced =
      blocking_.Write(partition, {PutOf("x", "1"), DeleteOf("x"), PutOf("x", "2", IfAbsent())});
  EXPECT_TRUE(replaced.status.ok());
  EXPECT_EQ(blocking_.Value(UserKey(1, "x")), "2");
}

// Whoever was told a version that was never stored could overwrite the write that got it later.
TEST_P(WriteContract, ConditionFailedByItsOwnBatchReportsNoVersion) {
  const Key key = UserKey(1, "x");
  const PartitionView partition = key.view().partition_view();
  const auto met = [&](const std::vector<MutationView>& mutations) {
    const WriteReply reply = blocking_.Write(partition, mutations);
    EXPECT_EQ(reply.status.code(), Code::kConditionFailed);
    EXPECT_EQ(reply.failed_index, mutations.size() - 1);
    return std::pair(reply.met_version, reply.met_index);
  };
  using Met = std::pair<uint64_t, std::optional<uint32_t>>;
  EXPECT_EQ(met({PutOf("x", "1"), PutOf("x", "2", IfAbsent())}), Met(0, 0));
  EXPECT_EQ(met({PutOf("y", "0"), PutOf("x", "1"), PutOf("x", "2"), PutOf("x", "3", IfAbsent())}),
            Met(0, 2));

  const uint64_t version = blocking_.Put(key, "other client's").versions[0];
  EXPECT_EQ(met({PutOf("x", "1"), DeleteOf("x", IfVersion(version))}), Met(0, 0));
  EXPECT_EQ(met({DeleteOf("x"), PutOf("x", "2", IfVersion(version))}), Met(0, 0));
  EXPECT_EQ(met({PutOf("y", "0"), PutOf("x", "1", IfAbsent())}), Met(version, std::nullopt));
  EXPECT_EQ(met({PutOf("y", "0"), PutOf("z", "1", IfVersion(version))}), Met(0, std::nullopt));
  EXPECT_EQ(blocking_.Value(key), "other client's");
}

TEST_P(WriteContract, ExpiredRecordCountsAsAbsent) {
  const Key key = UserKey(1, "story");
  ASSERT_TRUE(blocking_.Put(key, "soon gone", Always(), now_ms() + 1000).status.ok());
  ASSERT_TRUE(blocking_.Put(UserKey(1, "kept"), "stays").status.ok());
  EXPECT_EQ(blocking_.Get(key)->expires_ms, now_ms() + 1000);
  clock().AdvanceMillis(999);
  EXPECT_EQ(blocking_.Value(key), "soon gone");
  clock().AdvanceMillis(1);
  EXPECT_EQ(blocking_.Value(key), "(not_found)");
  EXPECT_NE(engine_->Peek(key.view(), [](const RecordView&) {}), PeekResult::kFound);
  EXPECT_EQ(blocking_.Value(UserKey(1, "kept")), "stays");
  const WriteReply put = blocking_.Put(key, "again", IfAbsent());
  EXPECT_TRUE(put.status.ok());
  EXPECT_EQ(blocking_.Value(key), "again");
}

TEST_P(WriteContract, ExpiredVersionSatisfiesNoCondition) {
  const Key key = UserKey(1, "story");
  const uint64_t version = blocking_.Put(key, "v", Always(), now_ms() + 10).versions[0];
  clock().AdvanceMillis(10);
  const WriteReply late = blocking_.Put(key, "w", IfVersion(version));
  EXPECT_EQ(late.status.code(), Code::kConditionFailed);
  EXPECT_EQ(late.met_version, 0u);
  EXPECT_GT(blocking_.Put(key, "x").versions[0], version);
}

TEST_P(WriteContract, PeekManyShowsKeysInOrderUntilStopped) {
  constexpr size_t kKeys = 100;
  std::vector<Key> keys;
  std::vector<std::string> expected;
  for (uint64_t user = 0; user < kKeys; ++user) {
    keys.push_back(UserKey(user, "profile"));
    expected.push_back(user % 3 == 0 ? "(absent)" : std::to_string(user));
    if (user % 3 == 0) continue;
    ASSERT_TRUE(blocking_.Put(keys.back(), expected.back()).status.ok());
  }
  const std::vector<KeyView> views = ViewsOf(keys);
  for (const size_t most : {kKeys, size_t{1}, size_t{33}, size_t{34}}) {
    std::vector<std::string> seen;
    engine_->PeekMany(views, [&](size_t index, PeekResult result, const RecordView& record) {
      EXPECT_EQ(index, seen.size());
      EXPECT_NE(result, PeekResult::kUnknown);
      seen.push_back(result == PeekResult::kFound ? Bytes(record.value) : "(absent)");
      return seen.size() < most;
    });
    EXPECT_EQ(seen, std::vector(expected.begin(), expected.begin() + most));
  }
}

TEST_P(WriteContract, PeekShowsRecordsInMemory) {
  const Key key = UserKey(1, "profile");
  ASSERT_TRUE(blocking_.Put(key, "v").status.ok());
  std::string seen;
  EXPECT_EQ(engine_->Peek(key.view(), [&](const RecordView& record) { seen = record.value; }),
            PeekResult::kFound);
  EXPECT_EQ(seen, "v");
  ASSERT_TRUE(blocking_.Delete(key).status.ok());
  EXPECT_EQ(engine_->Peek(key.view(), [](const RecordView&) { FAIL(); }), PeekResult::kAbsent);
}

}  // namespace
}  // namespace smile::testing
