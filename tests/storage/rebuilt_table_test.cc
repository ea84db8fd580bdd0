// Table files that RocksDB cannot open: missing, cut short, or damaged where they say where their
// data lies. What can be read of them is served; check names what is lost, and repair gives up
// that.
#include <gmock/gmock.h>

#include "tests/storage/check_repair_fixture.h"

namespace smile::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RebuiltTableTest : public CheckRepairTest {
 protected:
  // The users' only file, after WriteUsers; the engine is closed.
  void Find(Table table) {
    const auto files = FilesOf(table);
    ASSERT_EQ(files.size(), 1u);
    file_ = files[0];
    path_ = PathOf(file_);
    data_bytes_ = OnlyPropertiesOf(table).data_size;
    Close();
  }
  // After Find.
  void ExpectNothingLostByDamageOutsideTheData();
  void ExpectAllUsers() {
    Open();
    EXPECT_THAT(Missing(), IsEmpty());
  }
  struct Read {
    std::vector<uint64_t> corrupt;
    uint64_t ok = 0;
  };
  Read ReadUsers() {
    Read read;
    for (uint64_t user = 0; user < kUsers; ++user) {
      const Result<Record> record = engine().Get(UserKey(user, "profile"));
      read.ok += record.ok() ? 1 : 0;
      if (!record.ok()) {
        EXPECT_EQ(record.status().code(), Code::kCorrupt) << record.status().message();
        read.corrupt.push_back(user);
      }
    }
    return read;
  }
  void ExpectWritable() {
    ASSERT_TRUE(engine().Put(UserKey(7, "new"), "v").status.ok());
    EXPECT_EQ(engine().Value(UserKey(7, "new")), "v");
    ASSERT_TRUE(engine().Put(PostKey(7, 7), "v").status.ok());
    Flush(Table::kUsers);
    Compact(Table::kPosts);
  }

  rocksdb::LiveFileMetaData file_;
  std::string path_;
  uint64_t data_bytes_ = 0;
};

TEST_F(RebuiltTableTest, DamagedFooterLosesNothingAndIsReported) {
  WriteUsers();
  Find(Table::kUsers);
  Overwrite(path_, file_.size - 8);
  ExpectAllUsers();
  EXPECT_EQ(engine_->Trouble(), "damaged");
  EXPECT_EQ(engine().Stat("storage.damage.rebuilt_files_count"), 1u);
  ExpectWritable();
  Reopen();
  EXPECT_EQ(engine().Value(UserKey(7, "new")), "v");
  // A compaction writes the file anew, from all that was in it.
  Compact(Table::kUsers);
  EXPECT_THAT(Missing(), IsEmpty());
  Reopen();
  EXPECT_THAT(Missing(), IsEmpty());
  EXPECT_EQ(engine_->Trouble(), "");
}

// Wherever it is behind the data: filter, index, properties, what leads to them.
void RebuiltTableTest::ExpectNothingLostByDamageOutsideTheData() {
  const std::string sound = ReadAll(path_);
  ASSERT_LT(data_bytes_, file_.size);
  constexpr uint64_t kFooterBytes = 53;  // some of which RocksDB does not use
  std::vector<uint64_t> offsets = {file_.size - 8, file_.size - 50};
  for (uint64_t at = data_bytes_; at + 8 <= file_.size - kFooterBytes; at += 180) {
    offsets.push_back(at);
  }
  for (const uint64_t offset : offsets) {
    SCOPED_TRACE(offset);
    Overwrite(path_, offset);
    const CheckReport report = Check();
    ASSERT_EQ(report.files.size(), 1u);
    EXPECT_THAT(report.blocks, IsEmpty());
    EXPECT_EQ(report.checked_records, kUsers + 1);
    EXPECT_THAT(report.Lines(), ElementsAre(AllOf(HasSubstr(file_.relative_filename),
                                                  HasSubstr("all of its 2,001 entries can be"))));
    std::ofstream(path_, std::ios::binary) << sound;
  }
  EXPECT_TRUE(Check().clean());
}

TEST_F(RebuiltTableTest, DamageOutsideTheDataLosesNothing) {
  WriteUsers();
  Find(Table::kUsers);
  ExpectNothingLostByDamageOutsideTheData();
}

TEST_F(RebuiltTableTest, DamageOutsideTheDataOfAPartitionedFileLosesNothing) {
  WritePartitionedUsers();
  Find(Table::kUsers);
  ExpectNothingLostByDamageOutsideTheData();
}

