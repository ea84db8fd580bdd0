// Many callers upload and delete the same content at the same time, in pieces and at once.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/media_fixture.h"
#include "tests/storage/blocking_engine.h"

namespace smile::testing {
namespace {

class MediaConcurrentTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kCallers = 2;  // so that often nobody refers to the content
  static constexpr int kRounds = 300;

  // Uploads and deletes, and reads back what is there. The ids are the caller's own.
  void Call(uint64_t owner) {
    std::mt19937_64 random(owner);
    MediaProcess process(&engine_, &store_, clock_, &random, INT64_MAX, /*writes_together=*/true);
    for (int round = 0; round < kRounds; ++round) {
      const MediaId id{.owner = owner, .media = static_cast<uint64_t>(round) + 1};
      const bool at_once = random() % 2 == 0;
      const auto manifest = at_once ? process.Put(id, "photo") : process.Upload(id, "photo");
      ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
      const auto bytes = process.Read(id);
      ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
      EXPECT_EQ(*bytes, "photo");
      if (round == kRounds - 1 && owner == 1) break;  // one record stays
      const Status deleted = process.media.Delete(id).Wait();
      ASSERT_TRUE(deleted.ok()) << deleted.ToString();
    }
  }

  size_t Records(Table table) {
    BlockingEngine engine(&engine_);
    size_t count = 0;
    const auto partitions = engine.List({.table = table, .limit = 1000});
    for (const Bytes& partition : partitions->partitions) {
      const auto page = engine.Scan(
          {.table = table, .partition = partition, .limit = 1000, .max_value_bytes = SIZE_MAX});
      count += page->size();
    }
    return count;
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
  MediaProcess process(&engine_, &store_, clock_, &random, INT64_MAX, /*writes_together=*/true);
  for (int sweep = 0; sweep < 3; ++sweep) {
    clock_.AdvanceMillis(static_cast<int64_t>(limits::kUploadExpiryMillis) + 1);
    ASSERT_TRUE(process.sweeper.Sweep().ok());
  }
  EXPECT_EQ(store_.content_count() + Records(Table::kBlobs), 1u);
  EXPECT_EQ(Records(Table::kContents), 2u);  // a head and a reference
  EXPECT_EQ(store_.upload_count(), 0u);
  EXPECT_EQ(*process.Read({.owner = 1, .media = kRounds}), "photo");
}

// Callers of one service create and delete a record of the same id, of two contents.
TEST_F(MediaConcurrentTest, RecordOfOneIdIsCreatedAndDeletedByOneAtATime) {
  const MediaService media(engine_, store_, clock_, RandomContentId);
  const MediaId id{.owner = 1, .media = 1};
  const auto call = [&](const Bytes& bytes) {
    for (int round = 0; round < kRounds; ++round) {
      const auto put =
          media.Put({.id = id, .bytes = bytes, .checksum = Hash64(bytes)}).Wait().status();
      ASSERT_TRUE(put.ok() || put.code() == Code::kConditionFailed) << put.ToString();
      const Status set = media.SetFields(id, {.name = bytes}).Wait();
      ASSERT_TRUE(set.ok() || set.code() == Code::kNotFound) << set.ToString();
      const Status deleted = media.Delete(id).Wait();
      ASSERT_TRUE(deleted.ok() || deleted.code() == Code::kNotFound) << deleted.ToString();
    }
  };
  std::vector<std::thread> callers;
  for (const char* bytes : {"cat", "dog", "cat"}) callers.emplace_back(call, bytes);
  for (std::thread& caller : callers) caller.join();
  for (const Table table : {Table::kMedia, Table::kContents, Table::kBlobs}) {
    EXPECT_EQ(Records(table), 0u) << InfoOf(table).name;
  }
}

}  // namespace
}  // namespace smile::testing
