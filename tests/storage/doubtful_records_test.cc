// Each record once, in order, and nothing left on the disk.
#include "storage/rocks/doubtful_records.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <vector>

#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct DoubtfulRecordsTest : ::testing::Test {
  std::vector<std::string> Lines(uint64_t limit) const {
    std::vector<std::string> lines;
    const Status status =
        records->ForEach(limit, [&](Table table, ByteView encoded, ByteView line) {
          lines.push_back(std::string(InfoOf(table).name) + " " + std::string(encoded) + " " +
                          std::string(line));
          return Status();
        });
    EXPECT_TRUE(status.ok()) << status.message();
    return lines;
  }

  const TempDirectory directory;
  const std::string path = directory.path() + "/records";
  std::unique_ptr<DoubtfulRecords> records = DoubtfulRecords::Make(path).value();
};

TEST_F(DoubtfulRecordsTest, EachIsKeptOnceAsFirstAdded) {
  records->Add(Table::kPosts, "b", "first");
  records->Add(Table::kUsers, "c", "first");
  records->Add(Table::kPosts, "b", "second");
  records->Add(Table::kPosts, "a", "first");
  EXPECT_EQ(records->count(), 3u);
  EXPECT_THAT(Lines(DoubtfulRecords::kAll),
              ElementsAre("users c first", "posts a first", "posts b first"));
  EXPECT_THAT(Lines(1), ElementsAre("users c first"));
}

TEST_F(DoubtfulRecordsTest, FailureOfTheUserEndsTheWalk) {
  records->Add(Table::kPosts, "a", "");
  records->Add(Table::kPosts, "b", "");
  int calls = 0;
  const Status status = records->ForEach(DoubtfulRecords::kAll, [&](Table, ByteView, ByteView) {
    ++calls;
    return Status(Code::kStorageFailed, "full");
  });
  EXPECT_EQ(status.message(), "full");
  EXPECT_EQ(calls, 1);
}

TEST_F(DoubtfulRecordsTest, DirectoryIsRemovedAtTheEnd) {
  EXPECT_TRUE(std::filesystem::exists(path));
  records.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(DoubtfulRecordsTest, DirectoryThatCannotBeMadeIsAnError) {
  const auto made = DoubtfulRecords::Make("/proc/records");
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.status().message(), HasSubstr("/proc/records cannot be used: "));
}

}  // namespace
}  // namespace smile::testing
