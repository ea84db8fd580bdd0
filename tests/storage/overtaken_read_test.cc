// Reads that a write overtakes between their look at the storage and what they put into the record
// cache. The engine's clock is where the test steps in: readers ask it for the time in between.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

class SteppingInClock final : public Clock {
 public:
  int64_t MonotonicNanos() const override { return clock_.MonotonicNanos(); }
  // The next to ask for the time, on whatever thread, does this first.
  void AtNextLook(std::function<void()> step_in) {
    step_in_ = std::move(step_in);
    armed_ = true;
  }
  int64_t WallMillis() const override {
    if (armed_.exchange(false)) step_in_();
    return clock_.WallMillis();
  }

 private:
  ManualClock clock_;
  std::function<void()> step_in_;
  mutable std::atomic<bool> armed_{false};
};

class OvertakenReadTest : public RocksTest {
 protected:
  OvertakenReadTest() {
    auto opened = RocksSeams::Open(options_, &clock_, &around_.log, env_.get());
    CHECK(opened.ok());
    engine_ = std::move(opened).value();
  }
  ~OvertakenReadTest() override { Close(); }

  // In RocksDB, not in the cache.
  void Overwrite(const Key& key, ByteView value) {
    const EncodedKey encoded(key.view());
    const uint64_t expires = static_cast<uint64_t>(clock_.WallMillis()) + 1'000'000;
    const Bytes stored = Bytes(RecordHeader(7, Hash64(value), expires).view()).append(value);
    ASSERT_TRUE(db()->Put({}, family(key.table), encoded.view(), stored).ok());
  }

  SteppingInClock clock_;
};

TEST_F(OvertakenReadTest, OvertakenScanIsNotCached) {
  const ScanRequest newest = {.table = Table::kPosts,
                              .partition = PartitionOf(7),
                              .limit = 3,
                              .max_value_bytes = limits::kMaxReplyValueBytes};
  for (uint64_t post = 1; post <= 3; ++post) {
    ASSERT_TRUE(engine().Put(PostKey(7, post), std::to_string(post)).status.ok());
  }
  clock_.AtNextLook([this] { EXPECT_TRUE(engine().Put(PostKey(7, 4), "4").status.ok()); });
  const Result<ScanPage> overtaken = engine().PeekOrScan(newest);
  EXPECT_EQ((*overtaken)[0].record.value, "3") << "it began before the write";
  EXPECT_EQ((*engine().PeekOrScan(newest))[0].record.value, "4");
}

TEST_F(OvertakenReadTest, OvertakenReadIsNotCached) {
  const Key key = UserKey(1, "a");
  ASSERT_TRUE(engine().Put(key, "old").status.ok());
  Close();
  auto opened = RocksSeams::Open(options_, &clock_, &around_.log, env_.get());  // an empty cache
  ASSERT_TRUE(opened.ok());
  engine_ = std::move(opened).value();
  // Too large for the cache: nothing there would keep the old record out but the ticket.
  clock_.AtNextLook([&] {
    EXPECT_TRUE(engine().Put(key, std::string(limits::kMaxCachedValueBytes + 1, 'n')).status.ok());
  });
  EXPECT_EQ(engine().Value(key), "old") << "it began before the write";
  std::string seen;
  EXPECT_EQ(engine_->Peek(key.view(), [&](const RecordView& record) { seen = record.value; }),
            PeekResult::kFound);
  EXPECT_EQ(seen.size(), limits::kMaxCachedValueBytes + 1);
}

// Writes come between the looks at two keys, past the cache, so that only the order of the looks
// counts.
TEST_F(OvertakenReadTest, KeysOfOnePartitionAreReadInOrder) {
  const Key missed = UserKey(1, "missed"), cached = UserKey(1, "cached");
  for (const Key& key : {missed, cached}) Overwrite(key, "old");
  (void)Peek(cached);
  // Asked for the time by the look at `cached`, whose record has an expiry.
  clock_.AtNextLook([&] {
    Overwrite(cached, "new");
    Overwrite(missed, "new");
  });
  std::string seen;
  engine_->PeekMany(ViewsOf({missed, cached}),
                    [&](size_t, PeekResult result, const RecordView& record) {
                      EXPECT_EQ(result, PeekResult::kFound);
                      seen += Bytes(record.value) + " ";
                      return true;
                    });
  EXPECT_NE(seen, "new old ") << "the first is newer than the second";
}

}  // namespace
}  // namespace smile::testing
