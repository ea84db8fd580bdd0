// A long seeded run of random operations on both engines: every answer of rocks_engine is that of
// memory_engine. Versions are compared by the order in which they were given, not by their numbers.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "tests/storage/engine_contract.h"
#include "tests/storage/random_bytes.h"

namespace smile::testing {
namespace {

constexpr int kOperations = 6000;

class Differential {
 public:
  explicit Differential(uint64_t seed)
      : random_(seed),
        rocks_(MakeRocksEngine(&around_)),
        memory_(std::make_unique<MemoryEngine>(&around_.clock, MemoryEngine::Answers::kInline)) {
    for (const TableInfo& info : kTables)
      for (int i = 0; i < 12; ++i) keys_.push_back(RandomKey(&random_, info.table));
    for (size_t i = 0; i + 1 < keys_.size(); i += 2) {  // larger partitions too
      if (keys_[i].table == keys_[i + 1].table) keys_[i + 1].partition = keys_[i].partition;
    }
  }

  void Step() {
    switch (Below(&random_, 12)) {
      case 0:
        return Scan();
      case 1:
        return List();
      case 2:
      case 3:
        return Read();
      case 4:
        return around_.clock.AdvanceMillis(static_cast<int64_t>(Below(&random_, 5)));
      case 5:
        return Below(&random_, 100) == 0 ? Reopen() : Read();
      default:
        return Write();
    }
  }

  uint64_t found() const { return found_; }
  uint64_t conditions_failed() const { return conditions_failed_; }

 private:
  const Key& AnyKey() { return keys_[Below(&random_, keys_.size())]; }
  BlockingEngine rocks() { return BlockingEngine(rocks_.get()); }
  BlockingEngine memory() { return BlockingEngine(memory_.get()); }

  void Reopen() {
    rocks_->Close();
    rocks_ = MakeRocksEngine(&around_);
  }

  // The two engines' numbers for the same write.
  void Pair(uint64_t rocks, uint64_t memory) {
    ASSERT_EQ(rocks == 0, memory == 0);
    if (rocks != 0) {
      ASSERT_EQ(versions_.try_emplace(memory, rocks).first->second, rocks);
    }
  }

  void Same(const RecordView& rocks, const RecordView& memory) {
    ++found_;
    Pair(rocks.version, memory.version);
    ASSERT_EQ(rocks.value, memory.value);
    ASSERT_EQ(rocks.checksum, memory.checksum);
    ASSERT_EQ(rocks.expires_ms, memory.expires_ms);
  }

  struct Change {
    bool put;
    Bytes sort;
    Bytes value;
    ConditionKind condition;
    uint64_t memory_version;
    uint64_t expires_ms;
  };

  Change RandomChange(const Key& key) {
    Change change = {
        .put = Below(&random_, 4) != 0,
        .sort = Below(&random_, 3) == 0 ? RandomSort(&random_, key.table) : key.sort,
        .value = AwkwardBytes(&random_, Below(&random_, 40)),
        .condition = static_cast<ConditionKind>(Below(&random_, 3) == 0 ? Below(&random_, 3) : 0),
        .memory_version = 0,
        .expires_ms = 0};
    if (change.put && Below(&random_, 3) == 0) {
      change.expires_ms =
          static_cast<uint64_t>(around_.clock.WallMillis()) + 1 + Below(&random_, 30);
    }
    if (change.condition == ConditionKind::kIfVersion) {
      const Result<Record> now = memory().Get(key);
      if (now.ok() && Below(&random_, 4) != 0) {
        change.memory_version = now->version;
        change.sort = key.sort;
      } else if (!versions_.empty()) {
        change.memory_version = versions_.begin()->first;
      } else {
        change.condition = ConditionKind::kAlways;
      }
    }
    return change;
  }

  static std::vector<MutationView> Mutations(const std::vector<Change>& changes,
                                             const std::map<uint64_t, uint64_t>* versions) {
    std::vector<MutationView> mutations;
    for (const Change& change : changes) {
      Condition condition = {.kind = change.condition};
      if (change.condition == ConditionKind::kIfVersion) {
        condition.version =
            versions == nullptr ? change.memory_version : versions->at(change.memory_version);
      }
      mutations.push_back(change.put
                              ? PutOf(change.sort, change.value, condition, change.expires_ms)
                              : DeleteOf(change.sort, condition));
    }
    return mutations;
  }

