// kill -9 under load, repeatedly: no acknowledged write is lost, and every batch is atomic.

#include <filesystem>
#include <iostream>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/crash/crash_load.h"
#include "tests/crash/write_history.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/smiled_process.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kChains = 64;
constexpr int kCycles = 30;
constexpr std::chrono::seconds kPatience{60};

class CrashTest : public ::testing::Test {
 protected:
  const smile::testing::TempDirectory directory_;
  const std::string data_ = directory_.path();
};

TEST_F(CrashTest, NothingAcknowledgedIsLostAndNoBatchIsTorn) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  WriteHistory history(kChains);
  uint64_t acknowledged = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    SmiledProcess smiled(SMILED_PATH, data_);
    RunUntilCrash(smiled.port(), 1 + random() % 2000, kPatience, &history, [&] { smiled.Kill(); });
    acknowledged += history.acknowledged();
    SmiledProcess again(SMILED_PATH, data_);
    ASSERT_THAT(history.Check(ReadStored(again.port(), kChains)), IsEmpty())
        << "after crash " << cycle + 1;
    if (cycle % 2 == 0)
      again.Kill();  // else an orderly end and start lie in between
    else
      ASSERT_EQ(again.Stop(), 0);
  }
  std::cout << kCycles << " crashes, " << acknowledged << " acknowledged writes, none lost\n";
}

// Tests of the harness: it detects violations.

TEST_F(CrashTest, HarnessDetectsALostAcknowledgedWrite) {
  WriteHistory history(kChains);
  SmiledProcess smiled(SMILED_PATH, data_);
  RunUntilCrash(smiled.port(), 500, kPatience, &history, [&] { smiled.Kill(); });
  std::filesystem::remove_all(data_ + "/rocksdb");
  std::filesystem::remove(data_ + "/WATERMARK");
  SmiledProcess empty(SMILED_PATH, data_);
  EXPECT_THAT(history.Check(ReadStored(empty.port(), kChains)), SizeIs(::testing::Gt(kChains / 2)));
}

TEST(WriteHistory, RunWithoutAcknowledgedWritesFails) {
  WriteHistory history(1);
  history.Begin(0);
  EXPECT_THAT(history.Check({{}}), ElementsAre(HasSubstr("nothing was acknowledged")));
}

TEST(WriteHistory, DetectsLostTornAndInventedWrites) {
  const auto after_three_steps = [] {
    WriteHistory history(1);
    for (int i = 0; i < 3; ++i) {
      history.Begin(0);
      history.Acknowledge(0);
    }
    return history;
  };
  EXPECT_THAT(after_three_steps().Check({{.a = 2, .b = 2, .c = 3}}), IsEmpty());
  EXPECT_THAT(after_three_steps().Check({{.a = 2, .b = 2, .c = 1}}), SizeIs(1));
  EXPECT_THAT(after_three_steps().Check({{.a = 2, .b = 2, .c = {}}}), SizeIs(1));
  EXPECT_THAT(after_three_steps().Check({{.a = 2, .b = {}, .c = 3}}), SizeIs(1));
  EXPECT_THAT(after_three_steps().Check({{.a = 2, .b = 2, .c = 5}}), SizeIs(1));
  EXPECT_THAT(after_three_steps().Check({{.a = 4, .b = 4, .c = 3}}), SizeIs(1));
}

TEST(WriteHistory, UnacknowledgedStepMayBeThereOrNot) {
  for (const uint64_t c : {1, 3}) {
    WriteHistory history(1);
    for (int i = 0; i < 2; ++i) {
      history.Begin(0);
      history.Acknowledge(0);
    }
    history.Begin(0);
    EXPECT_THAT(history.Check({{.a = 2, .b = 2, .c = c}}), IsEmpty());
  }
}

}  // namespace
}  // namespace smile
