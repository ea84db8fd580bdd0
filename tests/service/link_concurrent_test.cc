// Many callers link the same users at the same time.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "service/links/link_service.h"
#include "storage/memory_engine.h"
#include "tests/service/forwarding_engine.h"

namespace smile::testing {
namespace {

// Counts writes, and passes all on.
class CountingEngine final : public ForwardingEngine {
 public:
  explicit CountingEngine(Engine* engine) : ForwardingEngine(engine) {}

  std::atomic<size_t> writes = 0;

  void Write(WriteRequest request, std::function<void(WriteReply)> done) override {
    ++writes;
    engine().Write(std::move(request), std::move(done));
  }
  bool can_write_together() const override { return true; }
};

class LinkConcurrentTest : public ::testing::Test {
 protected:
  uint64_t Count(uint64_t user) { return *links_.Count({user, LinkKind::kFriend}, {}).Wait(); }
  static LinkChange ChangeOf(LinkChange::Kind kind, uint64_t user, uint64_t other) {
    LinkChange change;
    change.kind = kind;
    change.side = {.user = user, .kind = LinkKind::kFriend, .other = other};
    return change;
  }

  ManualClock clock_;
  MemoryEngine memory_{&clock_, MemoryEngine::Answers::kOnThread};
  CountingEngine engine_{&memory_};
  const LinkService links_{engine_, clock_};
};

TEST_F(LinkConcurrentTest, ThousandLinksOfOneUserAreFewWrites) {
  constexpr uint64_t kLinks = 1000;
  constexpr uint64_t kHub = 500;  // smaller and greater than others
  std::vector<std::promise<Result<LinkChanged>>> done(kLinks + 1);
  for (uint64_t other = 0; other <= kLinks; ++other) {
    if (other == kHub) continue;
    const bool from_hub = other % 2 == 0;
    links_.Change(
        ChangeOf(LinkChange::Kind::kLink, from_hub ? kHub : other, from_hub ? other : kHub),
        [&done, other](Result<LinkChanged> changed) { done[other].set_value(std::move(changed)); });
  }
  for (uint64_t other = 0; other <= kLinks; ++other) {
    if (other == kHub) continue;
    const Result<LinkChanged> changed = done[other].get_future().get();
    ASSERT_TRUE(changed.ok()) << changed.status().ToString();
    EXPECT_TRUE(changed->changed);
    EXPECT_EQ(Count(other), 1u);
  }
  EXPECT_EQ(Count(kHub), kLinks);
  EXPECT_LT(engine_.writes, kLinks / 2) << "those that wait are written together";
}

TEST_F(LinkConcurrentTest, CallersThatMeetDoNotWaitForEachOther) {
  constexpr int kRounds = 300;
  std::atomic<int64_t> changed = 0;  // links that are there
  const auto call = [&](uint64_t user, uint64_t other) {
    for (int round = 0; round < kRounds; ++round) {
      const auto kind = round % 2 == 0 ? LinkChange::Kind::kLink : LinkChange::Kind::kUnlink;
      const auto result = links_.Change(ChangeOf(kind, user, other)).Wait();
      ASSERT_TRUE(result.ok()) << result.status().ToString();
      if (result->changed) changed += kind == LinkChange::Kind::kLink ? 1 : -1;
    }
  };
  std::vector<std::thread> callers;
  for (const auto& [user, other] : {std::pair{1, 2}, {2, 1}, {2, 3}, {3, 1}}) {
    callers.emplace_back(call, user, other);
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(2 * changed, static_cast<int64_t>(Count(1) + Count(2) + Count(3)));
}

}  // namespace
}  // namespace smile::testing
