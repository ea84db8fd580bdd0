#include "bench/smilebench/rocks_driver.h"
#include "base/check.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "bench/smilebench/load.h"
#include "bench/smilebench/workload.h"
#include "tests/storage/temp_directory.h"

namespace smile::bench {
namespace {

const LoadHooks kQuietHooks = {.show_progress = [](const std::string&) {},
                               .interrupted = [] { return false; }};

class RocksDriverTest : public ::testing::Test {
 protected:
  RocksDriverTest() {
    options_.target.driver = DriverKind::kRocksDb;
    options_.target.directory = directory_ / "data";
    options_.keys = 250;
    options_.connections = 3;
    options_.depth = 4;
    options_.operations = 2'000;
  }

  Results Run(WorkloadKind workload) {
    options_.workload = workload;
    options_.distribution = InfoOf(workload).distribution;
    Result<Results> results = RunLoad(options_, clock_, kQuietHooks);
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? std::move(results).value() : Results();
  }
  // The database, while no run has it.
  std::unique_ptr<rocksdb::DB> Open() {
    rocksdb::DB* database = nullptr;
    const auto status = rocksdb::DB::Open({}, options_.target.directory, &database);
    CHECK(status.ok(), status.ToString());
    return std::unique_ptr<rocksdb::DB>(database);
  }

  const SystemClock clock_;
  const testing::TempDirectory directory_;
  BenchOptions options_;
};

TEST_F(RocksDriverTest, EveryWorkloadSucceeds) {
  for (const WorkloadInfo& workload : kWorkloads) {
    if (workload.photos) continue;  // RocksDB is not measured with them
    SCOPED_TRACE(workload.name);
    std::filesystem::remove_all(options_.target.directory);
    const Results results = Run(workload.kind);
    EXPECT_EQ(results.operations, 2'000u);
    EXPECT_EQ(results.failures(), 0u) << results.first_error.ToString();
  }
}

TEST_F(RocksDriverTest, RecordsOfAnEarlierRunAreFound) {
  EXPECT_EQ(Run(WorkloadKind::kScan).failures(), 0u);
  options_.preloaded = true;
  EXPECT_EQ(Run(WorkloadKind::kScan).failures(), 0u);
}

TEST_F(RocksDriverTest, WrongValueIsDetected) {
  EXPECT_EQ(Run(WorkloadKind::kGet).failures(), 0u);
  Bytes value;
  MakeValue(8, 0, options_.value_bytes, &value);
  ASSERT_TRUE(Open()->Put({}, "u:00000000000007", value).ok());
  options_.preloaded = true;
  for (const WorkloadKind workload : {WorkloadKind::kGet, WorkloadKind::kMGet}) {
    const Results results = Run(workload);
    EXPECT_GT(results.wrong_values, 0u) << NameOf(workload);
    EXPECT_EQ(results.wrong_values + results.operations, 2'000u) << NameOf(workload);
  }
}

TEST_F(RocksDriverTest, MissingValueIsNotFound) {
  EXPECT_EQ(Run(WorkloadKind::kGet).failures(), 0u);
  ASSERT_TRUE(Open()->Delete({}, "u:00000000000007").ok());
  options_.preloaded = true;
  for (const WorkloadKind workload : {WorkloadKind::kGet, WorkloadKind::kMGet}) {
    EXPECT_GT(Run(workload).errors[Code::kNotFound], 0u) << NameOf(workload);
  }
}

TEST_F(RocksDriverTest, ScanWithoutAPostIsWrong) {
  EXPECT_EQ(Run(WorkloadKind::kScan).failures(), 0u);
  {
    const std::unique_ptr<rocksdb::DB> database = Open();
    const std::unique_ptr<rocksdb::Iterator> iterator(database->NewIterator({}));
    iterator->SeekToFirst();
    ASSERT_TRUE(iterator->Valid());
    ASSERT_TRUE(database->Delete({}, iterator->key()).ok());
  }
  options_.preloaded = true;
  EXPECT_GT(Run(WorkloadKind::kScan).wrong_values, 0u);
}

TEST_F(RocksDriverTest, UnusableDirectoryIsAnErrorWithAMessage) {
  options_.target.directory = "/proc/no/such/directory";
  const Result<Results> results = RunLoad(options_, clock_, kQuietHooks);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.status().code(), Code::kStorageFailed);
  EXPECT_FALSE(results.status().message().empty());
}

}  // namespace
}  // namespace smile::bench
