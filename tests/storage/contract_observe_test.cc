// The contract of storage/engine.h for who observes the changes.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Key kOne = UserKey(1, "one");
const Key kTwo = UserKey(1, "two");
const Key kPost = PostKey(2, 9);

// Writes down what it is told, and that versions increase.
class Recorder final : public ChangeObserver {
 public:
  void OnChanges(std::span<const AppliedChange> changes) override {
    const std::lock_guard lock(mutex_);
    EXPECT_THAT(changes, ::testing::Not(IsEmpty()));
    for (const AppliedChange& change : changes) {
      EXPECT_GT(change.version, newest_);
      newest_ = change.version;
      const MutationView& mutation = *change.mutation;
      EXPECT_EQ(mutation.checksum,
                mutation.kind == MutationKind::kPut ? Hash64(mutation.value) : 0);
      told_.push_back(Line(change.partition, mutation, change.version));
    }
  }
  void OnGap() override {
    const std::lock_guard lock(mutex_);
    told_.emplace_back("gap");
  }
  void OnAnswered() override { ++answered; }

  std::atomic<uint64_t> answered = 0;

  static std::string Line(const PartitionView& partition, const MutationView& mutation,
                          uint64_t version) {
    const bool put = mutation.kind == MutationKind::kPut;
    return fmt::format("{} {}/{}/{} {}{}", version, InfoOf(partition.table).name,
                       PartitionText(partition), mutation.sort.size(), put ? "=" : "deleted",
                       mutation.value);
  }
  // One number for a partition is enough here.
  static std::string PartitionText(const PartitionView& partition) {
    return std::to_string(static_cast<unsigned char>(partition.id.back()));
  }

  std::vector<std::string> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(told_, {});
  }
  uint64_t newest() const { return newest_; }
  void set_newest(uint64_t version) { newest_ = version; }

 private:
  std::mutex mutex_;
  uint64_t newest_ = 0;
  std::vector<std::string> told_;
};

std::string LineOf(const Key& key, const MutationView& mutation, uint64_t version) {
  return Recorder::Line(key.view().partition_view(), mutation, version);
}

class ObserveContract : public EngineContract {
 protected:
  ObserveContract() { recorder_.set_newest(engine_->Observe(&recorder_)); }
  ~ObserveContract() override { engine_->Close(); }  // before the recorder is gone

  WriteReply Write(const Key& in, const std::vector<MutationView>& mutations) {
    return blocking_.Write(in.view().partition_view(), mutations);
  }

  Recorder recorder_;
};
SMILE_CONTRACT_SUITE(ObserveContract);

// Before it is answered: who writes and then asks what was told finds it.
TEST_P(ObserveContract, IsToldOfEachMutationBeforeTheWriteIsAnswered) {
  const std::vector<MutationView> batch = {PutOf(kOne.sort, "v"), DeleteOf(kTwo.sort),
                                           PutOf(kOne.sort, "w")};
  const WriteReply reply = Write(kOne, batch);
  ASSERT_THAT(reply.versions, SizeIs(3));
  EXPECT_THAT(recorder_.Take(), ElementsAre(LineOf(kOne, batch[0], reply.versions[0]),
                                            LineOf(kOne, batch[1], reply.versions[1]),
                                            LineOf(kOne, batch[2], reply.versions[2])));
  EXPECT_EQ(blocking_.Get(kOne)->version, recorder_.newest());
}

TEST_P(ObserveContract, IsToldAfterTheWriteWasAnswered) {
  std::promise<uint64_t> answered_before;
  engine_->Write(WriteRequest(kOne.view().partition_view(), {PutOf(kOne.sort, "v")}, 0),
                 [&](const WriteReply& reply) {
                   EXPECT_TRUE(reply.status.ok());
                   answered_before.set_value(recorder_.answered);
                 });
  EXPECT_EQ(answered_before.get_future().get(), 0u);
  while (recorder_.answered == 0) std::this_thread::yield();
}

