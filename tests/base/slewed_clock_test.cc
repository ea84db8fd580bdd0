#include "base/slewed_clock.h"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

namespace smile {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kStart = 1'700'000'000'000;

class SlewedClockTest : public ::testing::Test {
 protected:
  // Lets time pass, with it which is asked for every `step` milliseconds; answers the time then.
  int64_t Pass(int64_t millis, int64_t step = kSecond) {
    for (int64_t passed = 0; passed < millis; passed += step) {
      steady_ += step;
      const int64_t now = clock_.Millis(steady_, system());
      EXPECT_GE(now, now_) << "it went back";
      now_ = now;
    }
    return now_;
  }
  int64_t system() const { return kStart + steady_ + jump_; }
  int64_t ahead() const { return now_ - (kStart + steady_); }

  int64_t steady_ = 0;
  int64_t jump_ = 0;  // what the system's clock is wrong by
  int64_t now_ = kStart;
  SlewedClock clock_{0, kStart};
};

TEST_F(SlewedClockTest, FollowsTheSystemClock) {
  EXPECT_EQ(Pass(kHour), kStart + kHour);
  Pass(kHour, 7);
  EXPECT_EQ(now_, system());
}

TEST_F(SlewedClockTest, TemporaryJumpIsHardlyVisible) {
  for (const int64_t jump : {kHour, -kHour, 24 * kHour}) {
    jump_ = jump;
    Pass(kHour);
    EXPECT_LE(std::abs(ahead()), kHour / 20);
    jump_ = 0;
    Pass(2 * kHour);
    EXPECT_EQ(ahead(), 0);
  }
}

TEST_F(SlewedClockTest, PermanentStepIsFollowed) {
  for (const int64_t jump : {kHour, -kHour}) {
    jump_ = jump;
    Pass(40 * kHour);
    EXPECT_EQ(now_, system());
    jump_ = 0;
    Pass(20 * kHour);
  }
}

TEST_F(SlewedClockTest, JumpAfterALongPauseIsSlewed) {
  Pass(48 * kHour, 48 * kHour);
  jump_ = kHour;
  Pass(48 * kHour, 48 * kHour);
  EXPECT_LE(ahead(), kSecond);
}

}  // namespace
}  // namespace smile
