#include "server/served_connection.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

// What a ServedConnection did with its transport. The client takes only what `unsent` says it took.
struct Wire {
  TransportEvents* events = nullptr;
  size_t unsent = 0;
  bool takes_nothing = false;
  bool reading = true;
  Bytes sent;
  std::vector<FileRange> files;
  bool closed = false;
  bool aborted = false;
};

class WireTransport final : public Transport {
 public:
  explicit WireTransport(Wire* wire) : wire_(wire) {}

  void Start(TransportEvents* events) override { wire_->events = events; }
  void Send(Bytes bytes) override {
    if (wire_->takes_nothing) wire_->unsent += bytes.size();
    if (!wire_->takes_nothing) wire_->sent += bytes;
  }
  void SendFile(Bytes head, const FileRange& range) override {
    Send(std::move(head));
    wire_->files.push_back(range);
  }
  size_t unsent_bytes() const override { return wire_->unsent; }
  size_t unsent_memory() const override { return wire_->unsent; }
  void PauseReading() override { wire_->reading = false; }
  void ResumeReading() override { wire_->reading = true; }
  void Close() override { wire_->closed = true; }
  void Abort() override { wire_->aborted = true; }
  std::string peer() const override { return "a test"; }

 private:
  Wire* const wire_;
};

class ServedConnectionTest : public SessionTest {
 protected:
  explicit ServedConnectionTest(size_t memory_bytes = size_t{1} << 30)
      : SessionTest(SIZE_MAX, memory_bytes) {
    connection_.Start();
    Arrive(HelloFrame());
    connection_.Flush();
    for (int i = 0; i < 8; ++i) {  // until the reply window is the whole one
      Arrive(FrameOf<op::Ping>(1, {}));
      connection_.Flush();
    }
    wire_.sent.clear();
  }

  void ArriveAtOnce(ByteView bytes) { wire_.events->OnBytes(bytes); }
  // In as many turns as that takes.
  void Arrive(ByteView bytes) {
    while (!bytes.empty()) {
      turn_.Begin();
      const ByteView piece = bytes.substr(0, limits::kReadBufferBytes - 1);
      ArriveAtOnce(piece);
      bytes.remove_prefix(piece.size());
    }
  }
  // Pings of so many bytes together.
  Bytes PingsOf(size_t bytes) {
    Bytes pings;
    const Bytes ping = FrameOf<op::Ping>(2, {.payload = Bytes(limits::kMaxPingBytes - 16, 'p')});
    while (pings.size() < bytes) pings += ping;
    pings.resize(bytes);
    return pings;
  }
  void Seconds(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      clock_.AdvanceMillis(1000);
      connection_.Tick(0);
      connection_.Flush();
    }
  }

  Wire wire_;
  TurnBytes turn_;
  int waits_to_read_ = 0;
  const ServedConnection::Owner owner_{.turn = &turn_,
                                       .has_output = [](ServedConnection*) {},
                                       .has_more = [this](ServedConnection*) { ++waits_to_read_; },
                                       .held_back = [](ServedConnection*) {},
                                       .closed = [](ServedConnection*) {}};
  ServedConnection connection_{std::make_unique<WireTransport>(&wire_), shared_, owner_};
};

constexpr int64_t kStalledSeconds = limits::kStalledOutputTimeoutMillis / 1000;

TEST_F(ServedConnectionTest, ReadingStopsWithinTheTurnWhenRoomRunsOut) {
  engine_.hold = true;
  const Bytes value(limits::kMaxValueBytes, 'v');
  for (uint32_t i = 0; i < 8; ++i) {
    EXPECT_TRUE(wire_.reading);
    Arrive(PutFrame(10 + i, kProfile, value));
    if (i < 7) connection_.Flush();
  }
  EXPECT_FALSE(wire_.reading);
  Release();
  connection_.Flush();
  EXPECT_TRUE(wire_.reading);
}

