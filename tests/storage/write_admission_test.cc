// Conditional writes whose records are on disk only: the readers fetch them, other writes go on,
// and the writes of a partition keep their order.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "base/hash.h"
#include "base/limits.h"
#include "tests/storage/held_reader.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

// An engine with one reader; users 1 to 100 have a record "a", none of it in memory.
class WriteAdmissionTest : public RocksTest {
 protected:
  WriteAdmissionTest() {
    options_.readers = 1;
    Open();
    for (uint64_t user = 1; user <= 100; ++user) {
      const WriteReply put = engine().Put(UserKey(user, "a"), "old", Always(), expires());
      EXPECT_TRUE(put.status.ok());
      versions_.push_back(put.versions[0]);
    }
    Chill();
  }

  void Chill() {
    Flush(Table::kUsers);
    Compact(Table::kUsers);
    Reopen();
  }
  uint64_t expires() const { return kStart + 1'000'000; }
  Condition IfOld(uint64_t user) const { return IfVersion(versions_[user - 1]); }

  using Answer = std::future<WriteReply>;
  Answer Write(uint64_t user, const std::vector<MutationView>& mutations, int64_t deadline = 0) {
    auto promise = std::make_shared<std::promise<WriteReply>>();
    engine_->Write(WriteRequest({Table::kUsers, PartitionOf(user)}, mutations, deadline),
                   [promise](WriteReply reply) { promise->set_value(std::move(reply)); });
    return promise->get_future();
  }
  Answer Put(uint64_t user, ByteView sort, ByteView value, Condition condition = Always(),
             int64_t deadline = 0) {
    MutationView put = PutOf(sort, value);
    put.condition = condition;
    return Write(user, {put}, deadline);
  }
  static bool IsAnswered(const Answer& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  uint64_t DiskReads() { return engine().Stat("storage.commit.disk_reads_count"); }

  static constexpr uint64_t kStart = 1'700'000'000'000;  // of the fixture's clock
  std::vector<uint64_t> versions_;                       // of users 1, 2, …
};

TEST_F(WriteAdmissionTest, ColdConditionBlocksOnlyItsPartition) {
  HeldReader reader(RocksSeams::PatientReaders(engine_.get()));
  Answer conditional = Put(1, "a", "new", IfOld(1));
  Answer behind = Put(1, "b", "new");
  Answer conditional_behind = Put(1, "c", "new", IfAbsent());
  // These come to the committer after those, if those came to it.
  EXPECT_TRUE(Put(2, "a", "new").get().status.ok());
  EXPECT_TRUE(Put(3, "b", "new", Always()).get().status.ok());
  EXPECT_FALSE(IsAnswered(conditional));
  EXPECT_FALSE(IsAnswered(behind));
  EXPECT_FALSE(IsAnswered(conditional_behind));
  reader.LetGo();
  const WriteReply first = conditional.get(), second = behind.get();
  ASSERT_TRUE(first.status.ok());
  ASSERT_TRUE(second.status.ok());
  EXPECT_TRUE(conditional_behind.get().status.ok());
  EXPECT_LT(first.versions[0], second.versions[0]);
  EXPECT_EQ(engine().Value(UserKey(1, "a")), "new");
}

TEST_F(WriteAdmissionTest, ColdConditionsAndReadsDoNotWaitForEachOther) {
  {
    const HeldReader reader(RocksSeams::Readers(engine_.get()));
    EXPECT_TRUE(Put(1, "a", "new", IfOld(1)).get().status.ok());
  }
  Chill();
  const HeldReader reader(RocksSeams::PatientReaders(engine_.get()));
  const Answer conditional = Put(2, "a", "new", IfOld(2));
  EXPECT_EQ(engine().Value(UserKey(3, "a")), "old");
  EXPECT_FALSE(IsAnswered(conditional));
}

TEST_F(WriteAdmissionTest, CommitterReadsNothingFromDisk) {
  EXPECT_TRUE(engine().Put(UserKey(1, "a"), "new", IfOld(1)).status.ok());
  const WriteReply met = engine().Put(UserKey(50, "a"), "new", IfAbsent());
  EXPECT_EQ(met.status.code(), Code::kConditionFailed);
  EXPECT_EQ(met.met_version, versions_[49]);
  EXPECT_TRUE(engine().Put(UserKey(1000, "a"), "new", IfAbsent()).status.ok());
  EXPECT_TRUE(engine().Delete(UserKey(100, "a"), IfOld(100)).status.ok());
  EXPECT_EQ(DiskReads(), 0u);
  EXPECT_GE(engine().Stat("storage.commit.admission_reads_count"), 1u);
  EXPECT_EQ(engine().Stat("storage.commit.admission_waiting_count"), 0u);
  EXPECT_EQ(engine().Stat("storage.commit.waiting_bytes"), 0u);
}

TEST_F(WriteAdmissionTest, ConditionSeesEarlierWritesOfItsPartition) {
  HeldReader reader(RocksSeams::PatientReaders(engine_.get()));
  Answer first = Put(1, "a", "first", IfOld(1));
  Answer second = Put(1, "a", "second", IfOld(1));
  Answer deleted = Write(1, {{.kind = MutationKind::kDelete, .sort = "a"}});
  Answer third = Put(1, "a", "third", IfAbsent());
  reader.LetGo();
  const WriteReply before = first.get(), met = second.get();
  EXPECT_TRUE(before.status.ok());
  EXPECT_EQ(met.status.code(), Code::kConditionFailed);
  EXPECT_EQ(met.met_version, before.versions[0]);
  EXPECT_TRUE(deleted.get().status.ok());
  EXPECT_TRUE(third.get().status.ok());
  EXPECT_EQ(engine().Value(UserKey(1, "a")), "third");
}

TEST_F(WriteAdmissionTest, RecordMayExpireBetweenFetchAndCommit) {
  HeldReader reader(RocksSeams::PatientReaders(engine_.get()));
  Answer put = Put(2, "a", "new", IfAbsent());
  around_.clock.AdvanceMillis(2'000'000);
  reader.LetGo();
  EXPECT_TRUE(put.get().status.ok());
}

TEST_F(WriteAdmissionTest, DeadlineEndsAWaitingWriteOnly) {
  HeldReader reader(RocksSeams::PatientReaders(engine_.get()));
  const int64_t deadline = around_.clock.MonotonicNanos() + 10 * kNanosPerMilli;
  Answer late = Put(1, "a", "late", IfOld(1), deadline);
  Answer late_behind = Put(1, "b", "late", Always(), deadline);
  Answer behind = Put(1, "c", "new");
  around_.clock.AdvanceMillis(11);
  reader.LetGo();
  EXPECT_EQ(late.get().status.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(late_behind.get().status.code(), Code::kDeadlineExceeded);
  EXPECT_TRUE(behind.get().status.ok());
  EXPECT_EQ(engine().Value(UserKey(1, "a")), "old");
  EXPECT_EQ(engine().Stat("storage.commit.waiting_bytes"), 0u);
}

TEST_F(WriteAdmissionTest, WaitingWritesAreBoundedInNumber) {
  HeldReader reader(RocksSeams::PatientReaders(engine_.get()));
  std::vector<Answer> answers;
  for (size_t i = 0; i <= limits::kMaxHeldWrites; ++i) {
    answers.push_back(Put(1 + i % 50, "a", "new", IfAbsent()));
  }
  const WriteReply refused = answers.back().get();
  EXPECT_EQ(refused.status.code(), Code::kOverloaded);
  EXPECT_GT(refused.status.retry_after_ms(), 0u);
  EXPECT_TRUE(Put(99, "b", "new").get().status.ok()) << "other partitions are not refused";
  reader.LetGo();
  answers.pop_back();
  for (Answer& answer : answers) EXPECT_EQ(answer.get().status.code(), Code::kConditionFailed);
}

TEST_F(WriteAdmissionTest, WaitingWritesAreBoundedInBytes) {
  HeldReader reader(RocksSeams::PatientReaders(engine_.get()));
  const Bytes large(limits::kMaxValueBytes, 'x');
  std::vector<Answer> answers;
  for (size_t bytes = 0; bytes <= limits::kMaxCommitQueueBytes; bytes += large.size()) {
    answers.push_back(Put(1, "a", large, IfAbsent()));
  }
  EXPECT_EQ(answers.back().get().status.code(), Code::kOverloaded);
  EXPECT_EQ(Put(2, "a", large).get().status.code(), Code::kOverloaded);
  reader.LetGo();
  EXPECT_EQ(answers.front().get().status.code(), Code::kConditionFailed);
}

TEST_F(WriteAdmissionTest, CloseFinishesWaitingWrites) {
  HeldReader reader(RocksSeams::PatientReaders(engine_.get()));
  Answer conditional = Put(1, "a", "new", IfOld(1));
  Answer behind = Put(1, "b", "new");
  std::thread closing([this] { engine_->Close(); });
  reader.LetGo();
  closing.join();
  EXPECT_TRUE(IsAnswered(conditional));
  EXPECT_TRUE(IsAnswered(behind));
  EXPECT_EQ(Put(2, "a", "late", IfOld(2)).get().status.code(), Code::kShuttingDown);
}

TEST_F(WriteAdmissionTest, UnreadableRecordFailsOnlyItsCondition) {
  Close();
  for (const auto& file : std::filesystem::directory_iterator(options_.directory + "/rocksdb")) {
    if (file.path().extension() != ".sst") continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(100).write("damaged!", 8);
  }
  Open();
  Answer conditional = Put(1, "a", "new", IfOld(1));
  Answer behind = Put(1, "b", "new");
  EXPECT_EQ(conditional.get().status.code(), Code::kCorrupt);
  EXPECT_TRUE(behind.get().status.ok());
  EXPECT_TRUE(Put(1, "a", "new").get().status.ok()) << "without a condition";
  EXPECT_EQ(DiskReads(), 0u);
}

// Each thread writes its own key of a partition that all share, on the condition that its last
// write is what is there, while what is in memory changes all the time.
TEST_F(WriteAdmissionTest, ChainedConditionsHoldForAnyCacheState) {
  Close();
  options_.record_cache_bytes = 0;
  options_.block_cache_bytes = 64 << 10;
  Open();
  constexpr int kThreads = 4, kWrites = 150;
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::vector<uint64_t> last(3, 0);
      for (int i = 0; i < kWrites; ++i) {
        uint64_t& version = last[static_cast<size_t>(i) % last.size()];
        const std::string sort = std::to_string(t);
        const uint64_t user = 200 + static_cast<uint64_t>(i) % last.size();
        const WriteReply reply =
            Put(user, sort, "v", version == 0 ? IfAbsent() : IfVersion(version)).get();
        if (!reply.status.ok()) {
          ++failed;
          return;
        }
        version = reply.versions[0];
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    Flush(Table::kUsers);
    if (i % 3 == 0) Compact(Table::kUsers);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace smile::testing
