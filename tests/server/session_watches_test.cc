// WATCH and CANCEL on one connection.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "model/path.h"
#include "service/watches/watch_limits.h"
#include "tests/server/session_fixture.h"
#include "tests/storage/blocking_engine.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A message of a watch as a short text: "7 started 3+", with a '+' if others follow.
std::string TextOf(const ReceivedReply& reply) {
  const std::string end = reply.more ? "+" : "";
  if (reply.code != Code::kOk) {
    return fmt::format("{} {}{}", reply.id, InfoOf(reply.code).name, end);
  }
  const auto message = reply.As<op::Watch>();
  std::string text = fmt::format("{} {} {}", reply.id, NameOf(message.event), message.version);
  if (message.key.has_value()) text += " " + FormatKey(*message.key);
  if (message.gap.has_value()) text += " " + FormatPartition(*message.gap);
  if (message.with_value) text += fmt::format("={}", message.value);
  EXPECT_EQ(message.checksum, Hash64(message.value));
  return text + end;
}

class SessionWatchesTest : public SessionTest {
 protected:
  SessionWatchesTest() {
    services_.watches.StartFrom(engine_.Observe(&services_.watches));
    Greet();
  }
  ~SessionWatchesTest() override { session_ = nullptr; }

  static Bytes WatchFrame(uint32_t id, const std::vector<Key>& keys, bool values = false,
                          uint64_t after = 0) {
    op::Watch::Request request{.values = values, .after = after};
    for (const Key& key : keys) request.partitions.push_back(key.view().partition_view());
    return FrameOf<op::Watch>(id, request);
  }
  static Bytes CancelFrame(uint32_t id, uint32_t request) {
    return FrameOf<op::Cancel>(id, {.id = request});
  }
  bool Cancel(uint32_t id, uint32_t request) {
    return Ask(CancelFrame(id, request)).As<op::Cancel>().cancelled;
  }
  // Writes on another connection. Returns the version.
  uint64_t Put(const Key& key, ByteView value) {
    uint64_t version = 0;
    WriteRequest write(key.view().partition_view(), {testing::PutOf(key.sort, value)},
                       /*deadline_nanos=*/0);
    engine_.Write(std::move(write), [&](const WriteReply& reply) {
      EXPECT_TRUE(reply.status.ok());
      version = reply.versions.at(0);
    });
    return version;
  }
  std::vector<std::string> Told() {
    while (watches_.Run()) {
    }
    std::vector<std::string> told;
    for (const ReceivedReply& reply : Replies()) told.push_back(TextOf(reply));
    return told;
  }

  const Key one_ = UserKey(1, "theme");
  const Key two_ = UserKey(2, "theme");
};

TEST_F(SessionWatchesTest, SendsEachChangeUntilItIsCancelled) {
  const uint64_t before = Put(one_, "old");
  Send(WatchFrame(7, {one_, two_}, /*values=*/true));
  EXPECT_THAT(Told(), ElementsAre(fmt::format("7 started {}+", before)));
  const uint64_t first = Put(one_, "blue");
  Put(UserKey(3, "theme"), "x");
  Ask(FrameOf<op::Delete>(8, {.key = two_.view()}));
  EXPECT_THAT(Told(), ElementsAre(fmt::format("7 put {} users/1/theme=blue+", first),
                                  fmt::format("7 delete {} users/2/theme+", first + 2)));
  Send(CancelFrame(9, 7));
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_THAT(replies, SizeIs(2));
  EXPECT_EQ(TextOf(replies[0]), fmt::format("7 ended {}", first + 2));
  EXPECT_EQ(replies[1].id, 9u);
  EXPECT_TRUE(replies[1].As<op::Cancel>().cancelled);
  Put(one_, "green");
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(services_.watches.Stats().watches, 0u);
}

