// Table files that cannot be opened, which are found only when something reads them.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "storage/key_encoding.h"
#include "storage/rocks/table_blocks.h"
#include "tests/storage/check_repair_fixture.h"

namespace smile::testing {
namespace {

using ::testing::AnyOf;
using ::testing::IsEmpty;

constexpr std::chrono::seconds kPatience{60};

class FoundByReadsTest : public CheckRepairTest {
 protected:
  // Waits while the database is reopened, when it has no statistics.
  uint64_t StatOfOpen(std::string_view name) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      for (const auto& [stat, value] : engine().Stats()) {
        if (stat == name) return value;
      }
    }
    ADD_FAILURE() << "there is no statistic " << name;
    return 0;
  }
  uint64_t Rebuilt() { return StatOfOpen("storage.damage.rebuilt_files_count"); }
  // Users whose record stays unreadable for `kPatience`, or is another one than was written.
  std::vector<uint64_t> LostUsers() {
    std::vector<uint64_t> lost;
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (uint64_t user = 0; user < kUsers; ++user) {
      Result<Record> record = engine().Get(UserKey(user, "profile"));
      while (!record.ok() && std::chrono::steady_clock::now() < end) {
        EXPECT_THAT(record.status().code(), AnyOf(Code::kCorrupt, Code::kOverloaded))
            << record.status().message();
        record = engine().Get(UserKey(user, "profile"));
      }
      if (!record.ok() || record->value != ValueOf(user)) lost.push_back(user);
    }
    return lost;
  }
};

class UnopenableFilesTest : public FoundByReadsTest {
 protected:
  static constexpr uint64_t kFiles = 40;  // RocksDB opens 16 of them when it starts
  static constexpr uint64_t kUsersOfFile = kUsers / kFiles;

  void SetUp() override {
    options_.record_cache_bytes = 0;
    Open();
    for (uint64_t file = 0; file < kFiles; ++file) {
      PutUsers(file * kUsersOfFile, (file + 1) * kUsersOfFile);
      Flush(Table::kUsers);
      const auto newest = FilesOf(Table::kUsers);
      const auto flushed =
          std::find_if(newest.begin(), newest.end(), [](const auto& f) { return f.level == 0; });
      ASSERT_NE(flushed, newest.end());
      ASSERT_TRUE(CompactFile(*flushed).ok());
    }
    files_ = FilesOf(Table::kUsers);
    ASSERT_EQ(files_.size(), kFiles);
  }
  // With the files that overlap it.
  rocksdb::Status CompactFile(const rocksdb::LiveFileMetaData& file) {
    const UseGate::Use use = RocksSeams::Enter(engine_.get());
    EXPECT_TRUE(use);
    const rocksdb::Slice begin = file.smallestkey, end = file.largestkey;
    return db()->CompactRange({}, family(Table::kUsers), &begin, &end);
  }
  void DamageFooter(const rocksdb::LiveFileMetaData& file) {
    Overwrite(PathOf(file), file.size - 8);
  }
  // Reopens the engine with a damaged file that RocksDB does not open then; any of its files may
  // be.
  void ReopenWithOneDamagedFile() {
    for (const auto& file : files_) {
      Close();
      const std::string sound = ReadAll(PathOf(file));
      DamageFooter(file);
      Open();
      damaged_ = file;
      if (Rebuilt() == 0) return;
      std::ofstream(PathOf(file), std::ios::binary) << sound;
    }
    FAIL() << "all files are opened";
  }

  std::vector<rocksdb::LiveFileMetaData> files_;
  rocksdb::LiveFileMetaData damaged_;
};

TEST_F(UnopenableFilesTest, OneThatAStartDoesNotOpenIsRebuiltWhenItIsRead) {
  ReopenWithOneDamagedFile();
  EXPECT_THAT(LostUsers(), IsEmpty());
  EXPECT_EQ(Rebuilt(), 1u);
  EXPECT_EQ(engine_->Trouble(), "damaged");
  ASSERT_TRUE(engine().Put(UserKey(7, "new"), "v").status.ok());
  Reopen();
  EXPECT_THAT(LostUsers(), IsEmpty());
  EXPECT_EQ(engine().Value(UserKey(7, "new")), "v");
}

TEST_F(UnopenableFilesTest, ThoseDamagedWhileTheEngineRunsAreRebuilt) {
  Reopen();
  for (const auto& file : files_) DamageFooter(file);
  EXPECT_THAT(LostUsers(), IsEmpty());
  EXPECT_GE(Rebuilt(), kFiles / 2);
}

TEST_F(UnopenableFilesTest, MissingOneLosesOnlyWhatItHad) {
  ReopenWithOneDamagedFile();
  std::filesystem::remove(PathOf(damaged_));
  for (uint64_t user = 0; user < kUsers; ++user) {
    const std::string key(EncodedKey(UserKey(user, "profile").view()).view());
    const bool lost = key >= damaged_.smallestkey && key <= damaged_.largestkey;
    const auto end = std::chrono::steady_clock::now() + kPatience;
    Code code = engine().Get(UserKey(user, "profile")).status().code();
    while (code == Code::kOverloaded || (lost && Rebuilt() == 0)) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      code = engine().Get(UserKey(user, "profile")).status().code();
    }
    ASSERT_EQ(code, lost ? Code::kCorrupt : Code::kOk) << user;
  }
}

TEST_F(UnopenableFilesTest, CompactionThatMetOneIsTriedAgain) {
  ReopenWithOneDamagedFile();
  for (uint64_t user = 0; user < kUsers; ++user) {
    ASSERT_TRUE(engine().Put(UserKey(user, "new"), "v").status.ok());
  }
  Flush(Table::kUsers);
  ASSERT_FALSE(CompactFile(damaged_).ok());
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (Rebuilt() == 0) ASSERT_LT(std::chrono::steady_clock::now(), end);
  EXPECT_THAT(LostUsers(), IsEmpty());
  while (StatOfOpen("storage.damage.paused_tables_count") > 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
  }
  ASSERT_TRUE(CompactFile(damaged_).ok());
  EXPECT_FALSE(std::filesystem::exists(PathOf(damaged_)));
  EXPECT_THAT(LostUsers(), IsEmpty());
}

// Its top level, which is all that RocksDB needs to open it, is sound.
TEST_F(FoundByReadsTest, DamagedPartitionOfAnIndexLosesNothing) {
  WritePartitionedUsers();
  const rocksdb::TableProperties file = OnlyPropertiesOf(Table::kUsers);
  // After the filter's partitions and top level, each with a trailer, which filter_size excludes.
  constexpr uint64_t kFilterBlocks = 3;
  ASSERT_GE(file.index_size - file.top_level_index_size, 100u);
  Overwrite(PathOf(FilesOf(Table::kUsers)[0]),
            file.data_size + file.filter_size + kFilterBlocks * kBlockTrailerBytes + 20);
  EXPECT_THAT(LostUsers(), IsEmpty());
  EXPECT_EQ(Rebuilt(), 1u);
}

}  // namespace
}  // namespace smile::testing
