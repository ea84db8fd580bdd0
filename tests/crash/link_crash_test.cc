// kill -9 while several clients link and unlink users, one of whom all have in common: what was
// acknowledged is there, every link has both sides, and counts are those of the lists.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <list>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/crash/link_load.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/smiled_process.h"

namespace smile {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;

constexpr uint8_t kClients = 4;
constexpr int kLinkCycles = 4;  // or SMILE_CYCLES

TEST(LinkCrashTest, BothSidesAndCountsAreRightAfterEveryCrash) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  const char* const given = std::getenv("SMILE_CYCLES");
  const int cycles = given == nullptr ? kLinkCycles : std::stoi(given);
  std::mt19937_64 random(seed);
  const smile::testing::TempDirectory directory;
  LinkHistory history;
  std::list<LinkClient> clients;
  for (uint8_t number = 0; number < kClients; ++number) {
    clients.emplace_back(number, random(), &history);
  }
  for (int cycle = 1; cycle <= cycles; ++cycle) {
    {
      SmiledProcess smiled(SMILED_PATH, directory.path());
      std::vector<std::string> failures(clients.size());
      std::vector<std::thread> threads;
      for (LinkClient& client : clients) {
        std::string& failure = failures[threads.size()];
        threads.emplace_back([&, port = smiled.port()] { failure = client.RunUntilCrash(port); });
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10 + random() % 500));
      smiled.Kill();
      for (std::thread& thread : threads) thread.join();
      ASSERT_THAT(failures, Each(IsEmpty()));
    }
    SmiledProcess again(SMILED_PATH, directory.path());
    ASSERT_THAT(history.Check(again.port(), LinkClient::kUsers), IsEmpty())
        << "after crash " << cycle;
    if (cycle % 2 == 0) {
      ASSERT_EQ(again.Stop(), 0);
    }
  }
  const LinkCounts& counts = history.counts();
  EXPECT_GT(counts.links, 0u) << "nothing was tested";
  std::cout << cycles << " crashes, " << counts.links << " links and " << counts.unlinks
            << " unlinks acknowledged, " << counts.checks << " sides compared, none lost\n";
}

}  // namespace
}  // namespace smile