TEST_F(SessionWatchesTest, GoesOnAfterAVersion) {
  Send(WatchFrame(7, {two_}));  // so that there is a history
  Replies();
  const uint64_t first = Put(one_, "a"), second = Put(one_, "b");
  Send(WatchFrame(8, {one_}, /*values=*/false, first));
  EXPECT_THAT(Told(), ElementsAre(fmt::format("8 started {}+", first),
                                  fmt::format("8 put {} users/1/theme+", second)));
  Send(WatchFrame(9, {one_, two_}, /*values=*/false, second + 100));
  EXPECT_THAT(Told(),
              ElementsAre(fmt::format("9 started {}+", second), fmt::format("9 gap {}+", second)));
}

// Between these the client may ask for anything else, but not with the id of the watch.
TEST_F(SessionWatchesTest, TheIdIsInUseAndTheRequestIsNotInFlight) {
  Send(WatchFrame(7, {one_}));
  Replies();
  const ReceivedReply again = Ask(GetFrame(7, one_));
  EXPECT_EQ(again.code, Code::kInvalid);
  EXPECT_THAT(again.Error().message, HasSubstr("id 7 is in use"));
  EXPECT_EQ(Ask(WatchFrame(7, {two_})).code, Code::kInvalid);
  EXPECT_EQ(Ask(CancelFrame(7, 7)).code, Code::kInvalid);
  EXPECT_EQ(session_->requests_in_flight(), 0u);
  EXPECT_EQ(Ask(PutFrame(8, two_, "v")).code, Code::kOk);
}

TEST_F(SessionWatchesTest, RejectsWhatCannotBeWatched) {
  EXPECT_EQ(Ask(WatchFrame(1, {})).code, Code::kInvalid);
  EXPECT_EQ(Ask(WatchFrame(1, std::vector(limits::kMaxWatchTargets + 1, one_))).code,
            Code::kTooLarge);
  const ReceivedReply login = Ask(WatchFrame(1, {LoginKey("ada")}));
  EXPECT_EQ(login.code, Code::kInvalid);
  EXPECT_FALSE(login.more);
  EXPECT_THAT(login.Error().message, HasSubstr("logins cannot be watched"));
  for (uint32_t id = 1; id <= 10; ++id) {
    Send(WatchFrame(id, std::vector(limits::kMaxWatchTargets, one_)));
  }
  EXPECT_THAT(Told(), SizeIs(10));
  EXPECT_EQ(Ask(WatchFrame(11, {one_})).code, Code::kTooLarge);
  EXPECT_TRUE([&] {
    Send(CancelFrame(12, 3));
    return Replies().size() == 2;
  }());
  EXPECT_EQ(Ask(WatchFrame(11, {one_})).code, Code::kOk);
}

TEST_F(SessionWatchesTest, ValueThatFitsIntoNoFrameHasToBeRead) {
  Reconnect();
  Send(FrameOf<op::Hello>(1, {.max_frame_bytes = limits::kLeastReplyFrameBytes}));
  Replies();
  Send(WatchFrame(7, {one_}, /*values=*/true));
  Replies();
  const uint64_t version = Put(one_, Bytes(limits::kLeastReplyFrameBytes, 'x'));
  EXPECT_THAT(Told(), ElementsAre(fmt::format("7 put {} users/1/theme+", version)));
}

TEST_F(SessionWatchesTest, WatchThatIsNotReadEndsAndTheConnectionGoesOn) {
  Send(WatchFrame(7, {one_}, /*values=*/true));
  Send(WatchFrame(8, {two_}));
  const Bytes value(limits::kMaxWatchValueBytes, 'x');
  size_t count = 0;
  while (services_.watches.Stats().ended_slow == 0) {
    ASSERT_LT(count * value.size(), 2 * limits::kMaxWatchOutputBytes);
    Put(one_, value);
    watches_.Run();
    ++count;
  }
  EXPECT_GE(count * value.size(), limits::kMaxWatchOutputBytes);
  std::vector<std::string> told = Told();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), "7 overloaded");
  const uint64_t version = Put(two_, "v");
  EXPECT_THAT(Told(), ElementsAre(fmt::format("8 put {} users/2/theme+", version)));
  EXPECT_EQ(Ask(PutFrame(7, one_, "v")).code, Code::kOk) << "the id is free again";
}

