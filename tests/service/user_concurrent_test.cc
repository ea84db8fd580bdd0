// A user is erased while others write to her and link to her.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "storage/memory_content_store.h"
#include "storage/memory_engine.h"
#include "tests/service/people_process.h"

namespace smile::testing {
namespace {

constexpr uint64_t kWriters = 3;

class UserConcurrentTest : public ::testing::Test {
 protected:
  // All that one can do to somebody else. Until `stop`.
  void WriteUntil(uint64_t writer, const std::atomic<bool>& stop) {
    const EngineCalls calls(engine_);
    for (uint64_t count = 1; !stop; ++count) {
      LinkChange change;
      change.kind = count % 5 == 0 ? LinkChange::Kind::kUnlink : LinkChange::Kind::kLink;
      change.side = {.user = writer, .kind = LinkKind::kFollow, .other = kAda};
      EXPECT_TRUE(process_.links.Change(std::move(change)).Wait().ok());
      const Bytes post = PartitionOf(writer << 32 | count);
      EXPECT_TRUE(calls.Write(Key(Table::kPosts, PartitionOf(kAda), post), PutChange({}, "hello"))
                      .Wait()
                      .status.ok());
      MakeSession session;
      session.user = kAda;
      session.expire_seconds = 3600;
      EXPECT_TRUE(process_.sessions.Make(std::move(session)).Wait().ok());
      PutMedia put;
      put.id = {.owner = kAda, .media = writer << 32 | count};
      put.bytes = "the same photo";
      put.checksum = Hash64(put.bytes);
      EXPECT_TRUE(process_.media.Put(std::move(put)).Wait().ok());
      AddLogin login;
      login.login = std::to_string(writer << 32 | count);
      login.user = kAda;
      login.secret = "secret";
      const Status added = process_.logins.Add(std::move(login)).Wait();
      EXPECT_TRUE(added.ok() || added.code() == Code::kTooLarge) << added.ToString();
    }
  }

  uint64_t Count(uint64_t user, LinkKind kind) {
    return process_.links.Count({user, kind}, {}).Wait().value();
  }
  void ExpectBothSides() {
    uint64_t following = 0;
    for (uint64_t writer = 1; writer <= kWriters; ++writer) {
      following += Count(writer, LinkKind::kFollow);
    }
    EXPECT_EQ(Count(kAda, LinkKind::kFollower), following);
  }

  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kOnThread};
  MemoryContentStore store_;
  PeopleProcess process_{&engine_, &store_, clock_, INT64_MAX};
};

TEST_F(UserConcurrentTest, EraseEndsWhileOthersWriteAndLeavesNothingHalf) {
  constexpr int kRounds = 5;
  constexpr int kManyCalls = 1000;
  for (int round = 0; round < kRounds; ++round) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> writers;
    for (uint64_t writer = 1; writer <= kWriters; ++writer) {
      writers.emplace_back([&, writer] { WriteUntil(writer, stop); });
    }
    bool done = false;
    for (int call = 0; call < kManyCalls && !done; ++call) {
      const auto erased = process_.users.Erase(kAda).Wait();
      EXPECT_TRUE(erased.ok()) << erased.status().ToString();
      done = erased.ok() && erased->done;
    }
    EXPECT_TRUE(done) << "an erase ends, whatever others write";
    stop = true;
    for (std::thread& writer : writers) writer.join();
    ExpectBothSides();
    const auto last = process_.users.Erase(kAda).Wait();
    ASSERT_TRUE(last.ok() && last->done) << last.status().ToString();
    const auto state = process_.users.Stat(kAda, {}).Wait();
    ASSERT_TRUE(state.ok()) << state.status().ToString();
    EXPECT_EQ(state->tally, UserTally{});
    EXPECT_FALSE(state->erasing);
    ExpectBothSides();
    EXPECT_EQ(Count(1, LinkKind::kFollow), 0u);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace smile::testing
