#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/support/log_file.h"

namespace smile {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class FullPipe {
 public:
  FullPipe() {
    EXPECT_EQ(pipe2(ends_, O_NONBLOCK), 0);
    const std::string filling(4096, '.');
    while (write(ends_[1], filling.data(), filling.size()) > 0) filled_ += filling.size();
    // What a process inherits is a descriptor that blocks.
    EXPECT_EQ(fcntl(ends_[1], F_SETFL, 0), 0);
    EXPECT_EQ(fcntl(ends_[0], F_SETFL, 0), 0);
  }
  ~FullPipe() {
    close(ends_[0]);
    CloseWriteEnd();
  }
  FullPipe(const FullPipe&) = delete;
  FullPipe& operator=(const FullPipe&) = delete;

  int write_end() const { return ends_[1]; }
  void CloseWriteEnd() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  // After what it was filled with, up to and including `last`, or to the end. Gives up after 20
  // seconds without a byte, so that a missing text is a failure and not a hang.
  std::string ReadUntil(std::string_view last) {
    std::string text;
    char piece[4096];
    while (last.empty() || text.find(last) == std::string::npos) {
      pollfd ready{.fd = ends_[0], .events = POLLIN};
      if (poll(&ready, 1, 20'000) <= 0) {
        ADD_FAILURE() << "not in the log: " << last;
        break;
      }
      const ssize_t size = read(ends_[0], piece, sizeof(piece));
      if (size <= 0) break;
      text.append(piece, static_cast<size_t>(size));
    }
    return text.substr(std::exchange(filled_, 0));
  }

 private:
  int ends_[2] = {-1, -1};
  size_t filled_ = 0;
};

TEST(Logger, WritesOneLinePerEventFromItsLevelOn) {
  const LogFile file;
  {
    const Logger log(LogLevel::kWarning, file.descriptor());
    log.Debug("details");
    log.Info("started");
    log.Warning("careful");
    log.Error("failed with {braces} and 100%");
  }
  const std::string text = file.Text();
  EXPECT_THAT(text, HasSubstr(" warning careful\n"));
  EXPECT_THAT(text, HasSubstr(" error failed with {braces} and 100%\n"));
  EXPECT_THAT(text, Not(HasSubstr("details")));
  EXPECT_THAT(text, Not(HasSubstr("started")));
}

TEST(Logger, OffWritesNothing) {
  const LogFile file;
  Logger(LogLevel::kOff, file.descriptor()).Error("failed");
  EXPECT_EQ(file.Text(), "");
}

TEST(Logger, TimesAreInUtcWithTheirZone) {
  const LogFile file;
  setenv("TZ", "Asia/Tokyo", 1);
  tzset();
  Logger(LogLevel::kInfo, file.descriptor()).Info("x");
  unsetenv("TZ");
  tzset();
  const std::string line = file.Text();
  EXPECT_THAT(line, MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z info x\n"));
  std::tm told{};
  ASSERT_NE(strptime(line.c_str(), "%Y-%m-%dT%H:%M:%S", &told), nullptr);
  EXPECT_LT(std::abs(std::difftime(timegm(&told), std::time(nullptr))), 600) << line;
}

TEST(Logger, EventIsAlwaysOneLine) {
  const LogFile file;
  Logger(LogLevel::kInfo, file.descriptor()).Info("a\n2026 error b\x1b[2J\xff Zoë\xc2\x9b");
  EXPECT_THAT(file.Text(), EndsWith(" info a\\x0a2026 error b\\x1b[2J\\xff Zoë\\xc2\\x9b\n"));
}

TEST(Logger, LongLineIsTruncated) {
  const LogFile file;
  Logger(LogLevel::kInfo, file.descriptor()).Info(std::string(100'000, '\n'));
  EXPECT_EQ(file.Text().size(), limits::kMaxLogLineBytes);
  EXPECT_THAT(file.Text(), EndsWith("…\n"));
}

TEST(Logger, NeverWaitsForAReaderAndCountsLostLines) {
  FullPipe pipe;
  std::string text;
  {
    const Logger log(LogLevel::kInfo, pipe.write_end());
    const std::string line(1000, 'x');
    for (int i = 0; i < 10'000; ++i) log.Info(line);
    text = pipe.ReadUntil("were dropped");
    log.Info("read again");
  }
  pipe.CloseWriteEnd();
  text += pipe.ReadUntil("");
  int whole = 0;
  int lost = 0;
  for (size_t at = 0; at < text.size();) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    if (line.ends_with(std::string(1000, 'x'))) ++whole;
    const size_t words = line.find(" lines of this log were dropped");
    if (words == std::string::npos) continue;
    EXPECT_EQ(lost, 0) << "told once";
    lost = std::stoi(line.substr(line.rfind(' ', words - 1) + 1));
  }
  EXPECT_GT(whole, 100);
  EXPECT_EQ(whole + lost, 10'000);
  EXPECT_THAT(text, HasSubstr(" info read again\n"));
}

TEST(Logger, EndsWithoutAReader) {
  FullPipe pipe;
  Logger(LogLevel::kInfo, pipe.write_end()).Info("x");
}

TEST(Logger, LeavesTheDescriptorBlocking) {
  FullPipe pipe;
  const Logger log(LogLevel::kInfo, pipe.write_end());
  log.Info("x");
  EXPECT_THAT(pipe.ReadUntil("\n"), EndsWith(" info x\n"));
  EXPECT_EQ(fcntl(pipe.write_end(), F_GETFL) & O_NONBLOCK, 0);
}

// As on a full disk: a line cannot be written, or only its beginning.
TEST(Logger, ReportsLinesThatCouldNotBeWritten) {
  const LogFile file;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  {
    const Logger log(LogLevel::kInfo, file.descriptor());
    const rlimit small{.rlim_cur = 50, .rlim_max = before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    log.Info("the first, of which not all can be written");
    log.Info("the second");
    while (file.Text().size() < 50) std::this_thread::yield();
    log.Flush();
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    log.Info("the third");
  }
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(file.Text(), HasSubstr(" info the third\n")) << file.Text();
  EXPECT_THAT(file.Text(), HasSubstr(" warning 2 lines of this log were dropped")) << file.Text();
  EXPECT_THAT(file.Text(), Not(HasSubstr("second")));
}

TEST(Logger, ClosedReaderIsHarmless) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  close(ends[0]);
  auto* const handler = std::signal(SIGPIPE, SIG_IGN);
  {
    const Logger log(LogLevel::kInfo, ends[1]);
    for (int i = 0; i < 100; ++i) log.Info("x");
  }
  std::signal(SIGPIPE, handler);
  close(ends[1]);
}

}  // namespace
}  // namespace smile
