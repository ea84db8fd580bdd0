// Epochs: when a new one begins, and that no version is ever given twice.
#include "storage/rocks/epoch.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>

#include "storage/rocks/rocks_directory.h"
#include "storage/rocks/watermark.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr uint64_t kOneMilli = uint64_t{1} << Epoch::kMutationBits;

TEST(Epoch, VersionsGrowByOneFromTheStartOfTheEpoch) {
  const Epoch epoch = {.began_ms = 7, .base_sequence = 100};
  EXPECT_EQ(epoch.VersionOf(101), 7 * kOneMilli + 1);
  EXPECT_EQ(epoch.VersionOf(102), 7 * kOneMilli + 2);
}

TEST(Epoch, NextEpochBeginsNow) {
  const Result<Epoch> next = NextEpoch({.began_ms = 50, .base_sequence = 10}, 2000, 1500, 60);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->began_ms, 60u);
  EXPECT_EQ(next->base_sequence, 1500u);
}

TEST(Epoch, NextEpochIsAboveTheLastForAnyClock) {
  const Epoch last = {.began_ms = 50, .base_sequence = 10};
  for (const int64_t now : {int64_t{-1}, int64_t{0}, int64_t{49}, int64_t{50}}) {
    for (const uint64_t given : {uint64_t{0}, kOneMilli - 1, kOneMilli, 5 * kOneMilli + 3}) {
      const Result<Epoch> next = NextEpoch(last, 10 + given, 4, now);
      ASSERT_TRUE(next.ok());
      EXPECT_GT(next->VersionOf(4), last.VersionOf(10 + given));
    }
  }
}

TEST(Epoch, ClockPastTheLastYearIsRejected) {
  EXPECT_TRUE(NextEpoch({}, 0, 0, (int64_t{1} << 42) - 1).ok());
  const Result<Epoch> refused = NextEpoch({}, 0, 0, int64_t{1} << 42);
  EXPECT_EQ(refused.status().code(), Code::kStorageFailed);
  EXPECT_THAT(refused.status().message(), HasSubstr("clock is past the year 2109"));
}

TEST(Watermark, LineRoundTripsAndOthersAreRejected) {
  const Watermark mark = {.sequence = 40,
                          .epoch = {.began_ms = 1'700'000'000'000, .base_sequence = 7},
                          .written_as = {.inode = 3, .born_nanos = 9}};
  const std::string line = mark.ToLine();
  const Result<Watermark> read = Watermark::Parse(line);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->sequence, 40u);
  EXPECT_EQ(read->epoch.began_ms, 1'700'000'000'000u);
  EXPECT_EQ(read->epoch.base_sequence, 7u);
  EXPECT_EQ(read->written_as, mark.written_as);
  for (size_t i = 0; i < line.size(); ++i) {
    std::string damaged = line;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(Watermark::Parse(damaged).ok()) << damaged;
    EXPECT_FALSE(Watermark::Parse(line.substr(0, i)).ok()) << i;
  }
  EXPECT_FALSE(Watermark::Parse(line + " ").ok());
}

class EpochTest : public RocksTest {
 protected:
  // Of a write that was not there before; on a clock that goes on.
  uint64_t NewVersion() {
    around_.clock.AdvanceMillis(1);
    const WriteReply reply = engine().Put(kKey, "v");
    EXPECT_TRUE(reply.status.ok());
    const uint64_t version = reply.versions.at(0);
    EXPECT_EQ(engine().Get(kKey)->version, version);
    EXPECT_TRUE(given_.insert(version).second) << version << " was given before";
    EXPECT_EQ(*given_.rbegin(), version) << "versions grow";
    return version;
  }
  uint64_t EpochBegan() {
    for (const auto& [name, value] : engine().Stats()) {
      if (name == "storage.epoch_start_millis") return value;
    }
    ADD_FAILURE() << "STATS do not tell the epoch";
    return 0;
  }
  std::string Path(const char* name) const { return around_.directory / name; }
  void ServeCopy(const char* name) {
    Close();
    fs::copy(options_.directory, Path(name), fs::copy_options::recursive);
    options_.directory = Path(name);
    around_.clock.AdvanceMillis(1);
    Open();
  }

  const Key kKey = UserKey(1, "profile");
  std::set<uint64_t> given_;
};

TEST_F(EpochTest, VersionsFollowTheCommitOrder) {
  Open();
  const uint64_t first = NewVersion();
  EXPECT_EQ(first, EpochBegan() * kOneMilli + 1);
  const WriteReply batch = engine().Write(kKey.view().partition_view(),
                                          {PutOf("a", "1"), DeleteOf("a"), PutOf("b", "2")});
  EXPECT_THAT(batch.versions, ::testing::ElementsAre(first + 1, first + 2, first + 3));
  EXPECT_EQ(engine().Delete(PostKey(9, 9)).versions.at(0), first + 4);
}

