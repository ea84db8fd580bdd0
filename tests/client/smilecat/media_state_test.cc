#include "client/smilecat/media_state.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

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

TEST_F(MediaStateTest, UnfinishedStatesOfProcessesThatAreGoneAreRemoved) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
  ASSERT_TRUE(SaveInterrupted(Some()).ok());
  const auto make = [&](const std::string& name, std::chrono::minutes age) {
    std::filesystem::path path = folder_ / ("smile/uploads/" + name);
    std::ofstream(path) << "{";
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - age);
    return path;
  };
  constexpr std::chrono::minutes kOld(2);
  const std::string number = std::to_string(gone);
  const auto left = make("0123.json." + number + ".tmp", kOld);
  const std::vector<std::filesystem::path> kept = {
      make("0123.json." + std::to_string(::getpid()) + ".tmp", kOld),
      make("0124.json." + number + ".tmp", std::chrono::minutes(0)),
      make("0123.json..tmp", kOld),
      make("0123.json.0.tmp", kOld),
      make("0123.json.x.tmp", kOld),
      make("0123." + number + ".tmp", kOld),
      make(".tmp", kOld)};
  RemoveUnfinishedStates();
  EXPECT_FALSE(std::filesystem::exists(left));
  for (const auto& path : kept) EXPECT_TRUE(std::filesystem::exists(path)) << path;
  EXPECT_EQ(AllInterrupted().size(), 1u);
}

}  // namespace
}  // namespace smile::cat
