#include "base/log_limit.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/support/log_file.h"

namespace smile {
namespace {

class LogLimitTest : public ::testing::Test {
 protected:
  // The levels and words of what was logged so far.
  std::string Text() {
    log_.Flush();
    const std::string text = file_.Text();
    std::string words;
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      const size_t begin = text.find(' ', at) + 1;
      words += text.substr(begin, text.find('\n', at) + 1 - begin);
    }
    return words;
  }
  void Write(int times) {
    for (int i = 0; i < times; ++i)
      limit_.Write([this] { return "number " + std::to_string(++made_); });
  }

  const LogFile file_;
  const Logger log_{LogLevel::kInfo, file_.descriptor()};
  ManualClock clock_;
  LogLimit limit_{log_, clock_, LogLevel::kWarning, "rejected connections"};
  int made_ = 0;
};

TEST_F(LogLimitTest, WritesTheFirstLinesThenTheirNumber) {
  Write(40);
  const std::string first =
      "warning number 1\nwarning number 2\nwarning number 3\nwarning number 4\nwarning number 5\n";
  EXPECT_EQ(Text(), first);
  EXPECT_EQ(made_, 5) << "no line is made that is not written";
  clock_.AdvanceMillis(limits::kLogPeriodMillis - 1);
  limit_.Tick();
  EXPECT_EQ(Text(), first);
  clock_.AdvanceMillis(1);
  limit_.Tick();
  limit_.Tick();
  EXPECT_EQ(Text(), first + "warning 35 more rejected connections in the last 10 s\n");
}

TEST_F(LogLimitTest, SuppressedNumberComesBeforeTheNextLine) {
  Write(6);
  clock_.AdvanceMillis(25'000);
  Write(1);
  EXPECT_THAT(Text(), ::testing::EndsWith("warning 1 more rejected connections in the last 25 s\n"
                                          "warning number 6\n"));
}

TEST_F(LogLimitTest, LineBelowTheLevelIsNotFormatted) {
  LogLimit debug(log_, clock_, LogLevel::kDebug, "details");
  debug.Write([]() -> std::string {
    ADD_FAILURE();
    return "";
  });
  EXPECT_EQ(Text(), "");
}

}  // namespace
}  // namespace smile
