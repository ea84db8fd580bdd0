// Opening a directory whose write-ahead log was harmed: nothing acknowledged is lost silently.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "storage/rocks/log_files.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uint64_t kRecords = 200;

// Copies a directory that a running engine serves, when its watermark has covered all writes: what
// a kill -9 would leave. Each test then harms the copy's log.
class RocksRecoveryTest : public RocksTest {
 protected:
  void SetUp() override {
    Open();
    for (uint64_t i = 0; i < kRecords; ++i) {
      ASSERT_TRUE(engine().Put(UserKey(i, "a"), std::to_string(i)).status.ok());
    }
    WriteMore();
    const std::string copy = around_.directory / "copy";
    // The watermark is written about once a second.
    while (Watermark() < kRecords) std::this_thread::yield();
    fs::copy(options_.directory, copy, fs::copy_options::recursive);
    Close();
    options_.directory = copy;
  }

  virtual void WriteMore() {}

  uint64_t Watermark() const {
    uint64_t sequence = 0;
    std::ifstream(options_.directory + "/WATERMARK") >> sequence;
    return sequence;
  }

  // The oldest one.
  fs::path Log() const {
    std::set<fs::path> logs;
    for (const auto& entry : fs::directory_iterator(options_.directory + "/rocksdb")) {
      if (entry.path().extension() == ".log" && entry.file_size() > 0) logs.insert(entry.path());
    }
    EXPECT_FALSE(logs.empty());
    return logs.empty() ? fs::path() : *logs.begin();
  }

  // Where the log's records end, and the zeros begin that were written ahead. No record ends in
  // one.
  static uint64_t EndOf(const fs::path& path) { return ReadAll(path).find_last_not_of('\0') + 1; }

  static void WriteAt(const fs::path& path, uint64_t offset, const std::string& bytes) {
    std::fstream log(path, std::ios::in | std::ios::out | std::ios::binary);
    log.seekp(static_cast<std::streamoff>(offset)) << bytes;
  }

  static void FlipABitInTheMiddle(const fs::path& path) { WriteAt(path, EndOf(path) / 2, "\x5a"); }

  // Everything in the directory but what tells of the attempt itself.
  std::map<std::string, std::string> Contents() const {
    std::map<std::string, std::string> contents;
    for (const auto& entry : fs::recursive_directory_iterator(options_.directory)) {
      const std::string name = entry.path().filename();
      if (!entry.is_regular_file() || name.starts_with("LOG") || name == "LOCK") continue;
      contents[entry.path()] = ReadAll(entry.path());
    }
    return contents;
  }

  uint64_t RecordsFound() {
    uint64_t found = 0;
    for (uint64_t i = 0; i < kRecords; ++i) found += engine().Get(UserKey(i, "a")).ok() ? 1 : 0;
    return found;
  }

  // Refused, with the directory as it was; and opened when the operator accepts the loss, which is
  // then not missed any more.
  void ExpectRefusedThenAccepted(const std::string& words, uint64_t fewest, uint64_t most) {
    const auto before = Contents();
    EXPECT_THAT(OpenWords(), AllOf(HasSubstr(words), HasSubstr("--accept-wal-loss")));
    EXPECT_TRUE(Contents() == before);
    options_.accept_wal_loss = true;
    Open();
    EXPECT_GE(RecordsFound(), fewest);
    EXPECT_LE(RecordsFound(), most);
    options_.accept_wal_loss = false;
    Reopen();
    EXPECT_GE(RecordsFound(), fewest);
  }
};

TEST_F(RocksRecoveryTest, CopyOfAServedDirectoryHasAllAcknowledgedWrites) {
  Open();
  EXPECT_EQ(RecordsFound(), kRecords);
}

TEST_F(RocksRecoveryTest, TornRecordAtTheEndOfTheLogIsAccepted) {
  WriteAt(Log(), EndOf(Log()), "half a record");
  Open();
  EXPECT_EQ(RecordsFound(), kRecords);
}

TEST_F(RocksRecoveryTest, MissingLogIsDetected) {
  fs::remove(Log());
  ExpectRefusedThenAccepted("acknowledged writes are missing", 0, 0);
}

