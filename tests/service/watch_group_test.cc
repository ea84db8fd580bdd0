// Watches of one group: what they are told, in which order, and how they end.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "service/watches/watch_limits.h"
#include "tests/service/watch_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using WatchGroupTest = WatchTest;

TEST_F(WatchGroupTest, TellsTheChangesOfItsPartitionsInTheirOrder) {
  RecordingSink sink;
  ASSERT_TRUE(Watch(&sink, {UserTarget(1), UserTarget(2)}).ok());
  Feed(&hub_, {{1, 11, "one", "a"}, {3, 12}, {2, 13, "two", "b"}, {1, 14, "one", std::nullopt}});
  Feed(&hub_, {{1, 15, "one", ""}});
  EXPECT_THAT(sink.Take(), ElementsAre("start 10"));
  RunAll();
  EXPECT_THAT(sink.Take(),
              ElementsAre("0 put one@11=a", "1 put two@13=b", "0 delete one@14", "0 put one@15="));
}

TEST_F(WatchGroupTest, TellsAsMuchOfAValueAsIsWantedAndKept) {
  RecordingSink with, without;
  ASSERT_TRUE(Watch(&with, {UserTarget(1)}).ok());
  ASSERT_TRUE(Watch(&without, {UserTarget(1)}, /*owner=*/1, /*values=*/false).ok());
  Feed(&hub_, {{1, 11, "largest", Bytes(limits::kMaxWatchValueBytes, 'x')},
               {1, 12, "larger", Bytes(limits::kMaxWatchValueBytes + 1, 'x')}});
  RunAll();
  EXPECT_THAT(with.Take(),
              ElementsAre("start 10", "0 put largest@11=" + Bytes(limits::kMaxWatchValueBytes, 'x'),
                          "0 put larger@12?"));
  EXPECT_THAT(without.Take(), ElementsAre("start 10", "0 put largest@11?", "0 put larger@12?"));
}

// The bytes are those of the history, for all that are told, and as long as the batch is held.
TEST_F(WatchGroupTest, CopiesNothing) {
  class Holder final : public WatchSink {
   public:
    void OnStart(uint64_t, uint64_t) override {}
    SinkAnswer OnEvent(const WatchEvent& event) override {
      value = *event.value;
      batch = event.batch;
      return SinkAnswer::kTaken;
    }
    SinkAnswer OnGap(const WatchGap&) override { return SinkAnswer::kTaken; }
    void OnEnd(const Status&) override {}
    ByteView value;
    std::shared_ptr<const HistoryBatch> batch;
  };
  std::array<Holder, 2> sinks;
  for (Holder& sink : sinks) {
    ASSERT_TRUE(group_.Watch({.values = true, .targets = {UserTarget(1)}}, &sink).ok());
  }
  Feed(&hub_, {{1, 11, "one", "value"}});
  RunAll();
  EXPECT_EQ(sinks[0].value, "value");
  EXPECT_EQ(sinks[0].value.data(), sinks[1].value.data());
  group_.CancelAll(0);
}

// A change that was made before the watch began is not told, although the group looks at it later.
TEST_F(WatchGroupTest, NowIsTheMomentOfTheCall) {
  RecordingSink early, late;
  ASSERT_TRUE(Watch(&early, {UserTarget(1)}).ok());
  Feed(&hub_, {{1, 11}});
  ASSERT_TRUE(Watch(&late, {UserTarget(1)}).ok());
  Feed(&hub_, {{1, 12}});
  RunAll();
  EXPECT_THAT(early.Take(), ElementsAre("start 10", "0 put one@11=v", "0 put one@12=v"));
  EXPECT_THAT(late.Take(), ElementsAre("start 11", "0 put one@12=v"));
}

