#include "storage/rocks/error_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log_limit.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

TEST(ErrorListenerTest, CompactionsThatFailWithoutEndAreLoggedAFewTimes) {
  const int file = memfd_create("log", 0);
  const Logger log(LogLevel::kInfo, file);
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
  std::string text(static_cast<size_t>(lseek(file, 0, SEEK_END)), '\0');
  EXPECT_EQ(pread(file, text.data(), text.size(), 0), std::ssize(text));
  EXPECT_THAT(text, HasSubstr("a compaction failed and will be retried: IO error: No space left"));
  EXPECT_EQ(std::ranges::count(text, '\n'), static_cast<std::ptrdiff_t>(limits::kMaxLogBurst));
  close(file);
}

}  // namespace
}  // namespace smile
