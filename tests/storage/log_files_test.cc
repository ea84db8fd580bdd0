#include "storage/rocks/log_files.h"
#include "base/check.h"

#include <gmock/gmock.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class LogFilesTest : public ::testing::Test {
 protected:
  std::unique_ptr<rocksdb::FSWritableFile> Create(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    CHECK(files_->NewWritableFile(directory_ / name, {}, &file, nullptr).ok());
    return file;
  }
  void Append(rocksdb::FSWritableFile* file, const std::string& bytes) {
    EXPECT_TRUE(file->Append(bytes, {}, nullptr).ok());
    EXPECT_TRUE(file->Sync({}, nullptr).ok());
  }
  // A log with a record, as RocksDB writes it.
  std::string LogOfRocksDb() const {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    CHECK(rocksdb::DB::Open(options, directory_ / "db", &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    CHECK(db->Put({}, "key", "value").ok());
    for (const auto& entry : fs::directory_iterator(directory_ / "db")) {
      if (entry.path().extension() == ".log") return ReadAll(entry.path());
    }
    return {};
  }
  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(directory_ / name, std::ios::binary) << bytes;
  }
  // What RocksDB would read of the file, or the message of the error.
  std::string Read(const std::string& name, bool accept_damage = false) const {
    const auto files = MakeLogFileSystem(rocksdb::FileSystem::Default(), accept_damage);
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    const rocksdb::IOStatus opened =
        files->NewSequentialFile(directory_ / name, {}, &file, nullptr);
    if (!opened.ok()) return opened.ToString();
    std::string buffer(1 << 20, '\0');
    rocksdb::Slice read;
    EXPECT_TRUE(file->Read(buffer.size(), {}, &read, buffer.data(), nullptr).ok());
    return read.ToString();
  }

  uint64_t SizeOf(const std::string& name, bool accept_damage = false) const {
    uint64_t size = 0;
    const auto files = MakeLogFileSystem(rocksdb::FileSystem::Default(), accept_damage);
    EXPECT_TRUE(files->GetFileSize(directory_ / name, {}, &size, nullptr).ok());
    return size;
  }

  TempDirectory directory_;
  std::shared_ptr<rocksdb::FileSystem> files_ =
      MakeLogFileSystem(rocksdb::FileSystem::Default(), /*accept_damage=*/false);
};

TEST_F(LogFilesTest, LogIsWrittenOverZeros) {
  const auto file = Create("000001.log");
  Append(file.get(), "first");
  EXPECT_EQ(ReadAll(directory_ / "000001.log"), "first" + std::string(kLogZeroBytes, '\0'));
  Append(file.get(), "second");
  EXPECT_EQ(ReadAll(directory_ / "000001.log"),
            "firstsecond" + std::string(kLogZeroBytes - 6, '\0'));
  EXPECT_EQ(file->GetFileSize({}, nullptr), 11u);
  EXPECT_TRUE(file->Close({}, nullptr).ok());
}

TEST_F(LogFilesTest, ZerosAreExtended) {
  const auto file = Create("000001.log");
  Append(file.get(), "first");
  const std::string large(kLogZeroBytes, 'l');
  Append(file.get(), large);
  Append(file.get(), "!");
  EXPECT_EQ(ReadAll(directory_ / "000001.log"),
            "first" + large + "!" + std::string(kLogZeroBytes, '\0'));
  EXPECT_TRUE(file->Close({}, nullptr).ok());
}

// They would double what photos write.
TEST_F(LogFilesTest, LargeGroupsAreNotFollowedByZeros) {
  const auto file = Create("000001.log");
  const std::string photo(kLogZeroBytes / 2, 'p');
  EXPECT_TRUE(file->Append(photo, {}, nullptr).ok());
  Append(file.get(), "end of the group");
  EXPECT_EQ(ReadAll(directory_ / "000001.log"), photo + "end of the group");
  Append(file.get(), "small");
  EXPECT_EQ(ReadAll(directory_ / "000001.log"),
            photo + "end of the group" + "small" + std::string(kLogZeroBytes, '\0'));
  Append(file.get(), photo);  // over the zeros
  Append(file.get(), photo);
  EXPECT_EQ(ReadAll(directory_ / "000001.log").size(), 21 + 3 * photo.size());
}

