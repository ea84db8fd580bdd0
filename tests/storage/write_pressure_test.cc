#include "storage/rocks/write_pressure.h"
#include "base/check.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "storage/rocks/group_writer.h"
#include "storage/rocks/rocks_options.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

TEST(HoldFor, NoDelayBelowHalfPressure) {
  EXPECT_EQ(HoldFor(0, size_t{8} << 20).count(), 0);
  EXPECT_EQ(HoldFor(0.5, size_t{8} << 20).count(), 0);
}

TEST(HoldFor, DelayGrowsWithPressureAndBytes) {
  EXPECT_LT(HoldFor(0.6, 1000), HoldFor(0.7, 1000));
  EXPECT_LT(HoldFor(0.7, 1000), HoldFor(0.7, 2000));
  EXPECT_NEAR(static_cast<double>(HoldFor(0.75, 32 << 10).count()), 1e9 / 1024, 1e3) << "32 MiB/s";
}

TEST(HoldFor, DelayIsBounded) {
  EXPECT_EQ(HoldFor(1, SIZE_MAX), kLongestHold);
}

// A database in which nothing is compacted, so that files heap up at level 0.
class WritePressureTest : public RocksTest {
 protected:
  WritePressureTest() {
    auto opened = RocksDatabase::Open(options_, &around_.clock, &around_.log, env_.get());
    CHECK(opened.ok(), opened.status().message());
    database_ = std::move(opened).value();
    family_ = database_->family(Table::kUsers);
    CHECK(database_->db()->SetOptions(family_, {{"disable_auto_compactions", "true"}}).ok());
    writer_ = std::make_unique<GroupWriter>(database_.get(), &cache_, &around_.clock);
  }

  WriteReply Put(uint64_t user) {
    const Key key = UserKey(user, "x");
    std::vector<PendingWrite> group;
    group.push_back(
        {.request = WriteRequest(key.view().partition_view(), {PutOf(key.sort, "v")}, 0),
         .done = nullptr,
         .reply = {}});
    writer_->Commit(group);
    return std::move(group[0].reply);
  }

  void AddFiles(int count) {
    for (int i = 0; i < count; ++i) {
      rocksdb::WriteOptions whatever_the_pressure;
      ASSERT_TRUE(database_->db()->Put(whatever_the_pressure, family_, "key of a user", "v").ok());
      ASSERT_TRUE(database_->db()->Flush({}, family_).ok());
    }
  }

  double Pressure(bool paused = false) {
    return WritePressure(database_->db(), {&family_, 1}, {&paused, 1});
  }

  std::unique_ptr<RocksDatabase> database_;
  rocksdb::ColumnFamilyHandle* family_ = nullptr;
  RecordCache cache_{1 << 20};
  std::unique_ptr<GroupWriter> writer_;
};

TEST_F(WritePressureTest, GrowsWithFilesAwaitingCompaction) {
  EXPECT_EQ(Pressure(), 0);
  AddFiles(3);
  EXPECT_DOUBLE_EQ(Pressure(), 3.0 / kLevel0SlowdownFiles);
  AddFiles(kLevel0SlowdownFiles);
  EXPECT_EQ(Pressure(), 1);
}

TEST_F(WritePressureTest, DelaysWritesBeforeRocksDbStopsThem) {
  AddFiles(kLevel0SlowdownFiles * 3 / 4);
  while (database_->write_pressure() < 0.7) std::this_thread::yield();  // it is looked at often
  EXPECT_EQ(database_->held_nanos(), 0u);
  writer_->Pace();
  EXPECT_EQ(database_->held_nanos(), 0u) << "nothing was written yet";
  EXPECT_TRUE(Put(1).status.ok());
  EXPECT_EQ(database_->held_nanos(), 0u) << "the next ones are held, and not its answer";
  writer_->Pace();
  EXPECT_GT(database_->held_nanos(), 0u);
}

using StalledRocksTest = RocksTest;

TEST_F(StalledRocksTest, WriteThatRocksDbWouldStopIsOverloaded) {
  options_.write_buffer_bytes = size_t{256} << 10;
  Open();
  ASSERT_TRUE(db()->PauseBackgroundWork().ok());
  const Bytes value(size_t{32} << 10, 'v');
  WriteReply reply;
  for (uint64_t user = 0; reply.status.ok() && user < 100; ++user) {
    reply = engine().Put(UserKey(user, "x"), value);
  }
  EXPECT_EQ(reply.status.code(), Code::kOverloaded);
  EXPECT_GT(reply.status.retry_after_ms(), 0u);
  ASSERT_TRUE(db()->ContinueBackgroundWork().ok());
}

}  // namespace
}  // namespace smile::testing
