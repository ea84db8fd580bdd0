// RocksDB in this process: what it used itself is told apart from what making and checking the
// requests took.
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "bench/smilebench/load.h"
#include "bench/smilebench/workload.h"
#include "tests/storage/temp_directory.h"

namespace smile::bench {
namespace {

class StorageCpuTest : public ::testing::Test {
 protected:
  StorageCpuTest() {
    options_.target.driver = DriverKind::kRocksDb;
    options_.target.directory = directory_ / "data";
    options_.keys = 1'000;
    options_.connections = 4;
    options_.depth = 8;
    options_.operations = 4'000;
  }

  Results Run(WorkloadKind workload) {
    options_.workload = workload;
    Result<Results> results =
        RunLoad(options_, clock_,
                {.show_progress = [](const std::string&) {}, .interrupted = [] { return false; }});
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? std::move(results).value() : Results();
  }

  const SystemClock clock_;
  const testing::TempDirectory directory_;
  BenchOptions options_;
};

TEST_F(StorageCpuTest, StorageCpuIsPartOfTheProcessCpu) {
  for (const WorkloadKind workload :
       {WorkloadKind::kGet, WorkloadKind::kMGet, WorkloadKind::kPut, WorkloadKind::kScan}) {
    SCOPED_TRACE(InfoOf(workload).name);
    const Results results = Run(workload);
    EXPECT_EQ(results.failures(), 0u) << results.first_error.ToString();
    EXPECT_GT(results.server_cpu_seconds, 0);
    EXPECT_LT(results.server_cpu_seconds, results.client_cpu_seconds);
  }
}

TEST_F(StorageCpuTest, PreparationIsNotCounted) {
  options_.keys = 20'000;
  options_.operations = 1;
  const Results results = Run(WorkloadKind::kGet);
  EXPECT_GT(results.server_cpu_seconds, 0);
  // Writing the records took far more.
  EXPECT_LT(results.server_cpu_seconds, results.client_cpu_seconds);
}

}  // namespace
}  // namespace smile::bench
