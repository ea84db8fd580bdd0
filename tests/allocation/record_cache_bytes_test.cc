// The record cache allocates no more than its limit.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "base/coding.h"
#include "storage/cache_shard.h"
#include "storage/record_cache.h"
#include "tests/allocation/allocations.h"

namespace smile::testing {
namespace {

constexpr size_t kBytes = 4 << 20;

Bytes KeyBytes(uint64_t number) {
  Bytes key;
  AppendBig(&key, number);
  return key;
}

// Peak allocation since construction, above the amount at construction.
class Most {
 public:
  Most() { OfThisThread().most_bytes = OfThisThread().bytes; }
  int64_t bytes() const { return OfThisThread().most_bytes - before_; }

 private:
  const int64_t before_ = OfThisThread().bytes;
};

// Peak allocation of a cache of kBytes while `records` records with this value are inserted;
// without a value, their absence is.
int64_t MostBytes(uint64_t records, const std::optional<std::string>& value) {
  const Most most;
  RecordCache cache(kBytes);
  const RecordView record{.version = 1, .value = value ? ByteView(*value) : ByteView()};
  for (uint64_t number = 0; number < records; ++number) {
    const Bytes bytes = KeyBytes(number);
    const CacheKey key = cache.KeyOf(Table::kUsers, bytes);
    cache.Fill(key, cache.TicketFor(key), value ? &record : nullptr);
  }
  EXPECT_GT(cache.counts().bytes, kBytes * 3 / 4);
  return most.bytes();
}

TEST(RecordCacheBytes, CountEveryAllocation) {
  EXPECT_LE(MostBytes(200'000, std::nullopt), kBytes);
  EXPECT_LE(MostBytes(100'000, std::string(100, 'v')), kBytes);
  EXPECT_LE(MostBytes(20'000, std::string(1'000, 'v')), kBytes);
}

// Full of large records, which small ones gradually replace.
TEST(RecordCacheBytes, CountEveryAllocationWhileTablesGrow) {
  constexpr size_t kShardBytes = 256 << 10;
  const RecordCache cache(0);
  const std::string value(1'000, 'v');
  const RecordView record{.version = 1, .value = value};
  const Most most;
  const auto shard = std::make_unique<CacheShard>(kShardBytes);
  for (uint64_t number = 0; number < 10'000; ++number) {
    const Bytes key = KeyBytes(number);
    shard->Fill(cache.KeyOf(Table::kUsers, key), number < 1'000 ? &record : nullptr);
  }
  EXPECT_LE(most.bytes(), static_cast<int64_t>(kShardBytes));
  RecordCache::Counts counts;
  shard->AddCounts(&counts);
  EXPECT_GT(counts.records.entries, 1'500u);
}

}  // namespace
}  // namespace smile::testing