TEST_P(ObserveContract, IsToldOfWritesTogetherInOnePiece) {
  WriteRequest request(kOne.view().partition_view(), {PutOf(kOne.sort, "v")}, 0);
  request.AddAlso(WriteRequest(kPost.view().partition_view(), {PutOf(kPost.sort, "p")}, 0));
  const WriteReply reply = blocking_.Write(std::move(request));
  ASSERT_THAT(reply.versions, SizeIs(1));
  EXPECT_THAT(recorder_.Take(),
              ElementsAre(LineOf(kOne, PutOf(kOne.sort, "v"), reply.versions[0]),
                          LineOf(kPost, PutOf(kPost.sort, "p"), blocking_.Get(kPost)->version)));
}

TEST_P(ObserveContract, IsNotToldOfWhatTookNoEffect) {
  ASSERT_TRUE(blocking_.Put(kOne, "v").status.ok());
  EXPECT_THAT(recorder_.Take(), SizeIs(1));
  EXPECT_EQ(blocking_.Put(kOne, "w", IfAbsent()).status.code(), Code::kConditionFailed);
  EXPECT_EQ(Write(kTwo, {PutOf(kTwo.sort, "w"), DeleteOf(kOne.sort, IfAbsent())}).status.code(),
            Code::kConditionFailed);
  clock().AdvanceMillis(1);
  EXPECT_EQ(blocking_.Write(kOne.view().partition_view(), {PutOf(kOne.sort, "w")}, 1).status.code(),
            Code::kDeadlineExceeded);
  EXPECT_THAT(recorder_.Take(), IsEmpty());
}

// Writers of the same record at the same time: the last that is told of is the one that is there.
TEST_P(ObserveContract, TellsInTheOrderOfEffect) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      BlockingEngine blocking(engine_.get());
      for (int i = 0; i < 25; ++i) {
        EXPECT_TRUE(blocking.Put(kOne, fmt::format("{}.{}", t, i)).status.ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> told = recorder_.Take();
  ASSERT_THAT(told, SizeIs(100));
  const Result<Record> now = blocking_.Get(kOne);
  EXPECT_EQ(told.back(), LineOf(kOne, PutOf(kOne.sort, now->value), now->version));
}

class ObserveFaultTest : public RocksTest {
 protected:
  void OpenObserved() {
    Open();
    recorder_.set_newest(engine_->Observe(&recorder_));
  }
  ~ObserveFaultTest() override { engine_.reset(); }

  Recorder recorder_;
};

TEST_F(ObserveFaultTest, StartsAtTheNewestVersion) {
  Open();
  const uint64_t version = engine().Put(kOne, "v").versions.at(0);
  Reopen();
  const uint64_t newest = engine_->Observe(&recorder_);
  EXPECT_GE(newest, version);
  EXPECT_LT(newest, engine().Put(kTwo, "v").versions.at(0));
  EXPECT_THAT(recorder_.Take(), SizeIs(1));
}

// When it is not known, and once more when what was unknown has been settled.
TEST_F(ObserveFaultTest, UnknownOutcomeIsAGap) {
  OpenObserved();
  faults_->SetFull(true);
  EXPECT_EQ(engine().Put(kOne, "v").status.code(), Code::kOutcomeUnknown);
  EXPECT_THAT(recorder_.Take(), ElementsAre("gap"));
  EXPECT_EQ(engine().Put(kTwo, "v").status.code(), Code::kNoSpace);
  EXPECT_THAT(recorder_.Take(), IsEmpty());
  faults_->SetFull(false);
  const WriteReply reply = PutOnceWritable(kTwo, "v");
  ASSERT_TRUE(reply.status.ok());
  EXPECT_THAT(recorder_.Take(),
              ElementsAre("gap", LineOf(kTwo, PutOf(kTwo.sort, "v"), reply.versions[0])));
}

}  // namespace
}  // namespace smile::testing
