#include "storage/content/space_reservations.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/limits.h"

namespace smile::testing {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kKept = limits::kContentFreeDiskBytes;
const ContentId kFirst{.bytes = {1}};
const ContentId kSecond{.bytes = {2}};

class SpaceReservationsTest : public ::testing::Test {
 protected:
  DiskSize disk_{.free_bytes = kKept + 10 * kMiB, .bytes = 1000 * kKept};
  SpaceReservations space_{[this] { return disk_; }};
};

TEST_F(SpaceReservationsTest, SizesThatDoNotFitAreRejected) {
  EXPECT_EQ(space_.Reserve(kFirst, 10 * kMiB + 1).code(), Code::kNoSpace);
  EXPECT_EQ(space_.Reserve(kFirst, ~uint64_t{0}).code(), Code::kNoSpace);
  EXPECT_EQ(space_.reserved_bytes(), 0u);
  EXPECT_TRUE(space_.Reserve(kFirst, 6 * kMiB).ok());
  EXPECT_EQ(space_.Reserve(kSecond, 6 * kMiB).code(), Code::kNoSpace);
  EXPECT_TRUE(space_.Reserve(kSecond, 4 * kMiB).ok());
  space_.Set(kFirst, 0);
  EXPECT_EQ(space_.reserved_bytes(), 4 * kMiB);
}

TEST_F(SpaceReservationsTest, PiecesLeaveRoomForRecordsAndReservations) {
  ASSERT_TRUE(space_.Reserve(kFirst, 9 * kMiB).ok());
  EXPECT_TRUE(space_.Claim(kFirst, 9 * kMiB).ok());
  EXPECT_EQ(space_.Claim(kSecond, kMiB + 1).code(), Code::kNoSpace);
  EXPECT_TRUE(space_.Claim(kSecond, kMiB).ok());
  disk_.free_bytes = kKept;
  EXPECT_EQ(space_.Claim(kFirst, 1).code(), Code::kNoSpace);
  EXPECT_GT(space_.Claim(kFirst, 1).retry_after_ms(), 0u);
}

TEST_F(SpaceReservationsTest, PieceThatIsBeingWrittenTakesSpace) {
  ASSERT_TRUE(space_.Claim(kFirst, 4 * kMiB).ok());
  EXPECT_EQ(space_.Reserve(kSecond, 7 * kMiB).code(), Code::kNoSpace);
  disk_.free_bytes -= 4 * kMiB;  // it is written
  space_.Set(kFirst, 0);
  EXPECT_EQ(space_.Reserve(kSecond, 7 * kMiB).code(), Code::kNoSpace);
  EXPECT_TRUE(space_.Reserve(kSecond, 6 * kMiB).ok());
  EXPECT_EQ(space_.Claim(kFirst, 1).code(), Code::kNoSpace);
}

TEST_F(SpaceReservationsTest, SmallDiskKeepsAFractionFree) {
  disk_ = {.free_bytes = 100 * kMiB, .bytes = 80 * limits::kDiskShare * kMiB};
  EXPECT_EQ(space_.Reserve(kFirst, 20 * kMiB + 1).code(), Code::kNoSpace);
  EXPECT_TRUE(space_.Reserve(kFirst, 20 * kMiB).ok());
}

TEST_F(SpaceReservationsTest, ReservationsAtTheSameTimeDoNotOverlap) {
  std::vector<std::thread> threads;
  std::atomic<int> taken{0};
  for (uint8_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      ContentId id;
      id.bytes[0] = i;
      if (space_.Reserve(id, 4 * kMiB).ok()) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 2);
}

}  // namespace
}  // namespace smile::testing