TEST_F(LogFilesTest, ClosedLogHasNoZeros) {
  const auto file = Create("000001.log");
  Append(file.get(), "first");
  EXPECT_TRUE(file->Close({}, nullptr).ok());
  EXPECT_EQ(ReadAll(directory_ / "000001.log"), "first");
}

TEST_F(LogFilesTest, ReplayProgressIsReported) {
  const std::string log = LogOfRocksDb();
  Write("000007.log", log);
  Write("000008.log", log);
  OpenProgress progress;
  const auto files = MakeLogFileSystem(rocksdb::FileSystem::Default(), false, &progress);
  std::string buffer(1 << 20, '\0');
  rocksdb::Slice read;
  // RocksDB opens twice, each time to the end.
  for (const uint64_t time : {0u, 1u}) {
    for (const uint64_t log_number : {7u, 8u}) {
      std::unique_ptr<rocksdb::FSSequentialFile> file;
      const std::string path = directory_ / ("00000" + std::to_string(log_number) + ".log");
      ASSERT_TRUE(files->NewSequentialFile(path, {}, &file, nullptr).ok());
      EXPECT_EQ(progress.bytes_to_read, 4 * log.size());
      EXPECT_EQ(progress.bytes_read, (2 * time + log_number - 7) * log.size());
      ASSERT_TRUE(file->Read(buffer.size(), {}, &read, buffer.data(), nullptr).ok());
    }
  }
  EXPECT_EQ(progress.bytes_read, progress.bytes_to_read);
  EXPECT_EQ(progress.logs, 2u);
  EXPECT_EQ(progress.log_bytes, 2 * log.size());
  EXPECT_EQ(progress.writes, 2u);
}

TEST_F(LogFilesTest, OtherFilesHaveNoZeros) {
  const auto file = Create("000001.sst");
  Append(file.get(), "first");
  EXPECT_EQ(ReadAll(directory_ / "000001.sst"), "first");
  EXPECT_TRUE(file->Close({}, nullptr).ok());
}

TEST_F(LogFilesTest, LogIsReadToItsLastRecord) {
  const std::string log = LogOfRocksDb();
  Write("000001.log", log + std::string(100, '\0'));
  EXPECT_EQ(Read("000001.log"), log);
  Write("000001.log", log + "a part of a record" + std::string(100, '\0'));
  EXPECT_EQ(Read("000001.log"), log);
  EXPECT_EQ(Read("000001.log", /*accept_damage=*/true), log);
}

TEST_F(LogFilesTest, LogSizeExcludesTrailingZeros) {
  const std::string log = LogOfRocksDb();
  Write("000001.log", log + std::string(100, '\0'));
  Write("000001.sst", std::string(100, '\0'));
  EXPECT_EQ(SizeOf("000001.log"), log.size());
  EXPECT_EQ(SizeOf("000001.log", /*accept_damage=*/true), log.size() + 100);
  EXPECT_EQ(SizeOf("000001.sst"), 100u);
}

// RocksDB may have counted what it wrote of a record before the disk was full.
TEST_F(LogFilesTest, LogSizeIncludesAPartialRecord) {
  const std::string log = LogOfRocksDb() + "a part of a record";
  Write("000001.log", log);
  EXPECT_EQ(SizeOf("000001.log"), log.size());
}

TEST_F(LogFilesTest, LogWithRecordsAfterDamageIsRejectedUnlessAccepted) {
  std::string log = LogOfRocksDb();
  log += std::string((size_t{32} << 10) - log.size(), 'x') + log;
  Write("000001.log", log);
  EXPECT_THAT(Read("000001.log"), HasSubstr("Corruption"));
  EXPECT_EQ(Read("000001.log", /*accept_damage=*/true), log);
}

TEST_F(LogFilesTest, OnlyTheLastLogMayEndInAPartialRecord) {
  const std::string log = LogOfRocksDb();
  Write("999999.log", log + "a part of a record");
  Write("1000000.log", std::string(100, '\0'));
  EXPECT_EQ(Read("999999.log"), log);
  Write("999998.log", log);
  EXPECT_EQ(Read("999999.log"), log);
  Write("1000000.log", log);
  EXPECT_THAT(Read("999999.log"), HasSubstr("Corruption"));
  EXPECT_EQ(Read("999999.log", /*accept_damage=*/true), log);
}

}  // namespace
}  // namespace smile::testing