TEST_F(RocksRecoveryTest, TruncatedLogIsDetected) {
  fs::resize_file(Log(), EndOf(Log()) / 2);
  ExpectRefusedThenAccepted("acknowledged writes are missing", kRecords / 3, kRecords - 1);
}

TEST_F(RocksRecoveryTest, FlippedBitInTheLogIsDetected) {
  FlipABitInTheMiddle(Log());
  ExpectRefusedThenAccepted("is damaged (Corruption", kRecords / 3, kRecords - 1);
}

TEST_F(RocksRecoveryTest, MissingDatabaseIsDetected) {
  fs::remove_all(options_.directory + "/rocksdb");
  ExpectRefusedThenAccepted("acknowledged writes are missing", 0, 0);
}

TEST_F(RocksRecoveryTest, DamagedWatermarkIsDetected) {
  std::ofstream(options_.directory + "/WATERMARK") << "7 0000000000000000\n";
  EXPECT_THAT(OpenWords(), HasSubstr("WATERMARK is damaged"));
  options_.accept_wal_loss = true;
  Open();
  EXPECT_EQ(RecordsFound(), kRecords);
}

// One table was written out in between, so that there are two logs, and the watermark is reached
// whatever happens to the older one.
class RocksTwoLogsTest : public RocksRecoveryTest {
 protected:
  void WriteMore() override {
    ASSERT_TRUE(engine().Put(PostKey(1, 1), "written out").status.ok());
    Flush(Table::kPosts);
    ASSERT_TRUE(engine().Put(PostKey(1, 2), "in the newer log").status.ok());
  }
  void ExpectRefusedThenAccepted(const std::string& words, uint64_t fewest, uint64_t most) {
    RocksRecoveryTest::ExpectRefusedThenAccepted(words, fewest, most);
    EXPECT_EQ(engine().Value(PostKey(1, 1)), "written out");
    EXPECT_EQ(engine().Value(PostKey(1, 2)), "in the newer log");
  }
};

TEST_F(RocksTwoLogsTest, BothLogsAreRead) {
  Open();
  EXPECT_EQ(RecordsFound(), kRecords);
  EXPECT_EQ(engine().Value(PostKey(1, 2)), "in the newer log");
}

TEST_F(RocksTwoLogsTest, MissingOlderLogIsDetected) {
  fs::remove(Log());
  ExpectRefusedThenAccepted("is damaged (Corruption: Missing WAL", 0, 0);
}

TEST_F(RocksTwoLogsTest, TruncatedOlderLogIsDetected) {
  fs::resize_file(Log(), EndOf(Log()) / 2);
  ExpectRefusedThenAccepted("is damaged (Corruption", kRecords / 3, kRecords - 1);
}

TEST_F(RocksTwoLogsTest, OlderLogEndingInZerosEarlyIsDetected) {
  const fs::path half = options_.directory + "/half.log";
  fs::copy(Log(), half);
  fs::resize_file(half, EndOf(half) / 2);
  uint64_t end_of_a_record = 0;
  const auto files = MakeLogFileSystem(rocksdb::FileSystem::Default(), /*accept_damage=*/false);
  ASSERT_TRUE(files->GetFileSize(half, {}, &end_of_a_record, nullptr).ok());
  fs::remove(half);
  ASSERT_GT(end_of_a_record, 0u);
  WriteAt(Log(), end_of_a_record, std::string(EndOf(Log()) - end_of_a_record, '\0'));
  ExpectRefusedThenAccepted("is damaged (Corruption", kRecords / 3, kRecords - 1);
}

TEST_F(RocksTwoLogsTest, FlippedBitInAnOlderLogIsDetected) {
  FlipABitInTheMiddle(Log());
  ExpectRefusedThenAccepted("is damaged (Corruption", kRecords / 3, kRecords - 1);
}

TEST_F(RocksRecoveryTest, OrderlyStopLeavesNothingToReplay) {
  Open();
  Close();
  for (const auto& entry : fs::directory_iterator(options_.directory + "/rocksdb")) {
    if (entry.path().extension() == ".log") fs::remove(entry.path());
  }
  Open();
  EXPECT_EQ(RecordsFound(), kRecords);
}

}  // namespace
}  // namespace smile::testing
