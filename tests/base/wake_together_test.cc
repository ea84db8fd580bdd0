#include "base/wake_together.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace smile {
namespace {

struct Counting final : Wakeable {
  void Wake() override { ++wakes; }
  int wakes = 0;
};

TEST(WakeTogether, WithoutOneAWakeUpIsSentAtOnce) {
  const auto one = std::make_shared<Counting>();
  WakeTogether::Wake(one);
  WakeTogether::Wake(one);
  EXPECT_EQ(one->wakes, 2);
}

TEST(WakeTogether, EachIsWokenOnceAtTheEndOfTheOutermost) {
  const auto one = std::make_shared<Counting>();
  const auto other = std::make_shared<Counting>();
  for (int i = 1; i <= 2; ++i) {
    {
      const WakeTogether outer;
      WakeTogether::Wake(one);
      {
        const WakeTogether inner;
        WakeTogether::Wake(other);
        WakeTogether::Wake(one);
      }
      EXPECT_EQ(one->wakes, i - 1);
      EXPECT_EQ(other->wakes, i - 1);
    }
    EXPECT_EQ(one->wakes, i);
    EXPECT_EQ(other->wakes, i);
  }
}

TEST(WakeTogether, OtherThreadsAreNotHeldBack) {
  const auto one = std::make_shared<Counting>();
  const WakeTogether together;
  std::thread([&one] { WakeTogether::Wake(one); }).join();
  EXPECT_EQ(one->wakes, 1);
}

TEST(WakeTogether, KeepsWhatItWillWake) {
  auto one = std::make_shared<Counting>();
  const std::weak_ptr<Counting> seen = one;
  {
    const WakeTogether together;
    WakeTogether::Wake(one);
    one = nullptr;
    EXPECT_FALSE(seen.expired());
  }
  EXPECT_TRUE(seen.expired());
}

}  // namespace
}  // namespace smile