  void Write() {
    const Key key = AnyKey();
    std::vector<Change> changes;
    const uint64_t count = Below(&random_, 3) == 0 ? 1 + Below(&random_, 5) : 1;
    for (uint64_t i = 0; i < count; ++i) changes.push_back(RandomChange(key));
    const PartitionView partition = key.view().partition_view();
    const WriteReply ours = rocks().Write(partition, Mutations(changes, &versions_));
    const WriteReply oracle = memory().Write(partition, Mutations(changes, nullptr));
    ASSERT_EQ(ours.status.code(), oracle.status.code()) << ours.status.ToString();
    ASSERT_EQ(ours.failed_index, oracle.failed_index);
    ASSERT_EQ(ours.versions.size(), oracle.versions.size());
    for (size_t i = 0; i < ours.versions.size(); ++i) Pair(ours.versions[i], oracle.versions[i]);
    conditions_failed_ += oracle.status.ok() ? 0 : 1;
    ASSERT_EQ(ours.met_index, oracle.met_index);
    ASSERT_TRUE(oracle.met_version == 0 || versions_.contains(oracle.met_version));
    Pair(ours.met_version, oracle.met_version);
  }

  void Read() {
    ReadRequest request;
    for (uint64_t i = 0; i <= Below(&random_, 6); ++i) request.keys.push_back(AnyKey());
    const Result<ReadReply> ours = rocks().Read(request);
    const Result<ReadReply> oracle = memory().Read(request);
    ASSERT_EQ(ours->size(), oracle->size());
    for (size_t i = 0; i < ours->size(); ++i) {
      ASSERT_EQ((*ours)[i].status().code(), (*oracle)[i].status().code());
      if ((*ours)[i].ok()) Same((*ours)[i]->view(), (*oracle)[i]->view());
    }
  }

  void Scan() {
    const Key& key = AnyKey();
    const ScanRequest request = {
        .table = key.table,
        .partition = key.partition,
        .from = RandomBound(&random_, key.table),
        .to = RandomBound(&random_, key.table),
        .after = Below(&random_, 3) == 0 ? RandomSort(&random_, key.table) : Bytes(),
        .limit = 1 + static_cast<uint32_t>(Below(&random_, 5)),
        .max_value_bytes = Below(&random_, 100),
        .keys_only = Below(&random_, 4) == 0};
    const Result<ScanPage> ours = rocks().Scan(request);
    const Result<ScanPage> oracle = memory().Scan(request);
    ASSERT_TRUE(ours.ok() && oracle.ok());
    ASSERT_EQ(ours->size(), oracle->size());
    ASSERT_EQ(ours->more, oracle->more);
    for (size_t i = 0; i < ours->size(); ++i) {
      ASSERT_EQ((*ours)[i].sort, (*oracle)[i].sort);
      Same((*ours)[i].record, (*oracle)[i].record);
    }
  }

  void List() {
    const Key& key = AnyKey();
    const ListRequest request = {.table = key.table,
                                 .after = Below(&random_, 2) == 0 ? key.partition : Bytes(),
                                 .limit = 1 + static_cast<uint32_t>(Below(&random_, 5))};
    const Result<ListPage> ours = rocks().List(request);
    const Result<ListPage> oracle = memory().List(request);
    ASSERT_TRUE(ours.ok() && oracle.ok());
    ASSERT_EQ(ours->partitions, oracle->partitions);
    ASSERT_EQ(ours->more, oracle->more);
  }

  Random random_;
  Surroundings around_;
  std::unique_ptr<Engine> rocks_;
  const std::unique_ptr<Engine> memory_;
  std::vector<Key> keys_;
  std::map<uint64_t, uint64_t> versions_;  // of the oracle, and ours
  uint64_t found_ = 0;
  uint64_t conditions_failed_ = 0;
};

// SMILE_SEED=n repeats a run.
TEST(DifferentialTest, RocksEngineMatchesMemoryEngine) {
  const char* const given = std::getenv("SMILE_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::cout << "SMILE_SEED=" << seed << "\n";
  Differential differential(seed);
  for (int i = 0; i < kOperations && !::testing::Test::HasFatalFailure(); ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", operation " + std::to_string(i));
    differential.Step();
  }
  EXPECT_GT(differential.found(), 1000u);
  EXPECT_GT(differential.conditions_failed(), 50u);
}

}  // namespace
}  // namespace smile::testing