TEST_F(RebuiltTableTest, RepairRewritesTheFileFromItsBlocks) {
  WriteUsers();
  Find(Table::kUsers);
  for (const uint64_t offset : {file_.size - 8, data_bytes_ + 3'000}) {
    Overwrite(path_, offset);
    const RepairReport report = Repair();
    EXPECT_FALSE(report.before.clean());
    EXPECT_THAT(report.after.Lines(), IsEmpty());
    EXPECT_THAT(report.older, IsEmpty());
    EXPECT_EQ(ReadAll(report.salvage + "/" + file_.relative_filename).size(), file_.size);
    EXPECT_FALSE(std::filesystem::exists(path_));
    ExpectAllUsers();
    EXPECT_EQ(engine_->Trouble(), "");
    Find(Table::kUsers);
  }
}

class BlocksOfTest : public RebuiltTableTest {
 protected:
  void ExpectAllIsFound(Table table, const char* compression, const char* name) {
    Open();
    ASSERT_TRUE(db()->SetOptions(family(table), {{"bottommost_compression", compression},
                                                 {"sample_for_compression", "0"}})
                    .ok());
    for (uint64_t i = 0; i < 3'000; ++i) {
      const Key key = table == Table::kPosts ? PostKey(i % 50, i) : UserKey(i, "profile");
      engine_->Write(WriteRequest(key.view().partition_view(),
                                  {PutOf(key.sort, "{\"text\": \"somebody posts number " +
                                                       std::to_string(i) + "\"}")},
                                  0),
                     [](WriteReply reply) { ASSERT_TRUE(reply.status.ok()); });
    }
    const Key last = table == Table::kPosts ? PostKey(1, 9'999) : UserKey(9'999, "last");
    ASSERT_TRUE(engine().Put(last, "v").status.ok());
    Flush(table);
    Compact(table);
    ASSERT_EQ(PropertiesOf(table).begin()->second.compression_name, name);
    Find(table);
    const std::string sound = ReadAll(path_);
    for (const uint64_t offset : {file_.size - 8, file_.size - 100, data_bytes_ + 4'000}) {
      Overwrite(path_, offset);
      const CheckReport report = Check();
      EXPECT_THAT(report.Lines(), ElementsAre(HasSubstr("all of its 3,001 entries can be read")));
      EXPECT_EQ(report.checked_records, 3'001u);
      std::ofstream(path_, std::ios::binary) << sound;
    }
  }
};

TEST_F(BlocksOfTest, UncompressedBlocksAreFound) {
  ExpectAllIsFound(Table::kUsers, "kNoCompression", "NoCompression");
}
TEST_F(BlocksOfTest, Lz4BlocksAreFound) {
  ExpectAllIsFound(Table::kUsers, "kLZ4Compression", "LZ4");
}
TEST_F(BlocksOfTest, ZstdBlocksAreFound) {
  ExpectAllIsFound(Table::kUsers, "kZSTD", "ZSTD");
}
TEST_F(BlocksOfTest, ZstdBlocksWithADictionaryAreFound) {
  ExpectAllIsFound(Table::kPosts, "kZSTD", "ZSTD");
}

TEST_F(RebuiltTableTest, MissingFileLosesOnlyItsRange) {
  WriteUsers();
  ASSERT_TRUE(engine().Put(PostKey(1, 1), "a post").status.ok());
  ASSERT_TRUE(engine().Put(UserKey(5'000, "profile"), "beyond").status.ok());
  Find(Table::kUsers);
  std::filesystem::remove(path_);
  Open();
  EXPECT_EQ(engine_->Trouble(), "damaged");
  EXPECT_EQ(ReadUsers().corrupt.size(), kUsers);
  EXPECT_EQ(engine().Value(UserKey(5'000, "profile")), "beyond");
  EXPECT_EQ(engine().Value(PostKey(1, 1)), "a post");
  ExpectWritable();
  ASSERT_TRUE(engine().Put(UserKey(1, "profile"), "again").status.ok());
  EXPECT_EQ(engine().Value(UserKey(1, "profile")), "again");
  Close();

  EXPECT_THAT(Check().Lines(),
              ElementsAre(AllOf(HasSubstr(file_.relative_filename), HasSubstr("No such file"),
                                HasSubstr("0 of its entries can be read; lost are records from "
                                          "users/0/profile, to users/2000/last"))));
  const RepairReport report = Repair();
  EXPECT_THAT(report.after.Lines(), IsEmpty());
  EXPECT_THAT(report.older, IsEmpty());
  EXPECT_THAT(ReadAll(report.salvage + "/damage.txt"), HasSubstr("users/2000/last"));
  Open();
  EXPECT_EQ(engine_->Trouble(), "");
  EXPECT_EQ(engine().Value(UserKey(1, "profile")), "again");
  EXPECT_EQ(engine().Value(UserKey(7, "new")), "v");
  EXPECT_EQ(engine().Value(UserKey(5'000, "profile")), "beyond");
  EXPECT_EQ(engine().Get(UserKey(2, "profile")).status().code(), Code::kNotFound);
  ExpectWritable();
}

TEST_F(RebuiltTableTest, TruncatedFileKeepsItsStart) {
  WriteUsers();
  Find(Table::kUsers);
  std::filesystem::resize_file(path_, file_.size / 2);
  Open();
  const Read served = ReadUsers();
  EXPECT_GT(served.ok, kUsers / 2 - 200);
  EXPECT_EQ(served.corrupt.size(), kUsers - served.ok);
  EXPECT_EQ(served.corrupt[0], served.ok) << "they are the last ones";
  Close();
  EXPECT_THAT(Repair().after.Lines(), IsEmpty());
  Open();
  EXPECT_EQ(Missing(), served.corrupt);
}

TEST_F(RebuiltTableTest, DamagedFooterAndBlockLoseTheBlock) {
  WriteUsers();
  Find(Table::kUsers);
  Overwrite(path_, data_bytes_ / 2);
  Overwrite(path_, file_.size - 8);
  Open();
  const Read served = ReadUsers();
  ASSERT_FALSE(served.corrupt.empty());
  EXPECT_LT(served.corrupt.size(), 200u);
  Close();
  EXPECT_THAT(Check().Lines(), ElementsAre(AllOf(HasSubstr("lost are records after users/"),
                                                 HasSubstr("/profile, before users/"))));
  EXPECT_THAT(Repair().after.Lines(), IsEmpty());
  Open();
  // The first one after the block could not be told from the block, until it was given up.
  EXPECT_EQ(Missing().size(), served.corrupt.size() - 1);
}

// Above a file that has older versions of what was in it.
class LostUpperFileTest : public RebuiltTableTest {
 protected:
  void SetUp() override {
    WriteUsers();
    for (uint64_t user = 0; user < 100; user += 2) {
      const Key key = UserKey(user, "profile");
      const WriteReply reply = user % 4 == 0 ? engine().Delete(key) : engine().Put(key, "new");
      ASSERT_TRUE(reply.status.ok());
    }
    Flush(Table::kUsers);
    const auto files = FilesOf(Table::kUsers);
    ASSERT_EQ(files.size(), 2u);
    ASSERT_EQ(files[1].level, 0);
    Close();
    std::filesystem::remove(PathOf(files[1]));
  }
};

TEST_F(LostUpperFileTest, RepairAsksAboutOlderRecords) {
  const Result<RepairReport> refused = TryRepair(OlderRecords::kDeleteInBlocks);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(),
              AllOf(HasSubstr("99 records, the first of them users/0/profile"),
                    HasSubstr("--delete-older"), HasSubstr("--keep-older")));
  EXPECT_FALSE(std::filesystem::exists(options_.directory + "/salvage"));
  EXPECT_FALSE(std::filesystem::exists(options_.directory + "/repair.tmp"));
  EXPECT_EQ(Check().files.size(), 1u);
}

TEST_F(LostUpperFileTest, DeleteOlderSavesAndDeletesThem) {
  const RepairReport report = Repair(OlderRecords::kDelete);
  EXPECT_THAT(report.after.Lines(), IsEmpty());
  EXPECT_EQ(report.older_count, 99u);
  EXPECT_THAT(ReadAll(report.salvage + "/older.jsonl"), HasSubstr("users/98/profile"));
  Open();
  const std::vector<uint64_t> missing = Missing();
  ASSERT_EQ(missing.size(), 99u);
  EXPECT_EQ(missing.back(), 98u);
}

TEST_F(LostUpperFileTest, KeepOlderServesThem) {
  EXPECT_THAT(Repair(OlderRecords::kKeep).after.Lines(), IsEmpty());
  ExpectAllUsers();
}

class LostBlobFileTest : public RebuiltTableTest {
 protected:
  void SetUp() override {
    Open();
    for (uint32_t chunk = 0; chunk < 5; ++chunk) {
      ASSERT_TRUE(engine()
                      .Put(BlobKey(Id(), BlobPart::kChunk, chunk), std::string(10'000, 'c'))
                      .status.ok());
      Flush(Table::kBlobs);
    }
    Close();
    ASSERT_EQ(Files(".blob").size(), 5u);
  }
  static std::string Id() { return std::string(16, 'b'); }
  void ExpectTheThirdIs(Code code) {
    Open();
    for (uint32_t chunk = 0; chunk < 5; ++chunk) {
      const Result<Record> record = engine().Get(BlobKey(Id(), BlobPart::kChunk, chunk));
      EXPECT_EQ(record.status().code(), chunk == 2 ? code : Code::kOk) << chunk;
    }
    ASSERT_TRUE(
        engine().Put(BlobKey(Id(), BlobPart::kChunk, 7), std::string(10'000, 'd')).status.ok());
    Close();
  }
  void ExpectRepaired() {
    ExpectTheThirdIs(Code::kCorrupt);
    EXPECT_THAT(Check().Lines(), ElementsAre(HasSubstr("/chunk/2 is damaged: ")));
    EXPECT_THAT(Repair().after.Lines(), IsEmpty());
    ExpectTheThirdIs(Code::kNotFound);
    Open();
    Compact(Table::kBlobs);
    ASSERT_TRUE(
        engine().Put(BlobKey(Id(), BlobPart::kChunk, 2), std::string(10'000, 'e')).status.ok());
  }
};

TEST_F(LostBlobFileTest, MissingBlobFileLosesItsValues) {
  std::filesystem::remove(Files(".blob")[2]);
  ExpectRepaired();
}

TEST_F(LostBlobFileTest, EmptyBlobFileLosesItsValues) {
  std::filesystem::resize_file(Files(".blob")[2], 0);
  ExpectRepaired();
}

}  // namespace
}  // namespace smile::testing
