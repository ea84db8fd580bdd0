#include "storage/record_cache.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/limits.h"

namespace smile::testing {
namespace {

using Found = RecordCache::Found;
using Ticket = RecordCache::Ticket;

class RecordCacheTest : public ::testing::Test {
 protected:
  static Bytes KeyBytes(uint64_t number) {
    Bytes bytes;
    AppendBig(&bytes, number);
    return bytes;
  }

  // What the cache has: the value, "(absent)" or "(nothing)".
  std::string Look(RecordCache* cache, ByteView key, Ticket* ticket = nullptr) {
    Ticket ignored;
    std::string seen;
    const Found found = cache->Find(
        cache->KeyOf(Table::kUsers, key), clock_,
        [&](const RecordView& record) { seen = Bytes(record.value); },
        ticket == nullptr ? &ignored : ticket);
    if (found == Found::kRecord) return seen;
    return found == Found::kAbsent ? "(absent)" : "(nothing)";
  }
  void Fill(RecordCache* cache, ByteView key, ByteView value) {
    Ticket ticket;
    Look(cache, key, &ticket);
    const RecordView record{.version = 1, .value = value};
    cache->Fill(cache->KeyOf(Table::kUsers, key), ticket, &record);
  }

  ManualClock clock_;
};

TEST_F(RecordCacheTest, CachesRecordsAndAbsence) {
  RecordCache cache(1 << 20);
  EXPECT_EQ(Look(&cache, "a"), "(nothing)");
  Fill(&cache, "a", "value");
  EXPECT_EQ(Look(&cache, "a"), "value");
  Ticket ticket;
  Look(&cache, "b", &ticket);
  cache.Fill(cache.KeyOf(Table::kUsers, "b"), ticket, nullptr);
  EXPECT_EQ(Look(&cache, "b"), "(absent)");
}

TEST_F(RecordCacheTest, KeysOfDifferentTablesDiffer) {
  RecordCache cache(1 << 20);
  Fill(&cache, "a", "value");
  Ticket ticket;
  EXPECT_EQ(cache.Find(
                cache.KeyOf(Table::kLogins, "a"), clock_, [](const RecordView&) {}, &ticket),
            Found::kNothing);
}

TEST_F(RecordCacheTest, ContentIsNotCached) {
  RecordCache cache(1 << 20);
  const auto look = [&](Ticket* ticket) {
    return cache.Find(
        cache.KeyOf(Table::kBlobs, "a"), clock_, [](const RecordView&) {}, ticket);
  };
  Ticket ticket;
  EXPECT_EQ(look(&ticket), Found::kNothing);
  cache.Fill(cache.KeyOf(Table::kBlobs, "a"), ticket, nullptr);
  EXPECT_EQ(look(&ticket), Found::kAbsent);
  const RecordView record{.version = 1, .value = "photo"};
  cache.BeginWrite(cache.KeyOf(Table::kBlobs, "a"));
  cache.EndWrite(cache.KeyOf(Table::kBlobs, "a"), /*known=*/true, &record);
  EXPECT_EQ(look(&ticket), Found::kNothing);
  cache.Fill(cache.KeyOf(Table::kBlobs, "a"), ticket, &record);
  EXPECT_EQ(look(&ticket), Found::kNothing);
}

TEST_F(RecordCacheTest, ExpiredRecordIsAbsent) {
  RecordCache cache(1 << 20);
  Ticket ticket;
  Look(&cache, "a", &ticket);
  const RecordView record{
      .version = 1, .expires_ms = static_cast<uint64_t>(clock_.WallMillis()) + 10, .value = "v"};
  cache.Fill(cache.KeyOf(Table::kUsers, "a"), ticket, &record);
  EXPECT_EQ(Look(&cache, "a"), "v");
  clock_.AdvanceMillis(10);
  EXPECT_EQ(Look(&cache, "a"), "(absent)");
}

TEST_F(RecordCacheTest, StaleReadDoesNotReplaceAWrite) {
  RecordCache cache(1 << 20);
  const CacheKey key = cache.KeyOf(Table::kUsers, "a");
  const RecordView old_record{.version = 1, .value = "old"};
  const RecordView new_record{.version = 2, .value = "new"};

  Ticket before;
  Look(&cache, "a", &before);
  cache.BeginWrite(key);
  cache.Fill(key, before, &old_record);
  EXPECT_EQ(Look(&cache, "a"), "(nothing)") << "filled in during the write";
  Ticket during;
  Look(&cache, "a", &during);
  cache.EndWrite(key, /*known=*/true, &new_record);
  cache.Fill(key, before, &old_record);
  cache.Fill(key, during, &old_record);
  EXPECT_EQ(Look(&cache, "a"), "(nothing)");
}

TEST_F(RecordCacheTest, WriteUpdatesCachedRecordsOnly) {
  RecordCache cache(1 << 20);
  const auto write = [&cache](ByteView key, const RecordView* record) {
    cache.BeginWrite(cache.KeyOf(Table::kUsers, key));
    cache.EndWrite(cache.KeyOf(Table::kUsers, key), /*known=*/true, record);
  };
  const RecordView same_size{.version = 2, .value = "two"};
  const RecordView other_size{.version = 3, .value = "three"};
  Fill(&cache, "a", "one");
  write("a", &same_size);
  EXPECT_EQ(Look(&cache, "a"), "two");
  write("a", &other_size);
  EXPECT_EQ(Look(&cache, "a"), "three");
  write("a", nullptr);
  EXPECT_EQ(Look(&cache, "a"), "(absent)");
  write("a", &same_size);
  EXPECT_EQ(Look(&cache, "a"), "two");
  write("b", &same_size);
  EXPECT_EQ(Look(&cache, "b"), "(nothing)");
}

TEST_F(RecordCacheTest, WriteInvalidatesBeforeItIsVisible) {
  RecordCache cache(1 << 20);
  Fill(&cache, "a", "old");
  const CacheKey key = cache.KeyOf(Table::kUsers, "a");
  cache.BeginWrite(key);
  EXPECT_EQ(Look(&cache, "a"), "(nothing)");
  cache.EndWrite(key, /*known=*/false, nullptr);
  EXPECT_EQ(Look(&cache, "a"), "(nothing)");
}

TEST_F(RecordCacheTest, LastOfTwoConcurrentWritesIsShown) {
  RecordCache cache(1 << 20);
  const CacheKey key = cache.KeyOf(Table::kUsers, "a");
  const RecordView first{.version = 1, .value = "first"};
  const RecordView second{.version = 2, .value = "second"};
  Fill(&cache, "a", "before");
  cache.BeginWrite(key);
  cache.BeginWrite(key);
  cache.EndWrite(key, true, &first);
  EXPECT_EQ(Look(&cache, "a"), "(nothing)");
  cache.EndWrite(key, true, &second);
  EXPECT_EQ(Look(&cache, "a"), "second");
}

TEST_F(RecordCacheTest, StaysWithinItsLimit) {
  constexpr size_t kBytes = 1 << 20;
  RecordCache cache(kBytes);
  std::mt19937 random(7);
  for (uint64_t i = 0; i < 20'000; ++i) {
    Fill(&cache, KeyBytes(random() % 10'000), std::string(random() % 2000, 'v'));
    ASSERT_LE(cache.counts().bytes, kBytes);
  }
  EXPECT_GT(cache.counts().bytes, kBytes / 2);
}

TEST_F(RecordCacheTest, LargeValuesAreNotCached) {
  RecordCache cache(64 << 20);
  Fill(&cache, "a", std::string(limits::kMaxCachedValueBytes + 1, 'v'));
  EXPECT_EQ(Look(&cache, "a"), "(nothing)");
  RecordCache none(0);
  Fill(&none, "a", "v");
  EXPECT_EQ(Look(&none, "a"), "(nothing)");
}

// One shard's share of the bytes holds few of them.
TEST_F(RecordCacheTest, ShardsDependOnTheSecret) {
  constexpr size_t kBytes = 4 << 20;
  constexpr uint64_t kKeys = 2'000;
  RecordCache known(kBytes, SecretHash(1));
  RecordCache other(kBytes, SecretHash(2));
  const std::string value(1'000, 'v');
  uint64_t filled = 0;
  for (uint64_t number = 0; filled < kKeys; ++number) {
    const Bytes key = KeyBytes(number);
    if (known.KeyOf(Table::kUsers, key).hash() >> 56 != 0) continue;
    ++filled;
    Fill(&known, key, value);
    Fill(&other, key, value);
  }
  EXPECT_LT(known.counts().records.entries, kKeys / 20);
  EXPECT_GT(other.counts().records.entries, kKeys * 9 / 10);
}

TEST_F(RecordCacheTest, FullScanDoesNotEvictHotRecords) {
  RecordCache cache(4 << 20);
  const std::string value(100, 'v');
  const auto ask = [&](uint64_t key) {
    if (Look(&cache, KeyBytes(key)) == "(nothing)") Fill(&cache, KeyBytes(key), value);
  };
  constexpr uint64_t kHot = 5'000;
  for (int round = 0; round < 3; ++round) {
    for (uint64_t key = 0; key < kHot; ++key) ask(key);
  }
  for (uint64_t key = 1'000'000; key < 1'100'000; ++key) ask(key);
  uint64_t still_there = 0;
  for (uint64_t key = 0; key < kHot; ++key) still_there += Look(&cache, KeyBytes(key)) == value;
  EXPECT_GT(still_there, kHot * 9 / 10);
}

// A storage in memory with the cache before it, as the engine uses it. The version that a reader
// sees may never be below one that it, or anybody before it, has seen or was told of.
class CachedStorage {
 public:
  uint64_t Read(const ManualClock& clock, size_t number) {
    const Bytes bytes = std::to_string(number);
    const CacheKey key = cache_.KeyOf(Table::kUsers, bytes);
    uint64_t version = 0;
    Ticket ticket;
    const auto show = [&](const RecordView& record) { version = record.version; };
    if (cache_.Find(key, clock, show, &ticket) != Found::kNothing) return version;
    version = stored_[number].load();
    std::this_thread::yield();
    const RecordView record{.version = version, .value = "v"};
    cache_.Fill(key, ticket, version == 0 ? nullptr : &record);
    return version;
  }

  void Write(size_t number, uint64_t version) {
    const Bytes bytes = std::to_string(number);
    const CacheKey key = cache_.KeyOf(Table::kUsers, bytes);
    cache_.BeginWrite(key);
    stored_[number].store(version);
    std::this_thread::yield();
    const RecordView record{.version = version, .value = "v"};
    cache_.EndWrite(key, true, &record);
  }

  static constexpr size_t kRecords = 4;

 private:
  RecordCache cache_{64 * 2'000};  // a few records a shard: they come and go
  std::atomic<uint64_t> stored_[kRecords] = {};
};

TEST_F(RecordCacheTest, RecordsNeverGoBackForConcurrentReaders) {
  CachedStorage storage;
  std::atomic<uint64_t> known[CachedStorage::kRecords] = {};  // seen or acknowledged
  std::atomic<bool> writing{true};
  std::atomic<uint64_t> went_back{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      for (uint64_t n = i; writing; ++n) {
        const size_t number = n % CachedStorage::kRecords;
        const uint64_t before = known[number].load();
        const uint64_t seen = storage.Read(clock_, number);
        if (seen < before) ++went_back;
        uint64_t most = known[number].load();
        while (most < seen && !known[number].compare_exchange_weak(most, seen)) {
        }
      }
    });
  }
  for (uint64_t version = 1; version <= 5'000; ++version) {
    for (size_t number = 0; number < CachedStorage::kRecords; ++number) {
      storage.Write(number, version);
      uint64_t most = known[number].load();
      while (most < version && !known[number].compare_exchange_weak(most, version)) {
      }
    }
  }
  writing = false;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(went_back, 0u);
}

}  // namespace
}  // namespace smile::testing
