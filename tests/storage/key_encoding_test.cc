#include "storage/key_encoding.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/storage/random_bytes.h"

namespace smile::testing {
namespace {

constexpr uint64_t kSeed = 20'240'601;
constexpr int kRandomKeys = 20'000;

Bytes Encode(const Key& key) {
  return Bytes(EncodedKey(key.view()).view());
}

// The order of a table, said without the encoding: partitions by bytes, then sort keys by bytes or
// the other way round.
bool StandsBefore(const Key& a, const Key& b) {
  if (a.partition != b.partition) return a.partition < b.partition;
  return InfoOf(a.table).newest_first ? a.sort > b.sort : a.sort < b.sort;
}

// What a range holds, said without the encoding.
bool IsBetween(Table table, ByteView sort, ByteView from, ByteView to, ByteView after) {
  const bool newest_first = InfoOf(table).newest_first;
  const auto at_or_behind = [&](ByteView bound) {  // a bound stands before all that begin with it
    if (sort.starts_with(bound)) return true;
    return newest_first ? sort < bound : sort > bound;
  };
  const bool behind_after = newest_first ? sort < after : sort > after;
  const bool begun = after.empty() ? at_or_behind(from) : behind_after;
  return begun && (to.empty() || !at_or_behind(to));
}

class KeyEncoding : public ::testing::TestWithParam<TableInfo> {
 protected:
  KeyEncoding() : random_(kSeed) { RecordProperty("seed", std::to_string(kSeed)); }

  const Table table_ = GetParam().table;
  Random random_;
};

INSTANTIATE_TEST_SUITE_P(Tables, KeyEncoding, ::testing::ValuesIn(kTables),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(KeyEncoding, OrderOnDiskIsTableOrder) {
  for (int i = 0; i < kRandomKeys; ++i) {
    const Key a = RandomKey(&random_, table_);
    Key b = RandomKey(&random_, table_);
    if (i % 2 == 0) b.partition = a.partition;
    ASSERT_EQ(Encode(a) < Encode(b), StandsBefore(a, b)) << "seed " << kSeed << ", round " << i;
    ASSERT_EQ(Encode(a) == Encode(b), a == b) << "seed " << kSeed << ", round " << i;
  }
}

TEST_P(KeyEncoding, KeysRoundTrip) {
  for (int i = 0; i < kRandomKeys; ++i) {
    const Key key = RandomKey(&random_, table_);
    const Bytes encoded = Encode(key);
    Bytes partition, sort;
    ASSERT_TRUE(DecodePartition(table_, encoded, &partition)) << "seed " << kSeed;
    ASSERT_TRUE(DecodeSort(table_, encoded, &sort)) << "seed " << kSeed;
    ASSERT_EQ(partition, key.partition);
    ASSERT_EQ(sort, key.sort);
    ASSERT_EQ(EncodedPartitionSize(table_, encoded), EncodedKey(key.view()).partition_size());
  }
}

TEST_P(KeyEncoding, NoPartitionIsAPrefixOfAnother) {
  for (int i = 0; i < kRandomKeys; ++i) {
    const Key a = RandomKey(&random_, table_);
    Key b = RandomKey(&random_, table_);
    if (GetParam().partition.type == PartType::kName && i % 2 == 0) {
      b.partition = (a.partition + b.partition).substr(0, limits::kMaxNameBytes);
    }
    if (a.partition == b.partition) continue;
    const Bytes prefix = EncodePartition(a.view().partition_view());
    ASSERT_FALSE(Encode(b).starts_with(prefix)) << "seed " << kSeed << ", round " << i;
  }
}

TEST_P(KeyEncoding, PartitionEndIsBetweenItsKeysAndTheNextPartition) {
  for (int i = 0; i < kRandomKeys; ++i) {
    const Key a = RandomKey(&random_, table_);
    const Key b = RandomKey(&random_, table_);
    const Bytes end = EncodedPartitionEnd(a.view().partition_view());
    ASSERT_TRUE(end.empty() || Encode(a) < end) << "seed " << kSeed << ", round " << i;
    if (b.partition > a.partition) {
      ASSERT_FALSE(end.empty()) << "seed " << kSeed << ", round " << i;
      ASSERT_GE(Encode(b), end) << "seed " << kSeed << ", round " << i;
    }
  }
}

TEST_P(KeyEncoding, RangeContainsExactlyItsKeys) {
  for (int i = 0; i < kRandomKeys; ++i) {
    const Key key = RandomKey(&random_, table_);
    const Bytes from = RandomBound(&random_, table_);
    const Bytes to = RandomBound(&random_, table_);
    const Bytes after = Below(&random_, 2) == 0 ? RandomSort(&random_, table_) : Bytes();
    const EncodedRange range = EncodeRange(key.view().partition_view(), from, to, after);
    const Bytes encoded = Encode(key);
    const bool inside = encoded >= range.lower && (range.upper.empty() || encoded < range.upper);
    ASSERT_EQ(inside, IsBetween(table_, key.sort, from, to, after))
        << "seed " << kSeed << ", round " << i;
    if (inside) {
      ASSERT_FALSE(range.empty());
    }
  }
}

TEST_P(KeyEncoding, AnyBytesAreDecodedOrRejected) {
  for (int i = 0; i < kRandomKeys; ++i) {
    const Bytes bytes = AwkwardBytes(&random_, Below(&random_, 40));
    Bytes partition, sort;
    const bool is_key =
        DecodePartition(table_, bytes, &partition) && DecodeSort(table_, bytes, &sort);
    if (is_key) {
      ASSERT_EQ(Encode(Key(table_, partition, sort)), bytes) << "seed " << kSeed;
    }
  }
}

TEST(KeyEncodingOnDisk, LongestKeyFits) {
  const Key longest = LoginKey(Bytes(limits::kMaxNameBytes, '\0'));
  EXPECT_EQ(Encode(longest).size(), 2 * limits::kMaxNameBytes + 2);
  EXPECT_EQ(Encode(UserKey(1, Bytes(limits::kMaxNameBytes, 'x'))).size(),
            8 + limits::kMaxNameBytes);
}

// The bytes that storage/FORMAT.md shows.
TEST(KeyEncodingOnDisk, MatchesTheFormatPage) {
  EXPECT_EQ(Encode(UserKey(42, "profile")), Bytes("\0\0\0\0\0\0\0\x2aprofile", 15));
  EXPECT_EQ(Encode(LoginKey(Bytes("a\0b", 3))), Bytes("a\0\xff"
                                                      "b\0\x01",
                                                      6));
  EXPECT_EQ(Encode(PostKey(1, 2)), Bytes("\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xfd", 16));
  EXPECT_EQ(Encode(LinkKey(1, LinkKind{3}, 2)),
            Bytes("\0\0\0\0\0\0\0\x01\x03\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\0", 26));
  EXPECT_EQ(Encode(BlobKey("0123456789abcdef", BlobPart::kChunk, 2)),
            Bytes("0123456789abcdef\x01\0\0\0\x02", 21));
}

}  // namespace
}  // namespace smile::testing
