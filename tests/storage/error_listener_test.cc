#include "storage/rocks/error_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log_limit.h"
#include "tests/support/log_file.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

TEST(ErrorListenerTest, CompactionsThatFailWithoutEndAreLoggedAFewTimes) {
  const LogFile file;
  const Logger log(LogLevel::kInfo, file.descriptor());
  const ManualClock clock;
  LogLimit limit(log, clock, LogLevel::kWarning, "compactions that failed");
  int without_room = 0;
  ErrorListener listener(&log, &limit,
                         {.stopped = [](const rocksdb::Status&) { ADD_FAILURE(); },
                          .compaction_lacks_room = [&] { ++without_room; }});
  for (int i = 0; i < 100; ++i) {
    rocksdb::Status error(rocksdb::Status::NoSpace(), rocksdb::Status::kSoftError);
    listener.OnBackgroundError(rocksdb::BackgroundErrorReason::kCompaction, &error);
    EXPECT_TRUE(error.ok());
  }
  EXPECT_EQ(without_room, 100);
  log.Flush();
  const std::string text = file.Text();
  EXPECT_THAT(text, HasSubstr("a compaction failed and will be retried: IO error: No space left"));
  EXPECT_EQ(std::ranges::count(text, '\n'), static_cast<std::ptrdiff_t>(limits::kMaxLogBurst));
}

}  // namespace
}  // namespace smile
