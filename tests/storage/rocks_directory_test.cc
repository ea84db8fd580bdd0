// What RocksEngine::Open refuses, and in which words.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RocksDirectoryTest : public RocksTest {
 protected:
  static void WriteFile(const std::string& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
  }
};

TEST_F(RocksDirectoryTest, SecondEngineOnADirectoryIsRejected) {
  Open();
  EXPECT_THAT(TryOpen().status().message(),
              AllOf(HasSubstr(options_.directory + " is in use by another smiled"),
                    HasSubstr("(process " + std::to_string(getpid()) + ")")));
  Close();
  Open();
}

mode_t PermissionsOf(const std::string& path) {
  struct stat found = {};
  EXPECT_EQ(stat(path.c_str(), &found), 0);
  return found.st_mode & 07777;
}

TEST_F(RocksDirectoryTest, NewDirectoryIsPrivate) {
  Open();
  EXPECT_EQ(PermissionsOf(options_.directory), 0700u);
  EXPECT_EQ(PermissionsOf(options_.directory + "/LOCK"), 0600u);
}

TEST_F(RocksDirectoryTest, PermissionsOfOthersAreRemoved) {
  ASSERT_EQ(mkdir(options_.directory.c_str(), 0755), 0);
  Open();
  EXPECT_EQ(PermissionsOf(options_.directory), 0700u);
}

TEST_F(RocksDirectoryTest, FullDiskReportsTheNeededSpace) {
  faults_->SetFull(true);
  EXPECT_THAT(OpenWords(), HasSubstr("bytes are free, a start needs at least 25165824)"));
  faults_->SetFull(false);
  Open();
  Close();
  options_.new_epoch = true;
  faults_->SetFullFor("WATERMARK");
  EXPECT_THAT(OpenWords(), HasSubstr("bytes are free, a start needs at least 25165824)"));
}

TEST_F(RocksDirectoryTest, NewerFormatIsRejected) {
  Open();
  Close();
  WriteFile(options_.directory + "/FORMAT", "smile data, format 2\n");
  EXPECT_THAT(OpenWords(),
              HasSubstr("has format 2, but this smiled supports only formats up to 1"));
}

TEST_F(RocksDirectoryTest, DamagedFormatIsRejected) {
  Open();
  Close();
  for (const char* content : {"", "smile data, format \n", "smile data, format 0\n", "x"}) {
    WriteFile(options_.directory + "/FORMAT", content);
    EXPECT_THAT(OpenWords(), HasSubstr("FORMAT is damaged"));
  }
}

TEST_F(RocksDirectoryTest, FileInsteadOfADirectoryIsRejected) {
  WriteFile(options_.directory, "I am a file");
  EXPECT_EQ(OpenWords(), options_.directory + " is not a directory: give another path");
}

TEST_F(RocksDirectoryTest, MissingParentIsRejected) {
  options_.directory = around_.directory / "no/data";
  EXPECT_THAT(OpenWords(), HasSubstr("its parent directory is missing; create that first"));
}

TEST_F(RocksDirectoryTest, PathWithoutANameIsRejected) {
  options_.directory = "";
  EXPECT_THAT(OpenWords(), HasSubstr("is empty"));
}

TEST_F(RocksDirectoryTest, ForeignDirectoryIsNotTouched) {
  std::filesystem::create_directory(options_.directory);
  WriteFile(options_.directory + "/thesis.txt", "mine");
  EXPECT_THAT(OpenWords(), AllOf(HasSubstr("is not empty"), HasSubstr("thesis.txt")));
}

TEST_F(RocksDirectoryTest, RootOfAFileSystemIsRejectedWithADirectoryToUse) {
  std::filesystem::create_directories(options_.directory + "/lost+found");
  EXPECT_THAT(OpenWords(),
              AllOf(HasSubstr("is the root of a file system"),
                    HasSubstr("give a directory in it, such as " + options_.directory + "/data")));
}

TEST_F(RocksDirectoryTest, LockThatNobodyCanWriteIsNotTheUsersFault) {
  std::filesystem::create_directories(options_.directory + "/LOCK");
  EXPECT_THAT(OpenWords(), HasSubstr("/LOCK cannot be written: Is a directory"));
}

TEST_F(RocksDirectoryTest, StartContinuesAfterACrashBeforeTheFormatFile) {
  std::filesystem::create_directory(options_.directory);
  WriteFile(options_.directory + "/LOCK", "process 1\n");
  WriteFile(options_.directory + "/FORMAT.new", "smile da");
  Open();
}

// As a user who may not write there; root may write everywhere, so a child process gives that up.
TEST_F(RocksDirectoryTest, DirectoryWithoutPermissionIsRejected) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const std::string parent = around_.directory.path();
  EXPECT_EXIT(
      {
        chmod(parent.c_str(), 0555);
        if (geteuid() == 0 && seteuid(65534) != 0) _exit(3);
        const std::string words = OpenWords();
        std::cerr << words << std::endl;
        _exit(words.empty() ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "cannot be created: Permission denied");
}

TEST_F(RocksDirectoryTest, NewDirectoryIsDurableBeforeTheFirstWrite) {
  Open();
  EXPECT_TRUE(faults_->EntryIsSynced(options_.directory));
  EXPECT_TRUE(faults_->EntryIsSynced(options_.directory + "/FORMAT"));
  EXPECT_TRUE(faults_->EntryIsSynced(options_.directory + "/rocksdb"));
}

TEST_F(RocksDirectoryTest, AcknowledgedWritesSurviveARestart) {
  Open();
  const Key key = UserKey(1, "profile");
  const uint64_t version = engine().Put(key, "v").versions[0];
  ASSERT_TRUE(
      engine()
          .Put(BlobKey(std::string(16, 'b'), BlobPart::kChunk, 1), std::string(100'000, 'x'))
          .status.ok());
  Reopen();
  EXPECT_EQ(engine().Get(key)->value, "v");
  EXPECT_EQ(engine().Get(key)->version, version);
  EXPECT_EQ(engine().Value(BlobKey(std::string(16, 'b'), BlobPart::kChunk, 1)),
            std::string(100'000, 'x'));
}

}  // namespace
}  // namespace smile::testing
