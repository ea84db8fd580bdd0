// What `smiled check` names and `smiled repair` gives up.
#include <gmock/gmock.h>

#include <set>

#include "base/hash.h"
#include "storage/record_format.h"
#include "storage/rocks/table_blocks.h"
#include "tests/storage/check_repair_fixture.h"

namespace smile::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(CheckRepairTest, EachOfSeveralAdjacentBlocksIsNamedAndGivenUp) {
  WriteUsers();
  const auto files = FilesOf(Table::kUsers);
  ASSERT_EQ(files.size(), 1u);
  Close();
  const size_t bytes = files[0].size / 2;  // of a few dozen blocks
  Overwrite(PathOf(files[0]), files[0].size / 4, std::string(bytes, 'x'));
  const CheckReport report = Check();
  EXPECT_GT(report.blocks.size(), 5u);
  size_t in_blocks = 0;
  for (const DamagedBlock& block : report.blocks) in_blocks += block.size + kBlockTrailerBytes;
  EXPECT_GE(in_blocks, bytes);
  Repair();
  EXPECT_TRUE(Check().clean());
  Open();
  const std::vector<uint64_t> missing = Missing();
  EXPECT_GT(missing.size(), kUsers / 4);
  EXPECT_LT(missing.size(), kUsers * 3 / 4);
}

// A repair that was interrupted leaves them to the server.
TEST_F(CheckRepairTest, EmptiedBlocksAreReadAsWhatTheyAre) {
  WriteUsers();
  const auto files = FilesOf(Table::kUsers);
  ASSERT_EQ(files.size(), 1u);
  Close();
  std::set<uint64_t> remainders;
  for (uint64_t eighth = 1; eighth < 8; ++eighth) {
    Overwrite(PathOf(files[0]), files[0].size * eighth / 8);
    const CheckReport report = Check();
    ASSERT_EQ(report.blocks.size(), 1u);
    const DamagedBlock& block = report.blocks[0];
    remainders.insert(block.size % sizeof(uint32_t));
    Overwrite(PathOf(files[0]), block.offset, EmptyBlock(block.size));
  }
  EXPECT_GT(remainders.size(), 1u) << "of both forms";
  Open();
  const size_t missing = Missing().size();
  EXPECT_GT(missing, 7u);
  EXPECT_LT(missing, kUsers / 2);
  Close();
  EXPECT_TRUE(Check().blocks.empty());
}