// Wherever the group is: nothing is missing, and nothing is told twice.
TEST_F(WatchGroupTest, PastAndPresentMeetWithoutASeam) {
  RecordingSink early;
  ASSERT_TRUE(Watch(&early, {UserTarget(1)}).ok());
  for (uint64_t version = 11; version < 30; version += 2) {
    Feed(&hub_, {{1, version}, {2, version + 1}});
  }
  RecordingSink before_run, after_run;
  ASSERT_TRUE(Watch(&before_run, {UserTarget(1, 21), UserTarget(2, 29)}).ok());
  EXPECT_THAT(before_run.told, ElementsAre("start 30", "0 put one@23=v", "0 put one@25=v",
                                           "0 put one@27=v", "0 put one@29=v", "1 put one@30=v"));
  Feed(&hub_, {{1, 31}});
  RunAll();
  ASSERT_TRUE(Watch(&after_run, {UserTarget(1, 29)}).ok());
  Feed(&hub_, {{2, 32}, {1, 33}});
  RunAll();
  before_run.told.erase(before_run.told.begin(), before_run.told.begin() + 6);
  EXPECT_THAT(before_run.told, ElementsAre("0 put one@31=v", "1 put one@32=v", "0 put one@33=v"));
  EXPECT_THAT(after_run.told, ElementsAre("start 31", "0 put one@31=v", "0 put one@33=v"));
  EXPECT_THAT(early.told, SizeIs(1 + 10 + 2));
}

// So one version says what a watch was told.
TEST_F(WatchGroupTest, ThePastIsToldInTheOrderOfItsVersions) {
  RecordingSink sink;
  Feed(&hub_, {{2, 11}, {1, 12}, {2, 13}, {3, 14}, {1, 15}});
  ASSERT_TRUE(Watch(&sink, {UserTarget(1, 10), UserTarget(2, 11), UserTarget(1, 13)}).ok());
  EXPECT_THAT(sink.told, ElementsAre("start 15", "0 put one@12=v", "1 put one@13=v",
                                     "0 put one@15=v", "2 put one@15=v"));
}

TEST_F(WatchGroupTest, KnowsHowFarItIs) {
  RecordingSink sink;
  ASSERT_TRUE(Watch(&sink, {UserTarget(1)}).ok());
  EXPECT_EQ(group_.ToldThrough(), 10u);
  Feed(&hub_, {{1, 11}});
  Feed(&hub_, {{2, 12}});
  EXPECT_LT(group_.ToldThrough(), 11u);
  RunAll();
  EXPECT_EQ(group_.ToldThrough(), 12u);
}

TEST_F(WatchGroupTest, SlowWatchEndsAndOthersGoOn) {
  std::array<RecordingSink, 3> sinks;
  for (RecordingSink& sink : sinks) ASSERT_TRUE(Watch(&sink, {UserTarget(1), UserTarget(2)}).ok());
  sinks[1].hook = [] { return SinkAnswer::kTooSlow; };
  Feed(&hub_, {{1, 11}, {2, 12}});
  RunAll();
  EXPECT_THAT(sinks[1].told, ElementsAre("start 10", "0 put one@11=v", "end overloaded"));
  for (const size_t i : {0, 2}) {
    EXPECT_THAT(sinks[i].told, ElementsAre("start 10", "0 put one@11=v", "1 put one@12=v"));
  }
  EXPECT_EQ(group_.watches(), 2u);
  EXPECT_EQ(hub_.Stats().ended_slow, 1u);
  EXPECT_EQ(hub_.Stats().targets, 4u);
}

TEST_F(WatchGroupTest, SlowWatchEndsWhileItIsToldOfThePast) {
  RecordingSink sink;
  sink.hook = [] { return SinkAnswer::kTooSlow; };
  Feed(&hub_, {{1, 11}, {1, 12}});
  ASSERT_TRUE(Watch(&sink, {UserTarget(1, 10), UserTarget(2)}).ok());
  EXPECT_THAT(sink.Take(), ElementsAre("start 12", "0 put one@11=v", "end overloaded"));
  ASSERT_TRUE(Watch(&sink, {UserTarget(1, 9), UserTarget(2)}).ok());
  EXPECT_THAT(sink.Take(), ElementsAre("start 12", "gap 0 after 12", "end overloaded"));
  EXPECT_EQ(hub_.Stats().watch_bytes, 0u);
}

