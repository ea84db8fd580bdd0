// kill -9 while users are erased: after the restart an erase that was acknowledged is complete, one
// that had begun is finished by the server without being asked again, and what others have is
// untouched.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "client/blocking.h"
#include "client/client.h"
#include "tests/crash/calls.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/smiled_process.h"

namespace smile {
namespace {

constexpr uint64_t kUsersPerCycle = 5;  // the last is not erased
constexpr int kEraseCycles = 3;         // or SMILE_CYCLES
constexpr uint64_t kHub = 1;            // all are linked to it
constexpr uint64_t kPosts = 300;        // several writes
const Bytes kPhoto = "a photo that all have";

enum class Erase { kNone, kLost, kDone };

std::string Describe(const op::UserStat::Response& stat) {
  return fmt::format("{} logins, {} sessions, {} links, {} media, {} uploads, {} posts, {} records",
                     stat.logins, stat.sessions, stat.links, stat.media, stat.uploads, stat.posts,
                     stat.records);
}
const std::string kAll = Describe({.logins = 1,
                                   .sessions = 1,
                                   .links = 2,
                                   .media = 1,
                                   .uploads = 1,
                                   .posts = kPosts,
                                   .records = 1});
const std::string kNothing = Describe({});

// A user with some of everything.
void Populate(BlockingClient* client, uint64_t user) {
  const Bytes name = fmt::format("user{}", user);
  const op::FirstRecord profile{.name = "profile", .checksum = Hash64(name), .value = name};
  ASSERT_TRUE(
      client
          ->Call<op::LoginRegister>(
              {.login = name, .password = "secret", .user = user, .records = {profile}}, kOnce)
          .ok());
  ASSERT_TRUE(client->Call<op::SessionMake>({.user = user}, kOnce).ok());
  for (const LinkKind kind : {LinkKind::kFriend, LinkKind::kFollow}) {
    const auto linked = client->Call<op::Link>(
        {.user = user, .kind = static_cast<uint8_t>(kind), .other = kHub}, kOnce);
    ASSERT_TRUE(linked.ok()) << linked.status().ToString();
  }
  const auto put = client->Call<op::MediaPut>({.owner = user,
                                               .media = user,
                                               .content_type = "image/png",
                                               .checksum = Hash64(kPhoto),
                                               .bytes = kPhoto},
                                              kOnce);
  ASSERT_TRUE(put.ok()) << put.status().ToString();
  ASSERT_TRUE(client->Call<op::MediaBegin>({.owner = user}, kOnce).ok());
  std::vector<Key> keys;
  op::Batch::Request batch;
  for (uint64_t post = 1; post <= kPosts; ++post) keys.push_back(PostKey(user, post));
  batch.partition = keys.front().view().partition_view();
  for (const Key& key : keys) {
    batch.items.push_back(
        {.kind = ItemKind::kPut, .sort = key.sort, .checksum = Hash64("post"), .value = "post"});
  }
  const auto posted = client->Call<op::Batch>(batch, kOnce);
  ASSERT_TRUE(posted.ok()) << posted.status().ToString();
}

op::UserStat::Response Stat(BlockingClient* client, uint64_t user) {
  const auto stat = client->Call<op::UserStat>({.user = user});
  EXPECT_TRUE(stat.ok()) << stat.status().ToString();
  return stat.ok() ? *stat : op::UserStat::Response();
}

// The server finishes what had begun. Waits for it.
void WaitForSweeper(BlockingClient* client, uint64_t user) {
  while (Stat(client, user).erasing && !::testing::Test::HasFailure()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// How many of all users there still are.
uint64_t CheckUsers(BlockingClient* client, std::map<uint64_t, Erase>* users, bool wait) {
  uint64_t count = 0;
  for (auto& [user, erase] : *users) {
    if (wait) WaitForSweeper(client, user);
    const auto stat = Stat(client, user);
    const std::string found = Describe(stat);
    if (erase == Erase::kDone) {
      EXPECT_EQ(found, kNothing) << "user " << user << " was erased";
      EXPECT_FALSE(stat.erasing);
    } else if (erase == Erase::kNone) {
      EXPECT_EQ(found, kAll) << "user " << user << " was not erased";
    } else if (!stat.erasing) {
      EXPECT_TRUE(found == kAll || found == kNothing) << "user " << user << ": " << found;
    }
    count += found == kNothing ? 0 : 1;
  }
  return count;
}

TEST(EraseCrash, ErasesAreFinishedAndOthersKeepWhatTheyHave) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const testing::TempDirectory directory;
  const std::vector<std::string> options = {"--argon2-memory-kib=8", "--argon2-passes=1"};
  std::map<uint64_t, Erase> users;
  const char* const given = std::getenv("SMILE_CYCLES");
  const int cycles = given == nullptr ? kEraseCycles : std::stoi(given);
  for (int cycle = 1; cycle <= cycles; ++cycle) {
    SmiledProcess smiled(SMILED_PATH, directory.path(), options);
    const auto client = Connect(smiled.port());
    BlockingClient blocking(client.get());
    CheckUsers(&blocking, &users, /*wait=*/false);
    std::vector<std::thread> threads;
    for (uint64_t i = 1; i <= kUsersPerCycle; ++i) {
      const uint64_t user = static_cast<uint64_t>(cycle) * 100 + i;
      ASSERT_NO_FATAL_FAILURE(Populate(&blocking, user));
      users[user] = i < kUsersPerCycle ? Erase::kLost : Erase::kNone;
    }
    for (auto& [user, erase] : users) {
      if (erase != Erase::kLost || user < static_cast<uint64_t>(cycle) * 100) continue;
      threads.emplace_back([&client, user = user, &erase = erase] {
        const auto erased = BlockingClient(client.get()).Call<op::UserErase>({.user = user}, kOnce);
        if (erased.ok() && erased->done) erase = Erase::kDone;
      });
    }
    // From before the first write of an erase to after the last.
    std::this_thread::sleep_for(std::chrono::milliseconds(1 << random() % 9));
    smiled.Kill();
    for (std::thread& thread : threads) thread.join();
    if (HasFailure()) return;
  }
  SmiledProcess again(SMILED_PATH, directory.path(), options);
  const auto client = Connect(again.port());
  BlockingClient blocking(client.get());
  const uint64_t count = CheckUsers(&blocking, &users, /*wait=*/true);
  for (const LinkKind kind : {LinkKind::kFriend, LinkKind::kFollower}) {
    const auto links =
        blocking.Call<op::LinkCount>({.user = kHub, .kind = static_cast<uint8_t>(kind)});
    ASSERT_TRUE(links.ok());
    EXPECT_EQ(links->count, count) << "each has a link to the hub, which has another side";
  }
  uint64_t done = 0;
  uint64_t finished = 0;
  for (const auto& [user, erase] : users) {
    done += erase == Erase::kDone ? 1 : 0;
    if (erase == Erase::kLost) finished += Describe(Stat(&blocking, user)) == kNothing ? 1 : 0;
    if (erase != Erase::kNone) continue;
    const auto photo = blocking.Call<op::MediaRead>(
        {.owner = user, .media = user, .offset = 0, .size = static_cast<uint32_t>(kPhoto.size())});
    ASSERT_TRUE(photo.ok()) << photo.status().ToString();
    EXPECT_EQ(photo->bytes, kPhoto);
  }
  EXPECT_EQ(again.Stop(), 0);
  std::cout << cycles << " crashes, " << done << " erases acknowledged, " << finished
            << " others finished, " << users.size() - count - done - finished << " wrong\n";
}

}  // namespace
}  // namespace smile