TEST_F(ServedConnectionTest, ConnectionWithAFullBufferWaitsForItsTurn) {
  const Bytes pings = PingsOf(2 * limits::kReadBufferBytes);
  ArriveAtOnce(ByteView(pings).substr(0, limits::kReadBufferBytes - 1));
  EXPECT_TRUE(wire_.reading);
  ArriveAtOnce(ByteView(pings).substr(limits::kReadBufferBytes - 1, 1));
  EXPECT_TRUE(wire_.reading);
  EXPECT_EQ(waits_to_read_, 0);
  ArriveAtOnce(ByteView(pings).substr(limits::kReadBufferBytes));
  EXPECT_FALSE(wire_.reading);
  EXPECT_EQ(waits_to_read_, 1);
  connection_.Flush();
  EXPECT_FALSE(wire_.reading);
  connection_.ReadOn();
  connection_.Flush();
  EXPECT_TRUE(wire_.reading);
}

TEST_F(ServedConnectionTest, BusyTurnStillReadsALittleFromEachConnection) {
  turn_.Begin();
  EXPECT_EQ(wire_.events->MostBytes(), limits::kReadBufferBytes);
  turn_.CountRead(limits::kTurnReadBytes);  // by others
  EXPECT_EQ(wire_.events->MostBytes(), limits::kSmallTurnBytes);
  const Bytes pings = PingsOf(2 * limits::kSmallTurnBytes);
  ArriveAtOnce(ByteView(pings).substr(0, limits::kSmallTurnBytes - 1));
  EXPECT_TRUE(wire_.reading);
  ArriveAtOnce(ByteView(pings).substr(limits::kSmallTurnBytes - 1, limits::kSmallTurnBytes));
  EXPECT_FALSE(wire_.reading);
  turn_.Begin();
  EXPECT_EQ(wire_.events->MostBytes(), limits::kReadBufferBytes);
}

TEST(TurnBytesTest, LongRepliesWaitInABusyTurnAndShortOnesDoNot) {
  TurnBytes turn;
  EXPECT_TRUE(turn.MaySend(limits::kMaxFrameBytes));
  turn.CountSent(limits::kTurnSendBytes);
  EXPECT_FALSE(turn.MaySend(limits::kSmallTurnBytes + 1));
  EXPECT_TRUE(turn.MaySend(limits::kSmallTurnBytes));
  turn.Begin();
  EXPECT_TRUE(turn.MaySend(limits::kMaxFrameBytes));
}

TEST_F(ServedConnectionTest, ClientThatReceivesNothingIsDropped) {
  Seconds(2 * kStalledSeconds);
  wire_.takes_nothing = true;
  Arrive(FrameOf<op::Ping>(2, {.payload = "x"}));
  connection_.Flush();
  Seconds(kStalledSeconds - 1);
  EXPECT_FALSE(wire_.aborted);
  Seconds(1);
  EXPECT_TRUE(wire_.aborted);
}

TEST_F(ServedConnectionTest, SlowReceiverIsNotDropped) {
  Arrive(PutFrame(2, kProfile, Bytes(limits::kMaxValueBytes, 'v')));
  RunPosted();
  connection_.Flush();
  wire_.takes_nothing = true;
  Arrive(GetFrame(3, kProfile));
  connection_.Flush();
  ASSERT_GT(wire_.unsent, limits::kMaxValueBytes);
  for (int64_t i = 0; i < 3; ++i) {
    wire_.unsent -= 1000;  // the transport tells only of a whole write that has gone out
    Seconds(kStalledSeconds - 1);
    EXPECT_FALSE(wire_.aborted);
  }
  Seconds(2);
  EXPECT_TRUE(wire_.aborted);
}

// --- While memory is short ---

class ShortMemoryTest : public ServedConnectionTest {
 protected:
  ShortMemoryTest() : ServedConnectionTest(limits::kLeastConnectionMemoryBytes) { wire_.sent = {}; }
  ~ShortMemoryTest() override { budget_.Give(others_); }

  // Others take all but so much.
  void OthersLeave(size_t bytes) {
    const size_t more = budget_.limit() - bytes - budget_.used();
    budget_.Take(more);
    others_ += more;
  }
  void BeginFrameOf(size_t bytes) {
    Bytes frame = PutFrame(2, kProfile, Bytes(bytes, 'v'));
    Arrive(ByteView(frame).substr(0, bytes));
    connection_.Flush();
  }
  static constexpr int64_t kGraceSeconds = limits::kShortMemoryGraceMillis / 1000;

 private:
  size_t others_ = 0;
};

