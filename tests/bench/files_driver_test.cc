#include "bench/smilebench/files_driver.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "bench/smilebench/http_protocol.h"
#include "bench/smilebench/load.h"
#include "tests/storage/temp_directory.h"

namespace smile::bench {
namespace {

const LoadHooks kHooks = {.show_progress = [](const std::string&) {},
                          .interrupted = [] { return false; }};

class FilesDriverTest : public ::testing::Test {
 protected:
  FilesDriverTest() {
    options_.target.driver = DriverKind::kFiles;
    options_.target.directory = directory_ / "data";
    options_.keys = 20;
    options_.connections = 3;
    options_.operations = 20;
  }

  Results Run(WorkloadKind workload) {
    options_.workload = workload;
    options_.preloaded = true;
    Result<Results> results = RunLoad(options_, clock_, kHooks);
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? std::move(results).value() : Results();
  }

  const SystemClock clock_;
  const testing::TempDirectory directory_;
  BenchOptions options_;
};

TEST_F(FilesDriverTest, PhotosAreFiles) {
  EXPECT_EQ(Run(WorkloadKind::kPhotoPut).operations, 20u);
  const Results read = Run(WorkloadKind::kPhotoGet);
  EXPECT_EQ(read.operations, 20u);
  EXPECT_EQ(read.failures(), 0u);
  EXPECT_GE(read.server_cpu_seconds, 0);
  size_t bytes = 0;
  for (int number = 0; number < 20; ++number) {
    bytes += std::filesystem::file_size(options_.target.directory + HttpProtocol::PathOf(number));
  }
  EXPECT_EQ(bytes, read.photo_bytes);
}

TEST_F(FilesDriverTest, DamagedAndMissingPhotosAreDetected) {
  Run(WorkloadKind::kPhotoPut);
  std::filesystem::remove(options_.target.directory + HttpProtocol::PathOf(3));
  std::ofstream(options_.target.directory + HttpProtocol::PathOf(4)) << "something else";
  const Results read = Run(WorkloadKind::kPhotoGet);
  EXPECT_EQ(read.operations, 18u);
  EXPECT_EQ(read.wrong_values, 1u);
  EXPECT_EQ(read.errors.at(Code::kNotFound), 1u);
}

TEST_F(FilesDriverTest, DirectoryThatCannotBeMadeIsAFailure) {
  options_.target.directory = "/proc/none/data";
  options_.workload = WorkloadKind::kPhotoPut;
  EXPECT_FALSE(RunLoad(options_, clock_, kHooks).ok());
}

}  // namespace
}  // namespace smile::bench
