// Watches of an engine's records.
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/memory_engine.h"
#include "tests/service/watch_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;

class WatchEngineTest : public ::testing::Test {
 protected:
  WatchEngineTest() {
    hub_.StartFrom(engine_.Observe(&hub_));
    BeginHistory(&group_);
  }
  ~WatchEngineTest() override { engine_.Close(); }

  void RunAll() {
    while (group_.Run()) {
    }
  }
  uint64_t VersionOf(const Key& key) { return blocking_.Get(key)->version; }

  ManualClock clock_;
  WatchHub hub_;
  int wakes_ = 0;
  WatchGroup group_{&hub_, [this] { ++wakes_; }};
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  BlockingEngine blocking_{&engine_};
};

TEST_F(WatchEngineTest, TellsOfEachWriteAfterItWasAnswered) {
  const Key profile = UserKey(1, "profile"), theme = UserKey(1, "theme");
  RecordingSink sink;
  sink.group = &group_;
  ASSERT_TRUE(group_.Watch({.values = true, .targets = {UserTarget(1)}}, &sink).ok());
  engine_.Write(
      WriteRequest(theme.view().partition_view(), {PutOf("font", "x")}, /*deadline_nanos=*/0),
      [this](const WriteReply&) { EXPECT_EQ(wakes_, 0); });
  EXPECT_EQ(wakes_, 1);
  RunAll();
  sink.Take();
  const WriteReply reply =
      blocking_.Write(profile.view().partition_view(), {PutOf("profile", "a"), DeleteOf("theme")});
  EXPECT_EQ(wakes_, 2);
  const WriteReply failed = blocking_.Put(theme, "b", IfVersion(1));
  EXPECT_EQ(failed.status.code(), Code::kConditionFailed);
  RunAll();
  EXPECT_THAT(sink.told, ElementsAre(fmt::format("0 put profile@{}=a", reply.versions[0]),
                                     fmt::format("0 delete theme@{}", reply.versions[1])));
}

// The version of a record that was read is one to go on after.
TEST_F(WatchEngineTest, GoesOnAfterTheVersionOfARecord) {
  const Key one = UserKey(1, "one");
  ASSERT_TRUE(blocking_.Put(one, "a").status.ok());
  const uint64_t seen = VersionOf(one);
  ASSERT_TRUE(blocking_.Put(UserKey(2, "one"), "x").status.ok());
  ASSERT_TRUE(blocking_.Delete(one).status.ok());
  ASSERT_TRUE(blocking_.Put(one, "b").status.ok());
  RecordingSink sink;
  sink.group = &group_;
  ASSERT_TRUE(group_.Watch({.values = true, .targets = {UserTarget(1, seen)}}, &sink).ok());
  EXPECT_THAT(sink.told, ElementsAre(fmt::format("start {}", seen + 3),
                                     fmt::format("0 delete one@{}", seen + 2),
                                     fmt::format("0 put one@{}=b", seen + 3)));
}

// Records that clients cannot name are told without values, or not at all.
TEST_F(WatchEngineTest, InternalTablesKeepNoValue) {
  const Key media = MediaKey(7, 1), login = LoginKey("ada");
  RecordingSink sink;
  sink.group = &group_;
  const WatchTarget target{.table = Table::kMedia, .partition = media.partition, .after = {}};
  ASSERT_TRUE(group_.Watch({.values = true, .targets = {target}}, &sink).ok());
  sink.Take();
  const uint64_t before = hub_.Stats().history_bytes;
  ASSERT_TRUE(blocking_.Put(login, "credential").status.ok());
  EXPECT_EQ(hub_.Stats().history_bytes, before);
  ASSERT_TRUE(blocking_.Put(media, "manifest").status.ok());
  RunAll();
  EXPECT_THAT(sink.told, ElementsAre(fmt::format("0 put {}@{}?", media.sort, VersionOf(media))));
}

// However it is stored.
TEST_F(WatchEngineTest, LinkIsOneChange) {
  const Key member = LinkKey(7, LinkKind::kFriend, 8);
  const Key head = LinkKey(7, {.kind = LinkKind::kFriend, .view = LinkView::kHead});
  RecordingSink sink;
  sink.group = &group_;
  const WatchTarget target{.table = Table::kLinks, .partition = member.partition, .after = {}};
  ASSERT_TRUE(group_.Watch({.targets = {target}}, &sink).ok());
  sink.Take();
  MutationView put = PutOf(head.sort, "1");
  put.told_sort = member.sort;
  ASSERT_TRUE(
      blocking_.Write(member.view().partition_view(), {put, PutOf(member.sort, "2")}).status.ok());
  RunAll();
  EXPECT_THAT(sink.Take(), ElementsAre(fmt::format("0 put {}@{}?", member.sort, VersionOf(head))));
  put.told_kind = MutationKind::kDelete;
  ASSERT_TRUE(blocking_.Write(member.view().partition_view(), {put}).status.ok());
  RunAll();
  EXPECT_THAT(sink.Take(),
              ElementsAre(fmt::format("0 delete {}@{}", member.sort, VersionOf(head))));
}

}  // namespace
}  // namespace smile::testing
