#include "client/smilecat/media_state.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/storage/temp_directory.h"

namespace smile::cat {
namespace {

class MediaStateTest : public ::testing::Test {
 protected:
  MediaStateTest() { ::setenv("XDG_STATE_HOME", folder_.path().c_str(), 1); }

  static InterruptedUpload Some() {
    return {.server = "127.0.0.1:7645",
            .owner = UINT64_MAX,
            .path = "/tmp/a\xff b",
            .size = 5'000'000,
            .mtime_ns = 1'700'000'000'123'456'789,
            .upload = "0123456789abcde\xff"};
  }
  static Bytes Found(InterruptedUpload wanted) {
    wanted.upload.clear();
    FindInterrupted(&wanted);
    return wanted.upload;
  }

  testing::TempDirectory folder_;
};

TEST_F(MediaStateTest, IsFoundByAllThatNamesIt) {
  EXPECT_EQ(Found(Some()), "");
  ASSERT_TRUE(SaveInterrupted(Some()).ok());
  EXPECT_EQ(Found(Some()), Some().upload);
  InterruptedUpload other = Some();
  other.server = "127.0.0.1:7646";
  EXPECT_EQ(Found(other), "");
  other = Some();
  other.owner = 1;
  EXPECT_EQ(Found(other), "");
  other = Some();
  other.path += "x";
  EXPECT_EQ(Found(other), "");
  other = Some();
  ++other.size;
  EXPECT_EQ(Found(other), "");
  other = Some();
  ++other.mtime_ns;
  EXPECT_EQ(Found(other), "");
}

TEST_F(MediaStateTest, IsReplacedAndForgotten) {
  ASSERT_TRUE(SaveInterrupted(Some()).ok());
  InterruptedUpload newer = Some();
  newer.mtime_ns = 1;
  newer.upload[0] = 'n';
  ASSERT_TRUE(SaveInterrupted(newer).ok());
  EXPECT_EQ(Found(Some()), "");
  EXPECT_EQ(Found(newer), newer.upload);
  ASSERT_EQ(AllInterrupted().size(), 1u);
  EXPECT_EQ(AllInterrupted()[0].path, newer.path);
  ForgetInterrupted(newer);
  ForgetInterrupted(newer);
  EXPECT_TRUE(AllInterrupted().empty());
}

TEST_F(MediaStateTest, DamagedFilesAreNoUploads) {
  ASSERT_TRUE(SaveInterrupted(Some()).ok());
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "smile/uploads")) {
    std::filesystem::resize_file(entry, 20);
  }
  EXPECT_EQ(Found(Some()), "");
  EXPECT_TRUE(AllInterrupted().empty());
}

}  // namespace
}  // namespace smile::cat
