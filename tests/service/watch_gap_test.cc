// What cannot be told as events: gaps. And the limits of slices and of the history.
#include <algorithm>
#include <string>
#include <vector>

#include "service/watches/watch_limits.h"
#include "tests/service/watch_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

using WatchGapTest = WatchTest;

TEST_F(WatchGapTest, PastBeforeTheHistoryIsAGapOfItsTarget) {
  RecordingSink sink;
  Feed(&hub_, {{1, 11}, {2, 12}, {2, 13}});
  ASSERT_TRUE(Watch(&sink, {UserTarget(1, 9), UserTarget(2, 12), UserTarget(3, 10)}).ok());
  Feed(&hub_, {{1, 14}});
  RunAll();
  EXPECT_THAT(sink.told,
              ElementsAre("start 13", "1 put one@13=v", "gap 0 after 13", "0 put one@14=v"));
}

// From before a restore of the database.
TEST_F(WatchGapTest, VersionThatIsNotKnownIsAGap) {
  RecordingSink sink;
  Feed(&hub_, {{1, 11}});
  ASSERT_TRUE(Watch(&sink, {UserTarget(1, 12), UserTarget(1, 11)}).ok());
  Feed(&hub_, {{1, 12}});
  RunAll();
  EXPECT_THAT(sink.told,
              ElementsAre("start 11", "gap 0 after 11", "0 put one@12=v", "1 put one@12=v"));
}

TEST_F(WatchGapTest, GapOfTheEngineIsToldInItsPlace) {
  RecordingSink early, late;
  ASSERT_TRUE(Watch(&early, {UserTarget(1), UserTarget(2)}).ok());
  Feed(&hub_, {{1, 11}});
  hub_.OnGap();
  ASSERT_TRUE(Watch(&late, {UserTarget(1)}).ok());
  hub_.OnGap();
  Feed(&hub_, {{1, 15}});
  RunAll();
  EXPECT_THAT(early.told, ElementsAre("start 10", "0 put one@11=v", "gap after 11", "gap after 11",
                                      "0 put one@15=v"));
  EXPECT_THAT(late.told, ElementsAre("start 11", "gap after 11", "0 put one@15=v"));
}

// Changes that were never told may have any version up to that of the next one that is.
TEST_F(WatchGapTest, NothingIsKnownFromBeforeAGapOfTheEngine) {
  RecordingSink before, unknown, known;
  Feed(&hub_, {{1, 11}});
  hub_.OnGap();
  ASSERT_TRUE(Watch(&before, {UserTarget(1, 11)}).ok());
  EXPECT_THAT(before.told, ElementsAre("start 11", "gap after 11"));
  Feed(&hub_, {{1, 15}});
  ASSERT_TRUE(Watch(&unknown, {UserTarget(1, 13)}).ok());
  EXPECT_THAT(unknown.told, ElementsAre("start 15", "gap after 15"));
  ASSERT_TRUE(Watch(&known, {UserTarget(1, 14)}).ok());
  EXPECT_THAT(known.told, ElementsAre("start 15", "0 put one@15=v"));
}

TEST_F(WatchGapTest, SlowWatchEndsAtAGap) {
  RecordingSink slow, other;
  ASSERT_TRUE(Watch(&slow, {UserTarget(1)}).ok());
  ASSERT_TRUE(Watch(&other, {UserTarget(1)}).ok());
  slow.hook = [] { return SinkAnswer::kTooSlow; };
  hub_.OnGap();
  RunAll();
  EXPECT_THAT(slow.told, ElementsAre("start 10", "gap after 10", "end overloaded"));
  EXPECT_THAT(other.told, ElementsAre("start 10", "gap after 10"));
  EXPECT_EQ(hub_.Stats().gaps, 2u);
}