TEST_F(WatchGroupTest, CancelledWatchIsNotToldAgain) {
  RecordingSink sink;
  ASSERT_TRUE(Watch(&sink, {UserTarget(1)}).ok());
  const uint64_t id = sink.id;
  Feed(&hub_, {{1, 11}});
  EXPECT_TRUE(group_.Cancel(id));
  EXPECT_FALSE(group_.Cancel(id));
  RunAll();
  EXPECT_THAT(sink.told, ElementsAre("start 10"));
}

// Each watch cancels itself, the one before and the one after it; the sinks go with the watches.
TEST_F(WatchGroupTest, WatchesAreCancelledInsideACall) {
  std::array<std::unique_ptr<RecordingSink>, 9> sinks;
  std::vector<size_t> told;
  for (size_t i = 0; i < sinks.size(); ++i) {
    sinks[i] = std::make_unique<RecordingSink>();
    ASSERT_TRUE(Watch(sinks[i].get(), {UserTarget(1), UserTarget(1), UserTarget(2)}).ok());
    sinks[i]->hook = [this, &sinks, &told, i] {
      told.push_back(i);
      for (size_t other = i == 0 ? 0 : i - 1; other <= i + 1 && other < sinks.size(); ++other) {
        if (sinks[other] == nullptr || other == i) continue;
        EXPECT_TRUE(group_.Cancel(sinks[other]->id));
        sinks[other].reset();
      }
      EXPECT_TRUE(group_.Cancel(sinks[i]->id));
      return SinkAnswer::kTooSlow;  // of no effect: the watch is gone
    };
  }
  Feed(&hub_, {{1, 11}, {2, 12}});
  RunAll();
  EXPECT_THAT(told, ElementsAre(0, 2, 4, 6, 8));
  EXPECT_EQ(hub_.Stats().ended_slow, 0u);
  EXPECT_EQ(hub_.Stats().watches, 0u);
}

TEST_F(WatchGroupTest, WatchIsCancelledWhileItStarts) {
  RecordingSink sink, other;
  sink.hook = [&] {
    EXPECT_TRUE(group_.Cancel(sink.id));
    EXPECT_TRUE(Watch(&other, {UserTarget(1, 10)}).ok());
    return SinkAnswer::kTaken;
  };
  Feed(&hub_, {{1, 11}, {1, 12}});
  ASSERT_TRUE(Watch(&sink, {UserTarget(1, 10), UserTarget(2)}).ok());
  Feed(&hub_, {{1, 13}});
  RunAll();
  EXPECT_THAT(sink.told, ElementsAre("start 12", "0 put one@11=v"));
  EXPECT_THAT(other.told,
              ElementsAre("start 12", "0 put one@11=v", "0 put one@12=v", "0 put one@13=v"));
}

// Those that are added are not told of the change that is being told.
TEST_F(WatchGroupTest, WatchIsAddedInsideACall) {
  RecordingSink sink;
  std::vector<std::unique_ptr<RecordingSink>> added;
  sink.hook = [&] {
    added.push_back(std::make_unique<RecordingSink>());
    EXPECT_TRUE(Watch(added.back().get(), {UserTarget(1)}).ok());
    return SinkAnswer::kTaken;
  };
  ASSERT_TRUE(Watch(&sink, {UserTarget(1)}).ok());
  Feed(&hub_, {{1, 11}, {1, 12}});
  RunAll();
  Feed(&hub_, {{1, 13}});
  RunAll();
  ASSERT_THAT(added, SizeIs(3));
  EXPECT_THAT(added[0]->told, ElementsAre("start 12", "0 put one@13=v"));
  EXPECT_THAT(added[2]->told, ElementsAre("start 13"));
}

