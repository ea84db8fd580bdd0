// kill -9 while numbers are added to: an addition that is sent again with its token after the
// restart is made exactly once, whether or not the server had made it before.

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/random_bytes.h"
#include "client/blocking.h"
#include "client/client.h"
#include "tests/crash/calls.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/smiled_process.h"

namespace smile {
namespace {

constexpr int kAddCycles = 10;
constexpr size_t kWriters = 16;

// One addition after the other, each sent until it is acknowledged, over several crashes. Its
// thread alone uses it until it is joined.
class Writer {
 public:
  explicit Writer(uint64_t user) : likes_(UserKey(user, "likes")) {}

  // Until the server is gone, or once if `only_pending`.
  void Run(Client* client, bool only_pending) {
    BlockingClient blocking(client);
    for (;;) {
      if (!token_.has_value()) {
        if (only_pending) return;
        token_ = RandomBytes(kAdditionTokenBytes);
      }
      const auto added =
          blocking.Call<op::Add>({.key = likes_.view(), .amount = 1, .token = *token_}, kOnce);
      if (!added.ok()) return;
      token_.reset();
      ++acknowledged;
      if (added->repeated) ++repeated;
    }
  }
  bool pending() const { return token_.has_value(); }

  uint64_t acknowledged = 0;
  uint64_t repeated = 0;

 private:
  const Key likes_;
  std::optional<Bytes> token_;  // of the addition that is not acknowledged
};

TEST(AddCrash, AnAdditionIsMadeOnceHoweverOftenItIsSent) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const testing::TempDirectory directory;
  // Half of them share a record, the others have their own.
  std::vector<Writer> writers;
  for (size_t i = 0; i < kWriters; ++i) writers.emplace_back(i < kWriters / 2 ? 1 : 100 + i);
  for (int cycle = 0; cycle < kAddCycles; ++cycle) {
    SmiledProcess smiled(SMILED_PATH, directory.path());
    const auto client = Connect(smiled.port());
    std::vector<std::thread> threads;
    for (Writer& writer : writers) {
      threads.emplace_back([&] { writer.Run(client.get(), /*only_pending=*/false); });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 200));
    smiled.Kill();
    for (std::thread& thread : threads) thread.join();
  }
  SmiledProcess smiled(SMILED_PATH, directory.path());
  const auto client = Connect(smiled.port());
  BlockingClient blocking(client.get());
  uint64_t shared = 0;
  uint64_t acknowledged = 0;
  uint64_t repeated = 0;
  for (size_t i = 0; i < kWriters; ++i) {
    Writer& writer = writers[i];
    writer.Run(client.get(), /*only_pending=*/true);
    ASSERT_FALSE(writer.pending()) << "the server runs";
    acknowledged += writer.acknowledged;
    repeated += writer.repeated;
    if (i < kWriters / 2) {
      shared += writer.acknowledged;
      continue;
    }
    const auto likes = blocking.Get(UserKey(100 + i, "likes").view());
    ASSERT_TRUE(likes.ok()) << likes.status().ToString();
    EXPECT_EQ(likes->value, std::to_string(writer.acknowledged));
  }
  const auto likes = blocking.Get(UserKey(1, "likes").view());
  ASSERT_TRUE(likes.ok()) << likes.status().ToString();
  EXPECT_EQ(likes->value, std::to_string(shared));
  EXPECT_EQ(smiled.Stop(), 0);
  std::cout << kAddCycles << " crashes, " << acknowledged << " additions acknowledged, " << repeated
            << " of them made by a server that was killed before it said so\n";
}

}  // namespace
}  // namespace smile