TEST_F(WatchGapTest, WatchesAreCancelledInsideAGap) {
  RecordingSink first, second, added;
  ASSERT_TRUE(Watch(&first, {UserTarget(1)}).ok());
  ASSERT_TRUE(Watch(&second, {UserTarget(1)}).ok());
  first.hook = [&] {
    EXPECT_TRUE(group_.Cancel(first.id) && group_.Cancel(second.id));
    EXPECT_TRUE(Watch(&added, {UserTarget(1)}).ok());
    return SinkAnswer::kTaken;
  };
  hub_.OnGap();
  RunAll();
  EXPECT_THAT(first.told, SizeIs(2));
  EXPECT_THAT(second.told, SizeIs(1));
  EXPECT_THAT(added.told, ElementsAre("start 10"));
}

// Nobody pays for what nobody uses.
TEST(WatchHubTest, KeepsNothingBeforeTheFirstWatch) {
  WatchHub hub;
  hub.StartFrom(10);
  WatchGroup group(&hub, [] {});
  Feed(&hub, {{1, 11}});
  EXPECT_EQ(hub.Stats().history_bytes, 0u);
  RecordingSink sink;
  sink.group = &group;
  ASSERT_TRUE(group.Watch({.values = true, .targets = {UserTarget(1, 10)}}, &sink).ok());
  Feed(&hub, {{1, 12}});
  while (group.Run()) {
  }
  EXPECT_THAT(sink.told, ElementsAre("start 11", "gap after 11", "0 put one@12=v"));
  EXPECT_GT(hub.Stats().history_bytes, 0u);
}

class WatchSmallHistoryTest : public WatchTest {
 protected:
  WatchSmallHistoryTest() : WatchTest({.history_bytes = 4000, .slice_work = 3, .past = {4, 100}}) {}

  // At least as many as fit in the history.
  void FeedMany(uint64_t user) {
    for (int i = 0; i < 100; ++i) Feed(&hub_, {{user, ++version_}});
  }
  uint64_t version_ = 10;
};

TEST_F(WatchSmallHistoryTest, HasALimit) {
  FeedMany(1);
  const uint64_t bytes = hub_.Stats().history_bytes;
  EXPECT_GT(bytes, 2000u);
  EXPECT_LE(bytes, 4000u);
  Feed(&hub_, {{1, ++version_, "large", Bytes(5000, 'x')}});
  EXPECT_EQ(hub_.Stats().history_bytes, 0u);
  Feed(&hub_, {{1, ++version_}});
  RecordingSink sink;
  ASSERT_TRUE(Watch(&sink, {UserTarget(1, version_ - 1), UserTarget(1, version_ - 2)}).ok());
  EXPECT_THAT(sink.told, ElementsAre("start 112", "0 put one@112=v", "gap 1 after 112"));
}

// The watches go on with the newest changes: they read the partition anyway.
TEST_F(WatchSmallHistoryTest, GroupThatIsTooLateTellsAGap) {
  RecordingSink early, late;
  ASSERT_TRUE(Watch(&early, {UserTarget(1), UserTarget(2)}).ok());
  FeedMany(2);
  ASSERT_TRUE(Watch(&late, {UserTarget(1)}).ok());
  RunAll();
  Feed(&hub_, {{1, ++version_}});
  RunAll();
  EXPECT_THAT(early.told, ElementsAre("start 10", "gap after 110", "0 put one@111=v"));
  EXPECT_THAT(late.told, ElementsAre("start 110", "0 put one@111=v"));
}

// What was taken before it was too late is still told.
TEST_F(WatchSmallHistoryTest, GroupIsTooLateWhileItTells) {
  RecordingSink sink;
  ASSERT_TRUE(Watch(&sink, {UserTarget(1)}).ok());
  Feed(&hub_, {{1, ++version_}, {1, ++version_}, {1, ++version_}});
  EXPECT_TRUE(group_.Run());
  EXPECT_THAT(sink.told, SizeIs(2));
  FeedMany(1);
  RunAll();
  EXPECT_THAT(sink.told, ElementsAre("start 10", "0 put one@11=v", "0 put one@12=v",
                                     "0 put one@13=v", "gap after 113"));
}

