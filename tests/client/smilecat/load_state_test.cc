// What a load remembers: what is done, and where it may go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "client/smilecat/load_tracker.h"
#include "client/smilecat/resume_file.h"
#include "tests/client/smilecat/temp_file.h"

namespace smile::cat {
namespace {

using ::testing::HasSubstr;

Position At(uint64_t row) {
  return {.offset = row * 10, .line = row + 1, .rows = row};
}

TEST(LoadTrackerTest, PositionFollowsTheLastCompletePrefix) {
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

TEST(LoadTrackerTest, RowWithoutRecordsCompletesInOrder) {
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

ResumePoint SomePoint() {
  return {.input = "in.csv",
          .mapping = "--key x",
          .done = {At(3), {1, 2, 3, 4, 5, 6}},
          .with_unfinished_row = LoadProgress{At(4), {2, 3, 3, 4, 5, 6}}};
}

TEST(ResumeFileTest, ResumePointRoundTrips) {
  const TempFiles files;
  const std::string path = files.Path("position");
  for (ResumePoint point = SomePoint();; point.with_unfinished_row.reset()) {
    {
      const auto file = ResumeFile::Open(path);
      ASSERT_TRUE(file.ok()) << file.status().ToString();
      ASSERT_TRUE((*file)->Save({}).ok());
      ASSERT_TRUE((*file)->Save(point).ok());
    }
    const auto file = ResumeFile::Open(path);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    EXPECT_EQ((*file)->point(), point);
    if (!point.with_unfinished_row.has_value()) break;
  }
  EXPECT_EQ(files.Count(), 1) << "nothing is left beside it";
}

TEST(ResumeFileTest, ResumeFileIsLocked) {
  const TempFiles files;
  const std::string path = files.Path("position");
  auto first = ResumeFile::Open(path);
  auto second = ResumeFile::Open(path);
  ASSERT_TRUE(first.ok() && second.ok()) << "there is nothing to lock yet";
  ASSERT_TRUE((*first)->Save(SomePoint()).ok());
  EXPECT_FALSE((*second)->Save(SomePoint()).ok());
  ASSERT_TRUE((*first)->Save(SomePoint()).ok());
  EXPECT_THAT(ResumeFile::Open(path).status().message(), HasSubstr("another load"));
  first->reset();
  EXPECT_TRUE(ResumeFile::Open(path).ok());
}

TEST(ResumeFileTest, MissingFileIsAStartAndUnreadableOneIsRejected) {
  const TempFiles files;
  const auto missing = ResumeFile::Open(files.Path("none"));
  ASSERT_TRUE(missing.ok());
  EXPECT_FALSE((*missing)->point().has_value());
  ASSERT_TRUE((*missing)->Save(SomePoint()).ok());
  const Bytes whole = TempFiles::Read(files.Path("none"));
  for (const Bytes& content : {Bytes(), Bytes("{}"), Bytes("[1]"), Bytes("{\"format\":2}"),
                               whole.substr(0, whole.size() / 2), Bytes(2'000'000, '[')}) {
    EXPECT_THAT(ResumeFile::Open(files.Write("bad", content)).status().message(),
                HasSubstr("is not a position"))
        << content.substr(0, 100);
  }
  ASSERT_EQ(::mkfifo(files.Path("pipe").c_str(), 0600), 0);
  for (const std::string& path : {files.Path("pipe"), files.Path("")}) {
    EXPECT_THAT(ResumeFile::Open(path).status().message(), HasSubstr("is not a file"));
  }
}

}  // namespace
}  // namespace smile::cat