TEST_F(SessionWatchesTest, SaysHowFarItIsWhenNothingHappens) {
  Send(WatchFrame(7, {one_}));
  Replies();
  const uint64_t version = Put(two_, "v");
  clock_.AdvanceMillis(limits::kWatchProgressMillis - 1);
  session_->Tick(/*idle_millis=*/1);
  EXPECT_THAT(Told(), IsEmpty());
  clock_.AdvanceMillis(1);
  session_->Tick(/*idle_millis=*/1);
  EXPECT_THAT(Told(), ElementsAre(fmt::format("7 progress {}+", version)));
  session_->Tick(/*idle_millis=*/1);
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_FALSE(session_->finished()) << "a connection with a watch is not idle";
}

TEST_F(SessionWatchesTest, DrainEndsItWithAnError) {
  Send(WatchFrame(7, {one_}));
  Replies();
  session_->Drain();
  EXPECT_THAT(Told(), ElementsAre("7 shutting_down"));
  EXPECT_TRUE(session_->finished());
}

TEST_F(SessionWatchesTest, EndOfInputEndsIt) {
  Send(WatchFrame(7, {one_}));
  Replies();
  session_->EndOfInput();
  const std::vector<std::string> told = Told();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0], HasSubstr("7 ended"));
  EXPECT_TRUE(session_->finished());
  Put(one_, "v");
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(SessionWatchesTest, ConnectionThatEndsWatchesNoMore) {
  Send(WatchFrame(7, {one_}));
  session_ = nullptr;
  EXPECT_EQ(services_.watches.Stats().watches, 0u);
  Reconnect();
  Greet();
  Send(WatchFrame(7, {one_}));
  Replies();
  Send("garbage that is no frame");
  EXPECT_EQ(services_.watches.Stats().watches, 0u);
}

// --- CANCEL of other requests
// ---------------------------------------------------------------------

TEST_F(SessionWatchesTest, ReadIsCancelled) {
  Put(one_, "v");
  engine_.hold = true;
  Send(GetFrame(5, one_));
  EXPECT_TRUE(Cancel(6, 5));
  EXPECT_EQ(engine_.caller->state(), Caller::State::kGone) << "a long read ends early";
  Release();
  const std::vector<ReceivedReply> replies = Replies();
  ASSERT_THAT(replies, SizeIs(1));
  EXPECT_EQ(replies[0].id, 5u);
  EXPECT_EQ(replies[0].code, Code::kCancelled);
  // Others of the connection go on.
  Send(GetFrame(7, one_));
  EXPECT_EQ(engine_.caller->state(), Caller::State::kWaiting);
  Release();
  EXPECT_EQ(Replies().at(0).code, Code::kOk);
}

TEST_F(SessionWatchesTest, WriteIsCancelledBeforeItBegins) {
  engine_.hold = true;
  Send(PutFrame(5, one_, "a"));
  Send(GetFrame(6, one_));
  Send(PutFrame(7, one_, "b"));
  EXPECT_FALSE(Cancel(8, 5)) << "it has begun";
  EXPECT_TRUE(Cancel(8, 7));
  engine_.hold = false;
  while (engine_.held() > 0) Release();
  std::vector<std::pair<uint32_t, Code>> ends;
  for (const ReceivedReply& reply : Replies()) ends.emplace_back(reply.id, reply.code);
  EXPECT_THAT(ends, ElementsAre(std::pair(5u, Code::kOk), std::pair(6u, Code::kOk),
                                std::pair(7u, Code::kCancelled)));
  EXPECT_EQ(Ask(GetFrame(9, one_)).As<op::Get>().record.value, "a");
}

TEST_F(SessionWatchesTest, NothingToCancelIsNoError) {
  EXPECT_FALSE(Cancel(5, 4));
  EXPECT_FALSE(Cancel(5, 5));
}

}  // namespace
}  // namespace smile
