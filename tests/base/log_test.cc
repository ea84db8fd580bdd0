#include "base/log.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smile {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Logger, WritesALineAnEventFromItsThresholdOn) {
  ::testing::internal::CaptureStderr();
  const Logger log(LogLevel::kWarning);
  log.Debug("details");
  log.Info("started");
  log.Warning("careful");
  log.Error("failed with {braces} and 100%");
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr(" warning careful\n"));
  EXPECT_THAT(text, HasSubstr(" error failed with {braces} and 100%\n"));
  EXPECT_THAT(text, Not(HasSubstr("details")));
  EXPECT_THAT(text, Not(HasSubstr("started")));
}

TEST(Logger, OffWritesNothing) {
  ::testing::internal::CaptureStderr();
  Logger(LogLevel::kOff).Error("failed");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace smile