TEST_F(ShortMemoryTest, StalledFrameIsClosedWithAMessage) {
  BeginFrameOf(200'000);
  OthersLeave(500'000);
  Seconds(kGraceSeconds - 1);
  EXPECT_FALSE(connection_.keeps_memory());
  Seconds(1);
  ASSERT_TRUE(connection_.keeps_memory());
  connection_.CloseForMemory();
  connection_.Flush();
  EXPECT_TRUE(wire_.closed);
  EXPECT_LT(connection_.held_memory(), 4096u);
  const std::vector<ReceivedReply> replies = ParseReplies(wire_.sent);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].id, 0u);
  EXPECT_EQ(replies[0].code, Code::kOverloaded);
  EXPECT_GT(replies[0].Error().retry_after_ms, 0u);
}

TEST_F(ShortMemoryTest, SmallIncompleteFrameIsNotClosed) {
  BeginFrameOf(2'000);
  OthersLeave(500'000);
  Seconds(2 * kGraceSeconds);
  EXPECT_FALSE(connection_.keeps_memory());
  EXPECT_TRUE(wire_.reading);
}

TEST_F(ShortMemoryTest, ConnectionThatWaitsForTheServerIsNotClosed) {
  engine_.hold = true;
  Arrive(PutFrame(2, kProfile, Bytes(200'000, 'v')));
  BeginFrameOf(100'000);
  OthersLeave(500'000);
  Seconds(2 * kGraceSeconds);
  EXPECT_FALSE(connection_.keeps_memory());
}

TEST_F(ShortMemoryTest, StalledReceiverIsClosed) {
  Arrive(PutFrame(2, kProfile, Bytes(500'000, 'v')));
  RunPosted();
  connection_.Flush();
  wire_.takes_nothing = true;
  Arrive(GetFrame(3, kProfile));
  connection_.Flush();
  OthersLeave(500'000);
  for (int64_t i = 0; i < 2 * kGraceSeconds; ++i) {
    wire_.unsent -= 60'000;
    Seconds(1);
    EXPECT_FALSE(connection_.keeps_memory());
  }
  wire_.unsent -= 1'000;
  Seconds(1);
  ASSERT_TRUE(connection_.keeps_memory());
  connection_.CloseForMemory();
  EXPECT_TRUE(wire_.aborted) << "a message could not be sent";
}

TEST_F(ShortMemoryTest, ReadingStopsAtOnceWhenMemoryRunsShort) {
  Arrive(ByteView(PutFrame(2, kProfile, Bytes(900'000, 'v'))).substr(0, 100'000));
  ASSERT_TRUE(wire_.reading);
  OthersLeave(0);
  const size_t held = connection_.held_memory();
  while (const size_t most = wire_.events->MostBytes()) {
    turn_.Begin();
    ArriveAtOnce(Bytes(most, 'h'));
    ASSERT_EQ(connection_.held_memory(), held) << "its buffer had room for these";
  }
  wire_.events->OnNoRoom();
  EXPECT_FALSE(wire_.reading);
  connection_.Flush();
  EXPECT_FALSE(wire_.reading);
}

TEST_F(ShortMemoryTest, ReadingResumesWhenMemoryIsReleased) {
  engine_.hold = true;
  Arrive(PutFrame(2, kProfile, Bytes(200'000, 'v')));
  OthersLeave(300'000);
  connection_.Flush();
  EXPECT_FALSE(wire_.reading);
  EXPECT_FALSE(connection_.GoOn());
  budget_.Give(10'000'000);
  EXPECT_TRUE(connection_.GoOn());
  connection_.Flush();
  EXPECT_FALSE(wire_.reading) << "others may be able to go on as well: it waits for its turn";
  EXPECT_EQ(waits_to_read_, 1);
  connection_.ReadOn();
  connection_.Flush();
  EXPECT_TRUE(wire_.reading);
  budget_.Take(10'000'000);
}

// The worker's Tick() flushes all connections in one turn.
TEST_F(ShortMemoryTest, FlushResumesReadingInTurn) {
  engine_.hold = true;
  Arrive(PutFrame(2, kProfile, Bytes(200'000, 'v')));
  OthersLeave(300'000);
  connection_.Flush();
  budget_.Give(10'000'000);
  connection_.Tick(0);
  connection_.Flush();
  EXPECT_FALSE(wire_.reading);
  EXPECT_EQ(waits_to_read_, 1);
  connection_.ReadOn();
  connection_.Flush();
  EXPECT_TRUE(wire_.reading);
  budget_.Take(10'000'000);
}

}  // namespace
}  // namespace smile
