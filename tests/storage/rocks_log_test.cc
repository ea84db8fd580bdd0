#include "storage/rocks/rocks_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/log_file.h"

namespace smile {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What RocksDB warns of when an event loop looks for a record whose block needs a dictionary.
TEST(RocksLogTest, WhatIsNotInMemoryIsNoWarning) {
  const LogFile file;
  const Logger log(LogLevel::kInfo, file.descriptor());
  const ManualClock clock;
  const auto rocks_log = MakeRocksLog(&clock, &log);
  rocksdb::Warn(rocks_log, "Encountered error while reading data from a dictionary: %s",
                rocksdb::Status::Incomplete("no blocking io").ToString().c_str());
  rocksdb::Warn(rocks_log, "Encountered error while reading data from a dictionary: %s",
                rocksdb::Status::Corruption("block checksum mismatch").ToString().c_str());
  log.Flush();
  const std::string text = file.Text();
  EXPECT_THAT(text, Not(HasSubstr("blocking")));
  EXPECT_THAT(text, HasSubstr("block checksum mismatch"));
}

}  // namespace
}  // namespace smile
