#include "storage/rocks/use_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace smile {
namespace {

using std::chrono::milliseconds;

TEST(UseGate, ClosesWhenAllUsesHaveEnded) {
  UseGate gate;
  { const UseGate::Use use = gate.Enter(); }
  EXPECT_TRUE(gate.Close(milliseconds(0)));
  EXPECT_FALSE(gate.Enter());
  gate.Open();
  EXPECT_TRUE(gate.Enter());
}

TEST(UseGate, UseKeepsTheGateOpen) {
  UseGate gate;
  UseGate::Use use = gate.Enter();
  EXPECT_FALSE(gate.Close(milliseconds(0)));
  EXPECT_TRUE(gate.Enter());
  std::thread other([&gate, moved = std::move(use)] {
    while (!gate.closed()) std::this_thread::yield();
  });  // the use ends with the thread's function, on another thread
  EXPECT_TRUE(gate.Close(std::chrono::minutes(1)));
  other.join();
}

TEST(UseGate, ContentChangesOnlyWhileClosed) {
  UseGate gate;
  int guarded = 0;
  std::atomic<bool> end{false};
  std::atomic<uint64_t> odd{0};
  std::vector<std::thread> users;
  for (int i = 0; i < 3; ++i) {
    users.emplace_back([&] {
      while (!end) {
        if (const UseGate::Use use = gate.Enter()) odd += guarded % 2 != 0 ? 1 : 0;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(gate.Close(std::chrono::minutes(1)));
    ++guarded;
    ++guarded;
    gate.Open();
  }
  end = true;
  for (std::thread& user : users) user.join();
  EXPECT_EQ(odd, 0u);
}

}  // namespace
}  // namespace smile