TEST_F(WatchGroupTest, OwnersWatchesAreCancelledTogether) {
  std::array<RecordingSink, 3> sinks;
  ASSERT_TRUE(Watch(&sinks[0], {UserTarget(1)}, /*owner=*/1).ok());
  ASSERT_TRUE(Watch(&sinks[1], {UserTarget(1)}, /*owner=*/2).ok());
  ASSERT_TRUE(Watch(&sinks[2], {UserTarget(2)}, /*owner=*/1).ok());
  group_.CancelAll(1);
  Feed(&hub_, {{1, 11}, {2, 12}});
  RunAll();
  EXPECT_THAT(sinks[0].told, ElementsAre("start 10"));
  EXPECT_THAT(sinks[1].told, ElementsAre("start 10", "0 put one@11=v"));
  EXPECT_THAT(sinks[2].told, ElementsAre("start 10"));
  group_.EndAll(Status(Code::kShuttingDown, "the server stops"));
  EXPECT_EQ(sinks[1].told.back(), "end shutting_down");
}

TEST_F(WatchGroupTest, IsWokenOnceUntilItRuns) {
  RecordingSink sink;
  Feed(&hub_, {{1, 11}});
  EXPECT_EQ(wakes_, 0) << "nobody watches";
  ASSERT_TRUE(Watch(&sink, {UserTarget(1)}).ok());
  Feed(&hub_, {{1, 12}});
  Feed(&hub_, {{1, 13}});
  EXPECT_EQ(wakes_, 1);
  RunAll();
  Feed(&hub_, {{2, 14}});
  EXPECT_EQ(wakes_, 2);
  ASSERT_TRUE(group_.Cancel(sink.id));
  RunAll();
  Feed(&hub_, {{1, 15}});
  EXPECT_EQ(wakes_, 2);
}

TEST_F(WatchGroupTest, RejectsWhatCannotBeWatched) {
  RecordingSink sink;
  const auto code = [&](std::vector<WatchTarget> targets) {
    return Watch(&sink, std::move(targets)).code();
  };
  EXPECT_EQ(code({}), Code::kInvalid);
  EXPECT_EQ(code(std::vector(limits::kMaxWatchTargets + 1, UserTarget(1))), Code::kTooLarge);
  EXPECT_EQ(code({{.table = Table::kSessions, .partition = Bytes(32, 'x')}}), Code::kInvalid);
  EXPECT_EQ(code({{.table = Table::kUsers, .partition = "short"}}), Code::kInvalid);
  EXPECT_THAT(sink.told, IsEmpty());
  EXPECT_EQ(hub_.Stats().targets, 0u);
  EXPECT_EQ(code(std::vector(limits::kMaxWatchTargets, UserTarget(1))), Code::kOk);
}

TEST_F(WatchGroupTest, OwnerHasALimit) {
  std::vector<RecordingSink> sinks(11);
  const std::vector<WatchTarget> most(limits::kMaxWatchTargets, UserTarget(1));
  for (size_t i = 0; i < 10; ++i) ASSERT_TRUE(Watch(&sinks[i], most).ok());
  EXPECT_EQ(Watch(&sinks[10], {UserTarget(2)}).code(), Code::kTooLarge);
  EXPECT_TRUE(Watch(&sinks[10], {UserTarget(2)}, /*owner=*/2).ok());
  EXPECT_TRUE(group_.Cancel(sinks[3].id));
  EXPECT_TRUE(Watch(&sinks[3], {UserTarget(2)}).ok());
}

class WatchMemoryTest : public WatchTest {
 protected:
  WatchMemoryTest() : WatchTest({.watch_bytes = 4096}) {}
};

TEST_F(WatchMemoryTest, WatchesHaveALimitTogether) {
  std::vector<RecordingSink> sinks(100);
  size_t count = 0;
  Status status;
  for (; status.ok() && count < sinks.size(); ++count) {
    status = Watch(&sinks[count], {UserTarget(count)}, /*owner=*/count);
  }
  EXPECT_EQ(status.code(), Code::kOverloaded);
  EXPECT_GT(count, 2u);
  EXPECT_LE(hub_.Stats().watch_bytes, 4096u);
  EXPECT_TRUE(group_.Cancel(sinks[0].id));
  EXPECT_TRUE(Watch(&sinks[0], {UserTarget(1)}).ok());
}

}  // namespace
}  // namespace smile::testing
