#include "server/served_connection.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

const Key kProfile = UserKey(42, "profile");

// What a ServedConnection did with its transport. The client takes only what `unsent` says it took.
struct Wire {
  TransportEvents* events = nullptr;
  size_t unsent = 0;
  bool takes_nothing = false;
  bool reading = true;
  bool closed = false;
  bool aborted = false;
};

class WireTransport final : public Transport {
 public:
  explicit WireTransport(Wire* wire) : wire_(wire) {}

  void Start(TransportEvents* events) override { wire_->events = events; }
  void Send(Bytes bytes) override {
    if (wire_->takes_nothing) wire_->unsent += bytes.size();
  }
  size_t unsent_bytes() const override { return wire_->unsent; }
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
  ServedConnectionTest() {
    connection_.Start();
    Arrive(HelloFrame());
    connection_.Flush();
  }

  void Arrive(ByteView bytes) { wire_.events->OnBytes(bytes); }
  void Seconds(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      clock_.AdvanceMillis(1000);
      connection_.Tick(0);
      connection_.Flush();
    }
  }

  Wire wire_;
  const ServedConnection::Owner owner_{.has_output = [](ServedConnection*) {},
                                       .closed = [](ServedConnection*) {}};
  ServedConnection connection_{std::make_unique<WireTransport>(&wire_), shared_, owner_};
};

constexpr int64_t kStalledSeconds = limits::kStalledOutputTimeoutMillis / 1000;

TEST_F(ServedConnectionTest, ReadsNoMoreOnceThereIsNoRoomAndNotOnlyWhenTheTurnEnds) {
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

TEST_F(ServedConnectionTest, AFullBufferIsTheLastThatATurnTakesFromOneConnection) {
  Bytes pings;
  const Bytes ping = FrameOf<op::Ping>(2, {.payload = Bytes(limits::kMaxPingBytes - 16, 'p')});
  while (pings.size() < limits::kReadBufferBytes) pings += ping;
  Arrive(ByteView(pings).substr(0, limits::kReadBufferBytes - 1));
  EXPECT_TRUE(wire_.reading);
  Arrive(ByteView(pings).substr(limits::kReadBufferBytes - 1));
  EXPECT_TRUE(wire_.reading);
  Arrive(ByteView(pings).substr(0, limits::kReadBufferBytes));
  EXPECT_FALSE(wire_.reading);
  connection_.Flush();
  EXPECT_TRUE(wire_.reading);
}

TEST_F(ServedConnectionTest, AClientThatTakesNothingIsGivenUp) {
  Seconds(2 * kStalledSeconds);
  wire_.takes_nothing = true;
  Arrive(FrameOf<op::Ping>(2, {.payload = "x"}));
  connection_.Flush();
  Seconds(kStalledSeconds - 1);
  EXPECT_FALSE(wire_.aborted);
  Seconds(1);
  EXPECT_TRUE(wire_.aborted);
}

TEST_F(ServedConnectionTest, AClientThatTakesALongAnswerSlowlyIsNotGivenUp) {
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

}  // namespace
}  // namespace smile