TEST_F(CheckRepairTest, SoundDirectoryIsClean) {
  WriteUsers();
  ASSERT_TRUE(engine()
                  .Put(BlobKey(std::string(16, 'b'), BlobPart::kChunk, 1), std::string(50'000, 'x'))
                  .status.ok());
  Flush(Table::kBlobs);
  ASSERT_TRUE(engine().Put(UserKey(1, "in the log"), "v").status.ok());
  Close();
  const CheckReport report = Check();
  EXPECT_THAT(report.Lines(), IsEmpty());
  EXPECT_EQ(report.checked_records, kUsers + 3);
  const std::string left = options_.directory + "/repair.tmp";
  std::filesystem::create_directories(left + "/by a repair that was interrupted");
  EXPECT_TRUE(Repair().salvage.empty());
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(CheckRepairTest, DamagedBlockIsReportedAndRepairedAlone) {
  WriteUsers();
  DamageMiddleOfUsers();
  const CheckReport found = Check();
  ASSERT_EQ(found.blocks.size(), 1u);
  EXPECT_THAT(found.Lines(),
              ElementsAre(AllOf(HasSubstr("users: a block of "), HasSubstr("records after users/"),
                                HasSubstr("/profile, before users/"))));
  EXPECT_EQ(Check().blocks.size(), 1u) << "a check changes nothing";

  const RepairReport report = Repair();
  EXPECT_THAT(report.after.Lines(), IsEmpty());
  EXPECT_THAT(report.older, IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(report.salvage + "/" + found.blocks[0].file));
  Open();
  const std::vector<uint64_t> missing = Missing();
  ASSERT_FALSE(missing.empty());
  EXPECT_LT(missing.size(), 200u);
  // Exactly those between the two records.
  EXPECT_EQ(missing.back() - missing.front() + 1, missing.size());
  EXPECT_EQ(found.blocks[0].after, PartitionOf(missing.front() - 1) + "profile");
  EXPECT_EQ(found.blocks[0].before, PartitionOf(missing.back() + 1) + "profile");
  ASSERT_TRUE(engine().Put(UserKey(missing[0], "profile"), "new").status.ok());
  Compact(Table::kUsers);
  EXPECT_EQ(engine().Value(UserKey(missing[0], "profile")), "new");
}

// So that a power cut during or after a repair does not lose it.
TEST_F(CheckRepairTest, SavedFilesAreDurable) {
  WriteUsers();
  DamageMiddleOfUsers();
  const RepairReport report = Repair();
  ASSERT_FALSE(report.salvage.empty());
  EXPECT_TRUE(faults_->EntryIsSynced(report.salvage + "/damage.txt"));
  EXPECT_TRUE(faults_->EntryIsSynced(report.salvage));
  EXPECT_TRUE(faults_->EntryIsSynced(options_.directory + "/salvage"));
}

// Two levels: the damaged block hides older versions and deleted records below it.
class RepairOfOverlappingFilesTest : public CheckRepairTest {
 protected:
  void SetUp() override {
    WriteUsers();
    ASSERT_TRUE(
        db()->SetOptions(family(Table::kUsers), {{"disable_auto_compactions", "true"}}).ok());
    // Every second user anew, every fourth deleted, in a file above.
    for (uint64_t user = 0; user < kUsers; user += 2) {
      const Key key = UserKey(user, "profile");
      const WriteReply reply = user % 4 == 0 ? engine().Delete(key) : engine().Put(key, New(user));
      ASSERT_TRUE(reply.status.ok());
    }
    Flush(Table::kUsers);
    auto files = FilesOf(Table::kUsers);
    ASSERT_EQ(files.size(), 2u);
    const auto& above = files[0].level == 0 ? files[0] : files[1];
    ASSERT_EQ(above.level, 0);
    Close();
    Overwrite(PathOf(above), above.size / 2);
  }
  static std::string New(uint64_t user) { return "new " + ValueOf(user); }

  // How many of the users that were changed are neither as they were changed nor absent.
  uint64_t Outdated() {
    uint64_t outdated = 0;
    for (uint64_t user = 0; user < kUsers; user += 2) {
      const Result<Record> record = engine().Get(UserKey(user, "profile"));
      if (record.ok() && (user % 4 == 0 || record->value != New(user))) ++outdated;
    }
    return outdated;
  }
  uint64_t Untouched() {
    uint64_t there = 0;
    for (uint64_t user = 1; user < kUsers; user += 2) {
      there += engine().Value(UserKey(user, "profile")) == ValueOf(user) ? 1 : 0;
    }
    return there;
  }
};

TEST_F(RepairOfOverlappingFilesTest, RepairKeepsCurrentRecordsAndDeletesOutdatedOnes) {
  const RepairReport report = Repair();
  EXPECT_THAT(report.after.Lines(), IsEmpty());
  EXPECT_FALSE(report.older.empty());
  const std::string salvaged = ReadAll(report.salvage + "/older.jsonl");
  EXPECT_EQ(static_cast<size_t>(std::count(salvaged.begin(), salvaged.end(), '\n')),
            report.older_count);
  EXPECT_THAT(salvaged, HasSubstr("{\"key\":\"" + report.older[0] + "\",\"value_base64\":\""));
  Open();
  EXPECT_EQ(Outdated(), 0u);
  // The filter errs once in a hundred.
  EXPECT_GT(Untouched(), kUsers / 2 - 20);
}

// A block that hides older records is removed only after they were deleted.
TEST_F(RepairOfOverlappingFilesTest, InterruptedRepairCanBeRepeated) {
  faults_->SetFullFor("MANIFEST");  // so the database cannot be opened for writing
  const Result<RepairReport> interrupted = TryRepair(OlderRecords::kDeleteInBlocks);
  ASSERT_FALSE(interrupted.ok());
  EXPECT_THAT(interrupted.status().message(), HasSubstr("No space left on device"));
  faults_->SetFullFor("");
  const RepairReport repeated = Repair();
  EXPECT_TRUE(repeated.resumed) << "records may have to be restored";
  EXPECT_GT(repeated.older_count, 0u);
  EndRepair(options_.directory);
  EXPECT_FALSE(Repair().resumed);
  Open();
  EXPECT_EQ(Outdated(), 0u);
}

TEST_F(RepairOfOverlappingFilesTest, WritesAfterRepairHaveANewEpoch) {
  const auto owns_watermark = [this] {
    const auto directory = Directory();
    return directory->OwnsWatermark(*directory->ReadWatermark());
  };
  ASSERT_TRUE(owns_watermark());
  Repair();
  EXPECT_FALSE(owns_watermark());
}

TEST_F(RepairOfOverlappingFilesTest, KeepOlderServesOlderRecords) {
  const RepairReport report = Repair(OlderRecords::kKeep);
  EXPECT_THAT(report.after.Lines(), IsEmpty());
  Open();
  EXPECT_GT(Outdated(), 0u);
  EXPECT_EQ(Untouched(), kUsers / 2);
}

TEST_F(CheckRepairTest, DamagedBlobValueIsReportedAndRepairedAlone) {
  Open();
  const std::string id(16, 'b');
  for (uint32_t chunk = 0; chunk < 5; ++chunk) {
    ASSERT_TRUE(engine()
                    .Put(BlobKey(id, BlobPart::kChunk, chunk),
                         std::string(10'000, static_cast<char>('a' + chunk)))
                    .status.ok());
  }
  Flush(Table::kBlobs);
  Close();
  const std::vector<std::string> blobs = Files(".blob");
  ASSERT_EQ(blobs.size(), 1u);
  Overwrite(blobs[0], 25'000);
  EXPECT_THAT(Check().Lines(), ElementsAre(HasSubstr("/chunk/2 is damaged: ")));
  EXPECT_THAT(Repair().after.Lines(), IsEmpty());
  Open();
  for (uint32_t chunk = 0; chunk < 5; ++chunk) {
    const Result<Record> record = engine().Get(BlobKey(id, BlobPart::kChunk, chunk));
    EXPECT_EQ(record.ok(), chunk != 2) << chunk;
  }
}

TEST_F(CheckRepairTest, ValueWithWrongChecksumIsReportedAndRepairedAlone) {
  Open();
  ASSERT_TRUE(engine().Put(UserKey(1, "a"), "fine").status.ok());
  const Bytes stored = Bytes(RecordHeader(7, Hash64("true"), 0).view()) + "lies";
  ASSERT_TRUE(db()->Put({}, family(Table::kUsers), PartitionOf(1) + "b", stored).ok());
  Close();
  EXPECT_THAT(Check().Lines(), ElementsAre(HasSubstr("users/1/b is damaged: ")));
  const RepairReport report = Repair();
  EXPECT_THAT(report.after.Lines(), IsEmpty());
  EXPECT_THAT(ReadAll(report.salvage + "/damaged.jsonl"), HasSubstr("users/1/b"));
  Open();
  EXPECT_EQ(engine().Value(UserKey(1, "a")), "fine");
  EXPECT_EQ(engine().Get(UserKey(1, "b")).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace smile::testing
