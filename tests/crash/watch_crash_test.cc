// kill -9 while records are watched: what was told is on disk after the restart, and a watcher that
// goes on after its last version, and reads where it is told of a gap, ends with what is stored.

#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "client/blocking.h"
#include "client/client.h"
#include "client/watch_reader.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/smiled_process.h"

namespace smile {
namespace {

constexpr int kWatchCycles = 10;
constexpr uint64_t kWatchUsers = 8;

struct Seen {
  uint64_t version = 0;
  std::string value;
};

Key RecordOf(uint64_t user) {
  return UserKey(user, "status");
}

std::unique_ptr<Client> Connect(uint16_t port) {
  return std::move(Client::Create({.servers = {{"127.0.0.1", port}}})).value();
}

// What a watcher knows, over several crashes. Its thread alone uses it until it is joined.
class Watcher {
 public:
  // Until `user` has this version; 0: until the server is gone.
  void Run(Client* client, uint64_t last_user, uint64_t last_version) {
    const std::vector<Bytes> users = Users();
    op::Watch::Request request{.values = true, .after = after_};
    for (const Bytes& user : users) request.partitions.push_back({Table::kUsers, user});
    WatchReader reader(client, request);
    while (last_version == 0 || known[last_user].version < last_version) {
      if (last_version == 0 && !IsThere(client)) return;
      const auto next = reader.Next(20);
      if (!next.ok()) return;
      if (!next->has_value()) continue;
      const op::Watch::Response& event = ***next;
      if (event.event == WatchedEvent::kGap) {
        ++gaps;
        if (!ReadAll(client)) return;  // and is told of the gap again
      } else if (event.event == WatchedEvent::kPut) {
        ++events;
        Learn(*DecodePartition(event.key->partition), event.version, event.value);
      }
      after_ = event.version;
    }
  }

  std::map<uint64_t, Seen> known;
  uint64_t events = 0;
  uint64_t gaps = 0;

 private:
  static std::vector<Bytes> Users() {
    std::vector<Bytes> users;
    for (uint64_t user = 0; user < kWatchUsers; ++user) users.push_back(PartitionOf(user));
    return users;
  }
  static bool IsThere(Client* client) {
    return BlockingClient(client).Ping({.deadline_millis = 5'000, .retry = false}).ok();
  }
  void Learn(uint64_t user, uint64_t version, ByteView value) {
    Seen& seen = known[user];
    if (version > seen.version) seen = {version, std::string(value)};
  }
  bool ReadAll(Client* client) {
    BlockingClient blocking(client);
    for (uint64_t user = 0; user < kWatchUsers; ++user) {
      const auto record = blocking.Get(RecordOf(user), {.deadline_millis = 5'000, .retry = false});
      if (record.ok()) Learn(user, record->version, record->value);
      if (!record.ok() && record.status().code() != Code::kNotFound) return false;
    }
    return true;
  }

  uint64_t after_ = 0;
};

// What was told before a crash is there after it.
void ExpectStored(Client* client, const std::map<uint64_t, Seen>& known, bool exactly) {
  BlockingClient blocking(client);
  for (const auto& [user, seen] : known) {
    const auto record = blocking.Get(RecordOf(user));
    ASSERT_TRUE(record.ok()) << record.status().ToString();
    ASSERT_GE(record->version, seen.version) << "user " << user;
    ASSERT_TRUE(!exactly || record->version == seen.version);
    if (record->version == seen.version) {
      ASSERT_EQ(record->value, seen.value);
    }
  }
}

TEST(WatchCrash, WhatWasToldIsStored) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const testing::TempDirectory directory;
  Watcher watcher;
  for (int cycle = 0; cycle < kWatchCycles; ++cycle) {
    SmiledProcess smiled(SMILED_PATH, directory.path());
    const auto client = Connect(smiled.port());
    const auto watching = Connect(smiled.port());
    ExpectStored(client.get(), watcher.known, /*exactly=*/false);
    if (::testing::Test::HasFailure()) return;
    std::vector<std::thread> threads;
    threads.emplace_back([&] { watcher.Run(watching.get(), 0, 0); });
    for (uint64_t user = 0; user < kWatchUsers; ++user) {
      threads.emplace_back([&client, user, cycle] {
        BlockingClient blocking(client.get());
        for (int i = 0;; ++i) {
          const std::string value = std::to_string(cycle) + "." + std::to_string(i);
          const auto put =
              blocking.Put(RecordOf(user), value, {}, {.deadline_millis = 5'000, .retry = false});
          if (!put.ok()) return;
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 200));
    smiled.Kill();
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_GT(watcher.events, 0u);
  EXPECT_GT(watcher.gaps, 0u) << "what was written when it was not there";
  SmiledProcess smiled(SMILED_PATH, directory.path());
  const auto client = Connect(smiled.port());
  ExpectStored(client.get(), watcher.known, /*exactly=*/false);
  const auto last = BlockingClient(client.get()).Put(RecordOf(3), "last");
  ASSERT_TRUE(last.ok()) << last.status().ToString();
  watcher.Run(client.get(), 3, *last);
  EXPECT_EQ(watcher.known.size(), kWatchUsers);
  ExpectStored(client.get(), watcher.known, /*exactly=*/true);
  EXPECT_EQ(smiled.Stop(), 0);
  std::cout << kWatchCycles << " crashes, " << watcher.events << " events and " << watcher.gaps
            << " gaps told\n";
}

}  // namespace
}  // namespace smile
