// Many callers upload and delete the same content at the same time.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/media_fixture.h"

namespace smile::testing {
namespace {

class MediaConcurrentTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kCallers = 2;  // so that often nobody refers to the content
  static constexpr int kRounds = 300;

  // Uploads and deletes, and reads back what is there. The ids are the caller's own.
  void Call(uint64_t owner) {
    std::mt19937_64 random(owner);
    MediaProcess process(&engine_, &store_, clock_, &random, INT64_MAX);
    for (int round = 0; round < kRounds; ++round) {
      const MediaId id{.owner = owner, .media = static_cast<uint64_t>(round)};
      const auto manifest = process.Upload(id, "photo");
      ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
      const auto bytes = process.Read(id);
      ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
      EXPECT_EQ(*bytes, "photo");
      if (round == kRounds - 1 && owner == 1) break;  // one record stays
      const Status deleted = process.media.Delete(id).Wait();
      ASSERT_TRUE(deleted.ok()) << deleted.ToString();
    }
  }

  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kOnThread};
  MemoryContentStore store_;
};

TEST_F(MediaConcurrentTest, ContentIsThereAsLongAsSomebodyRefersToIt) {
  std::vector<std::thread> callers;
  for (uint64_t owner = 1; owner <= kCallers; ++owner) {
    callers.emplace_back([this, owner] { Call(owner); });
  }
  for (std::thread& caller : callers) caller.join();
  std::mt19937_64 random(0);
  MediaProcess process(&engine_, &store_, clock_, &random, INT64_MAX);
  for (int sweep = 0; sweep < 3; ++sweep) {
    clock_.AdvanceMillis(static_cast<int64_t>(limits::kUploadExpiryMillis) + 1);
    ASSERT_TRUE(process.sweeper.Sweep().ok());
  }
  EXPECT_EQ(store_.content_count(), 1u);
  EXPECT_EQ(store_.upload_count(), 0u);
  EXPECT_EQ(*process.Read({.owner = 1, .media = kRounds - 1}), "photo");
}

}  // namespace
}  // namespace smile::testing
