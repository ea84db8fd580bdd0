// What a load remembers: what is done, and where it may go on.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/smilecat/load_tracker.h"
#include "client/smilecat/output_file.h"
#include "client/smilecat/resume_file.h"
#include "tests/client/smilecat/temp_file.h"

namespace smile::cat {
namespace {

using ::testing::HasSubstr;

Position At(uint64_t row) {
  return {.offset = row * 10, .line = row + 1, .rows = row};
}

TEST(LoadTrackerTest, ThePositionIsBehindTheRowsBeforeWhichAllIsDone) {
  LoadTracker tracker(At(0), {});
  const uint64_t first = tracker.BeginRow(At(1), 2);
  const uint64_t second = tracker.BeginRow(At(2), 1);
  tracker.BeginRow(At(3), 0);
  tracker.FinishRecord(second, &LoadCounts::written);
  tracker.FinishRecord(first, &LoadCounts::written);
  EXPECT_EQ(tracker.position(), At(0));
  EXPECT_EQ(tracker.counts(), LoadCounts()) << "rows behind the position would be counted twice";
  tracker.FinishRecord(first, &LoadCounts::present);
  EXPECT_EQ(tracker.position(), At(3));
  EXPECT_EQ(tracker.counts(), (LoadCounts{.rows = 3, .written = 2, .present = 1}));
}

TEST(LoadTrackerTest, ARowWithoutRecordsIsDoneAtOnceUnlessOneBeforeItIsNot) {
  LoadTracker tracker(At(5), {.rows = 5});
  tracker.BeginRow(At(6), 0);
  EXPECT_EQ(tracker.position(), At(6));
  const uint64_t row = tracker.BeginRow(At(7), 1);
  tracker.AddBadRow(At(8));
  EXPECT_EQ(tracker.position(), At(6));
  tracker.FinishRecord(row, &LoadCounts::refused);
  EXPECT_EQ(tracker.position(), At(8));
  EXPECT_EQ(tracker.counts(), (LoadCounts{.rows = 8, .refused = 1, .bad_rows = 1}));
}

TEST(ResumeFileTest, APointComesBackAsItWasWritten) {
  const TempFiles files;
  const std::string input = files.Write("in.csv", "a,b\n1,2\n");
  const auto identity = IdentifyLoad(input, "--key x", std::nullopt);
  ASSERT_TRUE(identity.ok());
  const ResumePoint point{*identity, At(3), {1, 2, 3, 4, 5, 6}};
  const std::string path = files.Path("position");
  ASSERT_TRUE(WriteResumeFile(path, point).ok());
  const auto read = ReadResumeFile(path);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_TRUE(read->has_value());
  EXPECT_EQ((*read)->identity, point.identity);
  EXPECT_EQ((*read)->position, point.position);
  EXPECT_EQ((*read)->counts, point.counts);
}

TEST(ResumeFileTest, TheIdentityHoldsWhileTheFileGrowsAndNotWhenItIsAnother) {
  const TempFiles files;
  const std::string input = files.Write("in.csv", "a,b\n1,2\n");
  const auto before = IdentifyLoad(input, "m", std::nullopt);
  files.Write("in.csv", "a,b\n1,2\n3,4\n");
  EXPECT_EQ(*IdentifyLoad(input, "m", before->head_bytes), *before);
  files.Write("in.csv", "a,b\n1,3\n3,4\n");
  EXPECT_NE(*IdentifyLoad(input, "m", before->head_bytes), *before);
  EXPECT_THAT(IdentifyLoad("-", "m", std::nullopt).status().words(), HasSubstr("--resume needs"));
}

TEST(ResumeFileTest, AMissingFileIsABeginningAndAnUnreadableOneIsRefused) {
  const TempFiles files;
  const auto missing = ReadResumeFile(files.Path("none"));
  ASSERT_TRUE(missing.ok());
  EXPECT_FALSE(missing->has_value());
  for (const char* content : {"", "{}", "[1]", "{\"format\":2}"}) {
    EXPECT_THAT(ReadResumeFile(files.Write("bad", content)).status().words(),
                HasSubstr("is not a position"))
        << content;
  }
}

TEST(OutputFileTest, AFileAppearsWholeOrNotAtAll) {
  const TempFiles files;
  const std::string path = files.Write("out", "old");
  {
    const auto file = OutputFile::Create(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Write("half").ok());
  }
  EXPECT_EQ(TempFiles::Read(path), "old");
  ASSERT_TRUE(ReplaceFile(path, "new").ok());
  EXPECT_EQ(TempFiles::Read(path), "new");
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);
  EXPECT_THAT(ReplaceFile(files.Path("no/such"), "x").words(), HasSubstr("cannot write"));
}

TEST(OutputFileTest, BehindALinkTheTargetIsWrittenAndTheLinkStays) {
  const TempFiles files;
  const std::string target = files.Write("target", "old");
  std::filesystem::create_symlink(target, files.Path("link"));
  ASSERT_TRUE(ReplaceFile(files.Path("link"), "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(files.Path("link")));
  EXPECT_EQ(TempFiles::Read(target), "new");
}

TEST(OutputFileTest, WhatIsNoFileIsWrittenToAndStaysWhatItIs) {
  const TempFiles files;
  const std::string path = files.Path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ASSERT_TRUE(ReplaceFile(path, "bytes").ok());
  char got[16];
  EXPECT_EQ(::read(reader, got, sizeof(got)), 5);
  ::close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(path));
  EXPECT_THAT(ReplaceFile(std::filesystem::path(path).parent_path(), "x").words(),
              HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace smile::cat