TEST_F(WatchSmallHistoryTest, MorePastThanTheLimitIsAGap) {
  RecordingSink few, more, bytes;
  Feed(&hub_, {{1, 11}, {1, 12}, {1, 13}, {2, 14}, {3, 15}, {3, 16, "one", Bytes(101, 'x')}});
  ASSERT_TRUE(Watch(&few, {UserTarget(1, 10), UserTarget(2, 10)}).ok());
  EXPECT_THAT(few.told, SizeIs(1 + 4));
  ASSERT_TRUE(Watch(&more, {UserTarget(1, 11), UserTarget(3, 10), UserTarget(2, 10)}).ok());
  EXPECT_THAT(more.told, ElementsAre("start 16", "0 put one@12=v", "0 put one@13=v",
                                     "2 put one@14=v", "gap 1 after 16"));
  ASSERT_TRUE(
      Watch(&bytes, {UserTarget(3, 10), UserTarget(1, 10)}, /*owner=*/1, /*values=*/false).ok());
  EXPECT_THAT(bytes.told,
              ElementsAre("start 16", "0 put one@15?", "0 put one@16?", "gap 1 after 16"));
}

// The committer does the same, however many watch; the group tells them in slices.
TEST_F(WatchGapTest, ManyWatchesCostTheCommitterNothing) {
  constexpr size_t kWatches = 10'000;
  RecordingSink first;
  ASSERT_TRUE(Watch(&first, {UserTarget(1)}, /*owner=*/0).ok());
  Feed(&hub_, {{1, 11}});
  const uint64_t bytes = hub_.Stats().history_bytes;
  RunAll();
  std::vector<RecordingSink> sinks(kWatches - 1);
  for (size_t i = 0; i < sinks.size(); ++i) {
    ASSERT_TRUE(Watch(&sinks[i], {UserTarget(1)}, /*owner=*/i).ok());
  }
  wakes_ = 0;
  Feed(&hub_, {{1, 12}});
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(hub_.Stats().history_bytes, 2 * bytes);
  EXPECT_EQ(hub_.Stats().events, 1u);

  for (const bool gap : {false, true}) {
    if (gap) hub_.OnGap();
    bool more = true;
    for (size_t told = 0; more;) {
      more = group_.Run();
      const WatchStats stats = hub_.Stats();
      const size_t now = gap ? stats.gaps : stats.events - 1;
      ASSERT_LE(now - told, limits::kWatchSliceWork);
      ASSERT_TRUE(now > told || !more);
      told = now;
    }
  }
  EXPECT_EQ(hub_.Stats().events, 1 + kWatches);
  EXPECT_EQ(hub_.Stats().gaps, kWatches);
  for (const RecordingSink& sink : sinks) {
    ASSERT_THAT(sink.told, ElementsAre("start 11", "0 put one@12=v", "gap after 12"));
  }
}

// Slices end anywhere, and watches come and go between them.
TEST_F(WatchSmallHistoryTest, WatchesAreCancelledBetweenSlices) {
  std::vector<RecordingSink> sinks(40);
  for (size_t i = 0; i < sinks.size(); ++i) {
    ASSERT_TRUE(Watch(&sinks[i], {UserTarget(1), UserTarget(2)}, /*owner=*/i).ok());
  }
  Feed(&hub_, {{1, 11}, {2, 12}});
  for (size_t i = 0; i < sinks.size(); i += 2) {
    group_.Run();
    EXPECT_TRUE(group_.Cancel(sinks[i].id));
  }
  RunAll();
  for (size_t i = 1; i < sinks.size(); i += 2) {
    EXPECT_THAT(sinks[i].told, ElementsAre("start 10", "0 put one@11=v", "1 put one@12=v"));
  }
  Feed(&hub_, {{1, 13}});
  group_.Run();  // inside the list of the partition
  for (size_t i = 1; i < sinks.size(); i += 2) EXPECT_TRUE(group_.Cancel(sinks[i].id));
  RecordingSink next;
  ASSERT_TRUE(Watch(&next, {UserTarget(1)}).ok());
  Feed(&hub_, {{1, 14}});
  RunAll();
  EXPECT_THAT(next.told, ElementsAre("start 13", "0 put one@14=v"));
}

}  // namespace
}  // namespace smile::testing
