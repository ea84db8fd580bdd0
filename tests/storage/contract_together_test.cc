// The contract of storage/engine.h for writes of several partitions that take effect together.
#include <gmock/gmock.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::Each;
using ::testing::Gt;
using ::testing::SizeIs;

const Key kMain = UserKey(1, "main");
const Key kOnePost = PostKey(2, 9);
const Key kBlob = BlobKey(std::string(16, 'b'), BlobPart::kChunk, 0);

WriteRequest PutRequest(const Key& key, ByteView value, Condition condition = {}) {
  return {key.view().partition_view(), {PutOf(key.sort, value, condition)}, 0};
}

// Of the main record and, together with it, of the others.
WriteRequest PutTogether(ByteView value, Condition condition = {}) {
  WriteRequest request = PutRequest(kMain, value, condition);
  request.AddAlso(PutRequest(kOnePost, value));
  request.AddAlso(PutRequest(kBlob, value));
  return request;
}

class TogetherContract : public EngineContract {
 protected:
  WriteReply Write(WriteRequest request) { return blocking_.Write(std::move(request)); }
  std::vector<std::string> Values() {
    return {blocking_.Value(kMain), blocking_.Value(kOnePost), blocking_.Value(kBlob)};
  }
};
SMILE_CONTRACT_SUITE(TogetherContract);

TEST_P(TogetherContract, AllTakeEffect) {
  ASSERT_TRUE(engine_->can_write_together());
  const WriteReply reply = Write(PutTogether("v"));
  ASSERT_TRUE(reply.status.ok()) << reply.status.ToString();
  EXPECT_THAT(reply.versions, SizeIs(1));
  EXPECT_THAT(Values(), Each("v"));
  EXPECT_GT(blocking_.Get(kOnePost)->version, reply.versions[0]);
  EXPECT_GT(blocking_.Get(kBlob)->version, blocking_.Get(kOnePost)->version);
  const WriteReply next = blocking_.Put(kMain, "w");
  EXPECT_THAT(next.versions, Each(Gt(blocking_.Get(kBlob)->version)));
}

TEST_P(TogetherContract, NoneTakesEffectIfAConditionDoesNotHold) {
  ASSERT_TRUE(blocking_.Put(kMain, "there").status.ok());
  const WriteReply reply = Write(PutTogether("v", IfAbsent()));
  EXPECT_EQ(reply.status.code(), Code::kConditionFailed);
  EXPECT_EQ(reply.met_version, blocking_.Get(kMain)->version);
  EXPECT_EQ(Values(), (std::vector<std::string>{"there", "(not_found)", "(not_found)"}));
}

TEST_P(TogetherContract, DeletesTakeEffectWithPuts) {
  ASSERT_TRUE(Write(PutTogether("v")).status.ok());
  WriteRequest request = PutRequest(kMain, "w");
  request.AddAlso(WriteRequest(kOnePost.view().partition_view(), {DeleteOf(kOnePost.sort)}, 0));
  ASSERT_TRUE(Write(std::move(request)).status.ok());
  EXPECT_EQ(Values(), (std::vector<std::string>{"w", "(not_found)", "v"}));
}

// What reads and scans found before may be in a cache.
TEST_P(TogetherContract, ReadsAndScansSeeAll) {
  ASSERT_TRUE(blocking_.Put(PostKey(2, 7), "older").status.ok());
  const ScanRequest scan{.table = Table::kPosts,
                         .partition = kOnePost.partition,
                         .limit = 10,
                         .max_value_bytes = 1000};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(blocking_.PeekOrScan(scan)->size(), 1u);
  EXPECT_EQ(Values(), std::vector<std::string>(3, "(not_found)"));
  ASSERT_TRUE(Write(PutTogether("v")).status.ok());
  for (const Key& key : {kMain, kOnePost, kBlob}) {
    std::string peeked = "(unknown)";
    const PeekResult result = engine_->Peek(
        key.view(), [&](const RecordView& record) { peeked = std::string(record.value); });
    EXPECT_TRUE(result == PeekResult::kUnknown || peeked == "v") << InfoOf(key.table).name;
  }
  const auto page = blocking_.PeekOrScan(scan);
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].record.value, "v");
}

// Also those of requests in the same group of a committer.
TEST_P(TogetherContract, ConditionsOfOthersSeeThem) {
  std::vector<Code> codes;
  std::mutex mutex;
  std::condition_variable changed;
  const auto note = [&](WriteReply reply) {
    const std::lock_guard lock(mutex);
    codes.push_back(reply.status.code());
    changed.notify_all();
  };
  ASSERT_TRUE(blocking_.Put(kOnePost, "old").status.ok());
  const uint64_t old = blocking_.Get(kOnePost)->version;
  for (int i = 0; i < 20; ++i) {
    engine_->Write(PutTogether("v"), note);
    engine_->Write(PutRequest(kOnePost, "lost", IfVersion(old)), note);
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return codes.size() == 40; });
  lock.unlock();
  EXPECT_EQ(std::count(codes.begin(), codes.end(), Code::kConditionFailed), 20);
  EXPECT_THAT(Values(), Each("v"));
}

using TogetherRocksTest = RocksTest;

TEST_F(TogetherRocksTest, AllAreThereAfterAReopen) {
  Open();
  ASSERT_TRUE(engine().Write(PutTogether("v")).status.ok());
  Close();
  Open();
  for (const Key& key : {kMain, kOnePost, kBlob}) EXPECT_EQ(engine().Value(key), "v");
}

TEST_F(TogetherRocksTest, NearlyFullDiskAcceptsWhatFreesSpace) {
  faults_->SetFreeBytes(limits::kMinFreeDiskBytes - 1);
  Open();
  WriteRequest deletes(kMain.view().partition_view(), {DeleteOf("a")}, 0);
  deletes.AddAlso(WriteRequest(kOnePost.view().partition_view(), {DeleteOf(kOnePost.sort)}, 0));
  EXPECT_TRUE(engine().Write(std::move(deletes)).status.ok());
  WriteRequest puts(kMain.view().partition_view(), {DeleteOf("a")}, 0);
  puts.AddAlso(PutRequest(kOnePost, "v"));
  EXPECT_EQ(engine().Write(std::move(puts)).status.code(), Code::kNoSpace);
  // A small put that is needed for deletes.
  WriteRequest frees = PutRequest(kMain, "fewer");
  frees.AddAlso(WriteRequest(kOnePost.view().partition_view(), {DeleteOf(kOnePost.sort)}, 0));
  frees.SetFreesSpace();
  EXPECT_TRUE(engine().Write(std::move(frees)).status.ok());
  EXPECT_EQ(engine().Value(kMain), "fewer");
}

}  // namespace
}  // namespace smile::testing