TEST_F(EpochTest, EpochContinuesAfterARestartAndAMove) {
  Open();
  const uint64_t began = EpochBegan();
  const uint64_t version = NewVersion();
  around_.clock.AdvanceMillis(1000);
  Reopen();
  EXPECT_EQ(NewVersion(), version + 1);
  Close();
  fs::rename(options_.directory, Path("moved"));
  options_.directory = Path("moved");
  Open();
  EXPECT_EQ(NewVersion(), version + 2);
  EXPECT_EQ(EpochBegan(), began);
}

TEST_F(EpochTest, CopyBeginsANewEpoch) {
  Open();
  NewVersion();
  const std::string original = options_.directory;
  const uint64_t began = EpochBegan();
  ServeCopy("copy");
  EXPECT_GT(EpochBegan(), began);
  NewVersion();
  Reopen();
  NewVersion();

  // The original goes on beside it, in versions of its own.
  Close();
  options_.directory = original;
  Open();
  EXPECT_EQ(EpochBegan(), began);
  const uint64_t version = engine().Put(kKey, "v").versions.at(0);
  EXPECT_TRUE(given_.insert(version).second);
}

TEST_F(EpochTest, BackupRestoredTwiceRepeatsNoVersion) {
  Open();
  NewVersion();
  Close();
  fs::copy(options_.directory, Path("backup"), fs::copy_options::recursive);
  for (int restore = 0; restore < 3; ++restore) {
    fs::remove_all(options_.directory);
    fs::copy(Path("backup"), options_.directory, fs::copy_options::recursive);
    around_.clock.AdvanceMillis(1);
    Open();
    NewVersion();
    NewVersion();
    Close();
  }
}

// As rsync does it: what differs is replaced, the directory stays the same.
TEST_F(EpochTest, FilesRestoredInPlaceBeginANewEpoch) {
  Open();
  NewVersion();
  Close();
  fs::copy(options_.directory, Path("backup"), fs::copy_options::recursive);
  Open();
  NewVersion();
  Close();
  fs::remove_all(options_.directory + "/rocksdb");
  fs::remove(options_.directory + "/WATERMARK");
  fs::copy(Path("backup"), options_.directory,
           fs::copy_options::recursive | fs::copy_options::skip_existing);
  Open();
  NewVersion();
}

// Of two directories with one and the same file, the one that is opened first begins a new epoch.
TEST_F(EpochTest, CopyByHardLinksRepeatsNoVersion) {
  Open();
  NewVersion();
  Close();
  fs::copy(options_.directory, Path("links"),
           fs::copy_options::recursive | fs::copy_options::create_hard_links);
  Open();
  NewVersion();
  Close();
  options_.directory = Path("links");
  around_.clock.AdvanceMillis(1);
  Open();
  const uint64_t version = engine().Put(kKey, "v").versions.at(0);
  EXPECT_TRUE(given_.insert(version).second) << version << " was given before";
}

TEST_F(EpochTest, OptionBeginsANewEpoch) {
  Open();
  NewVersion();
  const uint64_t began = EpochBegan();
  Close();
  options_.new_epoch = true;
  Open();
  EXPECT_GT(EpochBegan(), began);
  NewVersion();
}

TEST_F(EpochTest, VersionsOfDiscardedWritesAreNotReused) {
  Open();
  NewVersion();
  Reopen();  // that one is in a table now
  NewVersion();
  faults_->LieInSyncs();
  NewVersion();
  faults_->PowerCutAtSync(1);
  (void)engine().Put(kKey, "v");
  Close();
  faults_->ApplyPowerCut(1);
  options_.accept_wal_loss = true;
  around_.clock.AdvanceMillis(1);
  Open();
  NewVersion();
}

// A start that died behind the loss and before the new epoch was written.
TEST_F(EpochTest, EndedEpochIsFollowedByANewOne) {
  Open();
  NewVersion();
  const uint64_t began = EpochBegan();
  Close();
  {
    auto directory = RocksDirectory::Open(options_.directory, env_.get());
    ASSERT_TRUE(directory.ok());
    ASSERT_TRUE((*directory)->EndEpoch().ok());
  }
  Open();
  EXPECT_GT(EpochBegan(), began);
  NewVersion();
}

// Writing one would make the next start take sequence numbers for versions of an epoch.
TEST_F(EpochTest, FailedStartWritesNoWatermark) {
  Open();
  NewVersion();
  const uint64_t began = EpochBegan();
  Close();
  faults_->FailSyncs("/data", rocksdb::IOStatus::IOError("fsync failed"));
  EXPECT_THAT(OpenWords(), HasSubstr("cannot be synced"));
  faults_->FailSyncs("", {});
  Open();
  EXPECT_EQ(EpochBegan(), began);
  NewVersion();
}

TEST_F(EpochTest, EpochIsDurableBeforeServing) {
  faults_->FailSyncs("WATERMARK.new", rocksdb::IOStatus::IOError("fsync failed"));
  EXPECT_THAT(OpenWords(), HasSubstr("WATERMARK cannot be written"));
}

}  // namespace
}  // namespace smile::testing
