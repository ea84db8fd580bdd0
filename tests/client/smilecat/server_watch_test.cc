#include "client/smilecat/server_watch.h"

#include <gtest/gtest.h>

namespace smile::cat {
namespace {

class ServerWatchTest : public ::testing::Test {
 protected:
  ManualClock clock_;
  ServerWatch watch_{&clock_};
};

TEST_F(ServerWatchTest, LossIsReportedUntilTheServerAnswers) {
  watch_.OnTap(TapEvent::kConnected);
  watch_.OnTap(TapEvent::kReceived);
  clock_.AdvanceMillis(60'000);
  EXPECT_EQ(watch_.Trouble(false), "");
  watch_.OnTap(TapEvent::kDisconnected);
  clock_.AdvanceMillis(7'000);
  watch_.OnTap(TapEvent::kConnected);
  watch_.OnTap(TapEvent::kSent);
  watch_.OnTap(TapEvent::kDisconnected);
  clock_.AdvanceMillis(5'999);
  EXPECT_EQ(watch_.Trouble(false), "reconnecting, 12 s") << "a server that hangs up is not there";
  watch_.OnTap(TapEvent::kConnected);
  watch_.OnTap(TapEvent::kReceived);
  EXPECT_EQ(watch_.Trouble(true), "");
}

TEST_F(ServerWatchTest, StallCountsFromTheRequestWhileWaiting) {
  watch_.OnTap(TapEvent::kReceived);
  clock_.AdvanceMillis(60'000);
  watch_.OnTap(TapEvent::kSent);
  clock_.AdvanceMillis(2'000);
  EXPECT_EQ(watch_.Trouble(true), "");
  watch_.OnTap(TapEvent::kSent);
  clock_.AdvanceMillis(2'000);
  EXPECT_EQ(watch_.Trouble(true), "no answer for 4 s");
  EXPECT_EQ(watch_.Trouble(false), "");
}

}  // namespace
}  // namespace smile::cat
