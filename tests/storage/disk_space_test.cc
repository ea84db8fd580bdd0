#include "storage/rocks/disk_space.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <filesystem>
#include <memory>

#include "base/limits.h"
#include "tests/storage/fault_file_system.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kMemtables = 32 * kMebibyte;
constexpr uint64_t kReserve = kMemtables + limits::kStartFreeDiskBytes;

class DiskSpaceTest : public ::testing::Test {
 protected:
  DiskSpaceTest() {
    SetFree(1024 * kMebibyte);
    space_.Begin();
  }

  void SetFree(uint64_t bytes) { faults_->SetFreeBytes(bytes); }
  bool IsLowWith(uint64_t free, uint64_t memtables) {
    SetFree(free);
    space_.Look(memtables);
    return space_.low();
  }
  std::string Reserve() const { return directory_ / "RESERVE"; }

  const std::shared_ptr<FaultFileSystem> faults_ = std::make_shared<FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(faults_);
  const Logger log_{LogLevel::kOff};
  const TempDirectory directory_;
  DiskSpace space_{directory_.path(), kMemtables, env_.get(), &log_};
};

TEST_F(DiskSpaceTest, PutsNeedRoomForTheMemtables) {
  space_.KeepReserve();
  const uint64_t least = limits::kMinFreeDiskBytes;
  EXPECT_FALSE(IsLowWith(least + 10 * kMebibyte, 10 * kMebibyte));
  EXPECT_TRUE(IsLowWith(least + 10 * kMebibyte - 1, 10 * kMebibyte));
  // Not again with the first byte.
  EXPECT_TRUE(IsLowWith(least + 10 * kMebibyte, 10 * kMebibyte));
  EXPECT_FALSE(IsLowWith(least + least / 4 + 10 * kMebibyte, 10 * kMebibyte));
}

TEST_F(DiskSpaceTest, TightComesBeforeLow) {
  space_.KeepReserve();
  const uint64_t least = limits::kMinFreeDiskBytes;
  EXPECT_FALSE(IsLowWith(least + 30 * kMebibyte, 10 * kMebibyte));
  EXPECT_FALSE(space_.tight());
  EXPECT_FALSE(IsLowWith(least + 30 * kMebibyte - 1, 10 * kMebibyte));
  EXPECT_TRUE(space_.tight());
  EXPECT_TRUE(IsLowWith(0, 10 * kMebibyte));
  EXPECT_FALSE(space_.tight());
}

TEST_F(DiskSpaceTest, WritesBetweenTwoChecksAreCounted) {
  space_.KeepReserve();
  ASSERT_FALSE(IsLowWith(limits::kMinFreeDiskBytes + 80 * kMebibyte, 0));
  uint64_t written = 0;
  while (!space_.Count(kMebibyte)) written += kMebibyte;
  EXPECT_LT(written, 80 * kMebibyte / 8);
  EXPECT_GT(written, 0u);
  space_.Look(0);
  EXPECT_FALSE(space_.Count(1));
}

TEST_F(DiskSpaceTest, ReserveIsReleasedOnlyWithoutOtherRoom) {
  space_.KeepReserve();
  ASSERT_TRUE(space_.has_reserve());
  EXPECT_EQ(std::filesystem::file_size(Reserve()), kReserve);
  SetFree(kMebibyte);
  EXPECT_TRUE(space_.MakeRoom(kMebibyte));
  EXPECT_TRUE(space_.has_reserve());
  (void)space_.MakeRoom(2 * kMebibyte);
  EXPECT_FALSE(space_.has_reserve());
  EXPECT_FALSE(std::filesystem::exists(Reserve()));
}

TEST_F(DiskSpaceTest, ReserveIsRecreatedWhenThereIsRoomForPuts) {
  const uint64_t least = limits::kMinFreeDiskBytes;
  SetFree(least + least / 4 + kReserve - 1);
  space_.KeepReserve();
  EXPECT_FALSE(space_.has_reserve());
  // Without it puts need that much more.
  EXPECT_TRUE(IsLowWith(least + kReserve - 1, 0));
  SetFree(least + least / 4 + kReserve);
  space_.KeepReserve();
  EXPECT_TRUE(space_.has_reserve());
}

TEST_F(DiskSpaceTest, ExistingReserveIsFoundUnlessSparse) {
  space_.KeepReserve();
  ASSERT_TRUE(space_.has_reserve());
  DiskSpace again(directory_.path(), kMemtables, env_.get(), &log_);
  again.Begin();
  EXPECT_TRUE(again.has_reserve());
  std::filesystem::resize_file(Reserve(), 0);
  std::filesystem::resize_file(Reserve(), kReserve);
  DiskSpace hole(directory_.path(), kMemtables, env_.get(), &log_);
  hole.Begin();
  EXPECT_FALSE(hole.has_reserve());
  EXPECT_FALSE(std::filesystem::exists(Reserve()));
}

}  // namespace
}  // namespace smile::testing
