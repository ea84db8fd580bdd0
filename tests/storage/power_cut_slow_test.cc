// The power goes at a random sync while several threads write, again and again; after each cut all
// that was acknowledged must be there. The same harness over a disk that lies in its syncs must
// find losses: so it can fail. Some writes are of two partitions together.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include "tests/storage/random_bytes.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

constexpr int kCuts = 40;
constexpr uint64_t kWriters = 4;
constexpr uint64_t kKeysOfAWriter = 8;

class PowerCutTest : public RocksTest {
 protected:
  struct Known {
    uint64_t acknowledged = 0;  // the counter's value that was last acknowledged
    uint64_t attempted = 0;     // the largest that may be there
  };

  PowerCutTest() {
    const char* const given = std::getenv("SMILE_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    random_.seed(seed_);
    std::cout << "SMILE_SEED=" << seed_ << "\n";
    // So small that tables are written out, and logs begun, between one cut and the next.
    options_.write_buffer_bytes = size_t{128} << 10;
  }

  // In two tables, which are written out at different times, so that there is more than one log.
  static Key KeyOf(uint64_t writer, uint64_t i) {
    return i % 4 == 0 ? UserKey(writer * 1000 + i, "counter") : PostKey(writer, i);
  }

  // Written together with the keys in `users`.
  static Key TwinOf(uint64_t writer, uint64_t i) { return PostKey(writer, kKeysOfAWriter + i); }

  static WriteRequest RequestFor(uint64_t writer, uint64_t i, const std::string& value) {
    const Key key = KeyOf(writer, i);
    WriteRequest request(key.view().partition_view(), {PutOf(key.sort, value)}, 0);
    if (key.table != Table::kUsers) return request;
    const Key twin = TwinOf(writer, i);
    request.AddAlso(WriteRequest(twin.view().partition_view(), {PutOf(twin.sort, value)}, 0));
    return request;
  }

  // Each key's values only grow, so that what is there can be compared with what must be.
  void WriteUntilTheCut(uint64_t writer, uint64_t seed) {
    Random random(seed);
    BlockingEngine blocking(engine_.get());
    const std::string filler(200 + Below(&random, 3000), 'f');
    for (Code code = Code::kOk; code == Code::kOk || code == Code::kOverloaded;) {
      Known& known = known_[writer][Below(&random, kKeysOfAWriter)];
      const uint64_t i = static_cast<uint64_t>(&known - known_[writer].data());
      const uint64_t next = known.attempted + 1;
      code =
          blocking.Write(RequestFor(writer, i, std::to_string(next) + " " + filler)).status.code();
      if (code == Code::kOk) known.acknowledged = next;
      if (code == Code::kOk || code == Code::kOutcomeUnknown) known.attempted = next;
      acknowledged_ += code == Code::kOk ? 1 : 0;
    }
  }

  void RunUntilTheCut() {
    faults_->PowerCutAtSync(1 + Below(&random_, 60));
    std::vector<std::thread> writers;
    for (uint64_t w = 0; w < kWriters; ++w) {
      writers.emplace_back([this, w, seed = random_()] { WriteUntilTheCut(w, seed); });
    }
    for (std::thread& writer : writers) writer.join();
    Close();
    EXPECT_TRUE(faults_->power_is_cut());
    faults_->ApplyPowerCut(random_());
  }

  // How many keys have less than was acknowledged, or more than was ever asked for, or not what was
  // written together with them.
  int CountWrong() {
    int wrong = 0;
    for (uint64_t w = 0; w < kWriters; ++w) {
      for (uint64_t i = 0; i < kKeysOfAWriter; ++i) {
        Known& known = known_[w][i];
        const Key key = KeyOf(w, i);
        const Result<Record> record = engine().Get(key);
        if (key.table == Table::kUsers) {
          wrong += engine().Value(key) == engine().Value(TwinOf(w, i)) ? 0 : 1;
        }
        const uint64_t there = record.ok() ? std::strtoull(record->value.c_str(), nullptr, 10) : 0;
        wrong += there < known.acknowledged || there > known.attempted ? 1 : 0;
        known = {.acknowledged = there, .attempted = there};
      }
    }
    return wrong;
  }

  uint64_t seed_ = 0;
  Random random_;
  std::array<std::array<Known, kKeysOfAWriter>, kWriters> known_{};
  std::atomic<uint64_t> acknowledged_{0};
};

TEST_F(PowerCutTest, PowerCutLosesNoAcknowledgedWrite) {
  Open();
  for (int cut = 0; cut < kCuts; ++cut) {
    SCOPED_TRACE("seed " + std::to_string(seed_) + ", cut " + std::to_string(cut));
    RunUntilTheCut();
    Open();
    ASSERT_EQ(CountWrong(), 0);
  }
  std::cout << acknowledged_ << " writes acknowledged over " << kCuts << " cuts\n";
  EXPECT_GT(acknowledged_, uint64_t{kCuts});
}

TEST_F(PowerCutTest, HarnessDetectsALyingDisk) {
  bool found_out = false;
  for (int cut = 0; cut < kCuts && !found_out; ++cut) {
    Open();
    faults_->LieInSyncs();
    RunUntilTheCut();
    // Either the engine itself misses something, or the comparison does.
    found_out = !OpenWords().empty() || CountWrong() > 0;
    Close();
  }
  EXPECT_TRUE(found_out) << "seed " << seed_;
}

}  // namespace
}  // namespace smile::testing
