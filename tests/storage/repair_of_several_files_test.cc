// Several files of one table are damaged, which overlap: what is lost from one hides what is lost
// from another, and records between them.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "tests/storage/check_repair_fixture.h"

namespace smile::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class RepairOfSeveralFilesTest : public CheckRepairTest {
 protected:
  void SetUp() override {
    WriteUsers();
    ASSERT_TRUE(
        db()->SetOptions(family(Table::kUsers), {{"disable_auto_compactions", "true"}}).ok());
    for (uint64_t user = 0; user < kUsers; ++user) Put(user, "second");
    Flush(Table::kUsers);
    for (uint64_t user = 0; user < kUsers; user += 2) {
      if (user % 4 == 0) {
        ASSERT_TRUE(engine().Delete(UserKey(user, "profile")).status.ok());
      } else {
        Put(user, "third");
      }
    }
    Flush(Table::kUsers);
    for (const auto& file : FilesOf(Table::kUsers)) files_.push_back(file);
    ASSERT_THAT(files_, SizeIs(3));
    std::sort(files_.begin(), files_.end(), [](const auto& one, const auto& other) {
      return one.relative_filename < other.relative_filename;
    });
    Close();
  }

  void Put(uint64_t user, std::string_view generation) {
    const WriteReply reply =
        engine().Put(UserKey(user, "profile"), std::string(generation) + ValueOf(user));
    ASSERT_TRUE(reply.status.ok());
  }
  void Remove(size_t file) { std::filesystem::remove(PathOf(files_[file])); }
  void DamageMiddleOf(size_t file) { Overwrite(PathOf(files_[file]), files_[file].size / 2); }

  // How many users are neither absent nor as they were written last.
  uint64_t Outdated() {
    Open();
    uint64_t outdated = 0;
    for (uint64_t user = 0; user < kUsers; ++user) {
      const Result<Record> record = engine().Get(UserKey(user, "profile"));
      if (!record.ok()) continue;
      const bool is_last = user % 4 != 0 && record->value == (user % 2 == 0 ? "third" : "second") +
                                                                 std::string(ValueOf(user));
      outdated += is_last ? 0 : 1;
    }
    return outdated;
  }

  std::vector<rocksdb::LiveFileMetaData> files_;  // oldest first
};

TEST_F(RepairOfSeveralFilesTest, OldestAndNewestAreMissing) {
  Remove(0);
  Remove(2);
  const Result<RepairReport> refused = TryRepair(OlderRecords::kDeleteInBlocks);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), HasSubstr("users/0/profile, may be outdated"));
  Repair(OlderRecords::kDelete);
  EXPECT_EQ(Outdated(), 0u);
}

TEST_F(RepairOfSeveralFilesTest, TheTwoNewestAreMissing) {
  Remove(1);
  Remove(2);
  ASSERT_FALSE(TryRepair(OlderRecords::kDeleteInBlocks).ok());
  Repair(OlderRecords::kDelete);
  EXPECT_EQ(Outdated(), 0u);
}

TEST_F(RepairOfSeveralFilesTest, TheTwoOldestAreMissing) {
  Remove(0);
  Remove(1);
  Repair();
  EXPECT_EQ(Outdated(), 0u);
}

TEST_F(RepairOfSeveralFilesTest, BlocksOfOldestAndNewestAreDamaged) {
  DamageMiddleOf(0);
  DamageMiddleOf(2);
  EXPECT_GT(Repair().older_count, 0u);
  EXPECT_EQ(Outdated(), 0u);
}

TEST_F(RepairOfSeveralFilesTest, BlocksOfAllAreDamaged) {
  for (size_t file = 0; file < files_.size(); ++file) DamageMiddleOf(file);
  EXPECT_GT(Repair().older_count, 0u);
  EXPECT_EQ(Outdated(), 0u);
}

TEST_F(RepairOfSeveralFilesTest, BlockOfNewestIsDamagedAndOldestIsMissing) {
  Remove(0);
  DamageMiddleOf(2);
  // What the block hides is within what the oldest file has lost.
  ASSERT_FALSE(TryRepair(OlderRecords::kDeleteInBlocks).ok());
  Repair(OlderRecords::kDelete);
  EXPECT_EQ(Outdated(), 0u);
}

}  // namespace
}  // namespace smile::testing
