#include "storage/rocks/rocks_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace smile {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What RocksDB warns of when an event loop looks for a record whose block needs a dictionary.
TEST(RocksLogTest, WhatIsNotInMemoryIsNoWarning) {
  const int file = memfd_create("log", 0);
  const Logger log(LogLevel::kInfo, file);
  const ManualClock clock;
  const auto rocks_log = MakeRocksLog(&clock, &log);
  rocksdb::Warn(rocks_log, "Encountered error while reading data from a dictionary: %s",
                rocksdb::Status::Incomplete("no blocking io").ToString().c_str());
  rocksdb::Warn(rocks_log, "Encountered error while reading data from a dictionary: %s",
                rocksdb::Status::Corruption("block checksum mismatch").ToString().c_str());
  log.Flush();
  std::string text(static_cast<size_t>(lseek(file, 0, SEEK_END)), '\0');
  EXPECT_EQ(pread(file, text.data(), text.size(), 0), std::ssize(text));
  EXPECT_THAT(text, Not(HasSubstr("blocking")));
  EXPECT_THAT(text, HasSubstr("block checksum mismatch"));
  close(file);
}

}  // namespace
}  // namespace smile
