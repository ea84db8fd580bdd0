// kill -9 while several users upload, read and delete media: what was acknowledged is there byte
// for byte, interrupted uploads are resumed, and after the time limits nothing else is left.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/limits.h"
#include "service/media/media_service.h"
#include "service/sweeper.h"
#include "storage/content/content_files.h"
#include "storage/rocks/rocks_engine.h"
#include "tests/crash/calls.h"
#include "tests/crash/media_load.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/smiled_process.h"

namespace smile {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

constexpr size_t kMediaUsers = 6;
constexpr int kMediaCycles = 6;  // or SMILE_CYCLES

// The data directory of a server that was stopped, and a clock ahead of all time limits.
class StoppedMediaServer {
 public:
  explicit StoppedMediaServer(const std::string& data)
      : clock_(SystemClock().WallMillis()),
        log_(LogLevel::kError),
        engine_(std::move(RocksEngine::Open({.directory = data}, &clock_, &log_)).value()),
        store_(std::move(ContentFiles::Open({.directory = data + "/content"}, &clock_)).value()),
        media_(*engine_, *store_, clock_, RandomContentId),
        sweeper_(
            *engine_, clock_, [this](WorkItem item) { return media_.Finish(std::move(item)); },
            [this] { return media_.ReleaseDoubtful(); }) {}
  ~StoppedMediaServer() {
    store_->Close();
    engine_->Close();
  }

  // The number of work items that were done.
  uint64_t SweepAfterAllLimits() {
    uint64_t done = 0;
    for (const uint64_t millis :
         {limits::kWorkGraceMillis, limits::kUploadExpiryMillis, limits::kWorkGraceMillis}) {
      clock_.AdvanceMillis(static_cast<int64_t>(millis) + 1);
      const auto swept = sweeper_.Sweep();
      EXPECT_TRUE(swept.ok()) << swept.status().ToString();
      done += swept.ok() ? *swept : 0;
    }
    return done;
  }
  // In the content store.
  size_t ContentCount() {
    const auto ids = AnswerOf<Result<std::vector<ContentId>>>(
        [&](auto done) { store_->List({}, 100'000, std::move(done)); });
    return ids->size();
  }
  size_t Count(Table table) {
    size_t count = 0;
    const auto list = AnswerOf<Result<ListPage>>(
        [&](auto done) { engine_->List({.table = table, .limit = 10'000}, std::move(done)); });
    EXPECT_FALSE(list->more);
    for (const Bytes& partition : list->partitions) {
      const auto page = AnswerOf<Result<ScanPage>>([&](auto done) {
        engine_->Scan({.table = table, .partition = partition, .limit = 10'000, .keys_only = true},
                      std::move(done));
      });
      EXPECT_FALSE(page->more);
      count += page->size();
    }
    return count;
  }

 private:
  ManualClock clock_;
  Logger log_;
  std::unique_ptr<RocksEngine> engine_;
  std::unique_ptr<ContentFiles> store_;
  MediaService media_;
  Sweeper sweeper_;
};

class MediaCrashTest : public ::testing::Test {
 protected:
  explicit MediaCrashTest() : seed_(std::random_device()()), random_(seed_) {
    for (uint64_t owner = 1; owner <= kMediaUsers; ++owner) users_.emplace_back(owner, random_());
  }

  void RunAndKill(std::chrono::milliseconds after) {
    SmiledProcess smiled(SMILED_PATH, data_);
    std::vector<std::thread> threads;
    for (MediaUser& user : users_) {
      threads.emplace_back([&user, port = smiled.port()] { user.RunUntilCrash(port); });
    }
    std::this_thread::sleep_for(after);
    smiled.Kill();
    for (std::thread& thread : threads) thread.join();
  }
  // All users at once.
  void Check(uint16_t port) {
    std::vector<std::thread> threads;
    for (MediaUser& user : users_) {
      threads.emplace_back([&user, port] { user.CheckAfterRestart(port); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::vector<std::string> Violations() const {
    std::vector<std::string> all;
    for (const MediaUser& user : users_) {
      all.insert(all.end(), user.violations().begin(), user.violations().end());
    }
    return all;
  }
  size_t FilesIn(const std::string& folder) const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data_ + folder)) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }

  const smile::testing::TempDirectory directory_;
  const std::string data_ = directory_.path();
  const uint64_t seed_;
  std::mt19937_64 random_;
  std::vector<MediaUser> users_;
};

TEST_F(MediaCrashTest, NothingAcknowledgedIsLostAndNothingElseIsLeft) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  const char* const given = std::getenv("SMILE_CYCLES");
  const int cycles = given == nullptr ? kMediaCycles : std::stoi(given);
  for (int cycle = 1; cycle <= cycles; ++cycle) {
    RunAndKill(std::chrono::milliseconds(10 + random_() % 700));
    SmiledProcess again(SMILED_PATH, data_);
    Check(again.port());
    ASSERT_THAT(Violations(), IsEmpty()) << "after crash " << cycle;
    // The next run begins after an orderly end, or after another crash.
    if (cycle % 2 == 0 || cycle == cycles) {
      ASSERT_EQ(again.Stop(), 0);
    }
  }
  MediaCounts counts;
  size_t media = 0;
  std::set<Sha256Digest> contents;
  for (const MediaUser& user : users_) {
    counts.Add(user.counts());
    media += user.media_count();
    user.AddContents(&contents);
  }
  EXPECT_GT(counts.puts + counts.uploads, 0u) << "nothing was tested";
  uint64_t swept = 0;
  {
    StoppedMediaServer stopped(data_);
    swept = stopped.SweepAfterAllLimits();
    EXPECT_EQ(stopped.Count(Table::kMedia), media);
    EXPECT_EQ(stopped.Count(Table::kContents), media + contents.size()) << "references and heads";
    EXPECT_EQ(stopped.Count(Table::kUploads), 0u);
    EXPECT_EQ(stopped.Count(Table::kWork), 0u);
    EXPECT_EQ(stopped.ContentCount() + stopped.Count(Table::kBlobs), contents.size());
    EXPECT_EQ(FilesIn("/content/uploads"), 0u);
  }
  std::cout << cycles << " crashes, " << counts.puts << " puts and " << counts.uploads
            << " uploads acknowledged, " << counts.resumed << " of them resumed, " << counts.deletes
            << " deletes, " << counts.reads << " reads compared, none lost; " << swept
            << " work items swept in the end\n";
}

// A test of the harness.
TEST_F(MediaCrashTest, HarnessDetectsLostContent) {
  RunAndKill(std::chrono::milliseconds(1'000));
  std::filesystem::remove_all(data_ + "/rocksdb");
  std::filesystem::remove(data_ + "/WATERMARK");
  SmiledProcess empty(SMILED_PATH, data_);
  Check(empty.port());
  EXPECT_THAT(Violations(), Not(IsEmpty()));
}

}  // namespace
}  // namespace smile
