// Scans and lists over stored data that cannot be read: they say so, and give everything else.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/storage/random_bytes.h"
#include "tests/storage/walk_damage_fixture.h"

namespace smile::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST_F(WalkPastDamageTest, ScanGoesPastADamagedBlock) {
  WriteLinks();
  for (const double place : {0.0, 0.5, 1.0}) {
    SCOPED_TRACE(place);
    Damage(Table::kLinks, place);
  }
  // Each of the three is of another partition, or of another part of this one.
  for (const uint64_t user : {1, 2, 3}) {
    SCOPED_TRACE(user);
    const auto entries = ExpectAsGets(Links(user, 0, user == 2 ? kLinks : 10));
    EXPECT_GE(Count(entries, Outcome::kGap), 1u);
    EXPECT_EQ(Count(entries, Outcome::kCorrupt), 0u);
    EXPECT_GE(Count(entries, Outcome::kFound), user == 2 ? kLinks - 300 : 0);
  }
  EXPECT_GE(engine().Stat("storage.damage.corrupt_reads_count"), 1u);
  EXPECT_EQ(engine_->Trouble(), "damaged");
}

// The search for the block's end tells them apart, however long they are.
TEST_F(WalkPastDamageTest, LongCommonPrefixesLoseOnlyOneBlock) {
  std::vector<Key> keys;
  for (uint64_t i = 0; i < kLinks; ++i) {
    keys.push_back(UserKey(2, std::string(40, 'n') + std::to_string(10'000 + i)));
  }
  PutAll(keys);
  Flush(Table::kUsers);
  for (const double place : {0.0, 0.5}) Damage(Table::kUsers, place);
  EXPECT_GT(Count(ExpectAsGets(keys, 10'000), Outcome::kFound), kLinks - 300);
}

TEST_F(WalkPastDamageTest, RecordsRewrittenOverADamagedBlockAreScanned) {
  WriteLinks();
  Damage(Table::kLinks, 0.5);
  const std::vector<Key> keys = Links(2, 0, kLinks);
  std::vector<Key> lost;
  for (const Key& key : keys) {
    if (engine().Value(key) == "(corrupt)") lost.push_back(key);
  }
  ASSERT_GT(lost.size(), 20u);
  ASSERT_TRUE(engine().Put(lost[3], "new").status.ok());
  ASSERT_TRUE(engine().Delete(lost[10]).status.ok());
  EXPECT_EQ(Count(ExpectAsGets(keys), Outcome::kFound), kLinks - lost.size() + 1);
  for (const Key& key : lost) ASSERT_TRUE(engine().Put(key, "new").status.ok());
  EXPECT_EQ(Count(ExpectAsGets(keys), Outcome::kFound), kLinks);
  Flush(Table::kLinks);
  EXPECT_EQ(Count(ExpectAsGets(keys), Outcome::kFound), kLinks);
}

// A damaged block hides older versions and deleted records below it.
TEST_F(WalkPastDamageTest, NoOutdatedRecordReappears) {
  WriteLinks();
  std::vector<Key> changed;
  const std::vector<Key> keys = Links(2, 0, kLinks);
  for (size_t i = 0; i < kLinks; i += 2) {
    if (i % 4 == 0) {
      ASSERT_TRUE(engine().Delete(keys[i]).status.ok());
    } else {
      changed.push_back(keys[i]);
    }
  }
  PutAll(changed, "new");
  Flush(Table::kLinks);
  ASSERT_EQ(FilesOf(Table::kLinks).size(), 2u);
  Damage(Table::kLinks, 0.5, /*index=*/1);
  const auto entries = ExpectAsGets(keys);
  EXPECT_GE(Count(entries, Outcome::kGap), 1u);
  EXPECT_GT(Count(entries, Outcome::kFound), kLinks / 2);
  std::set<Bytes> found;
  for (const Entry& entry : entries) {
    if (entry.outcome == Outcome::kFound) found.insert(entry.sort);
    const bool is_new = entry.value.starts_with("new");
    const bool was_changed = std::find_if(changed.begin(), changed.end(), [&](const Key& key) {
                               return key.sort == entry.sort;
                             }) != changed.end();
    EXPECT_TRUE(entry.outcome == Outcome::kGap || is_new == was_changed);
  }
  for (size_t i = 0; i < kLinks; i += 4) EXPECT_FALSE(found.contains(keys[i].sort)) << i;
}

TEST_F(WalkPastDamageTest, NewerRecordsAboveADamagedBlockAreScanned) {
  WriteLinks();
  const std::vector<Key> keys = Links(2, 0, kLinks);
  std::vector<Key> changed;
  for (size_t i = 0; i < kLinks; i += 3) changed.push_back(keys[i]);
  PutAll(changed, "new");
  Flush(Table::kLinks);
  Damage(Table::kLinks, 0.5, /*index=*/0);
  const auto entries = ExpectAsGets(keys);
  std::set<Bytes> found;
  for (const Entry& entry : entries) found.insert(entry.sort);
  for (const Key& key : changed) EXPECT_TRUE(found.contains(key.sort));
}

TEST_F(WalkPastDamageTest, SliceMayEndWithinAGap) {
  WriteLinks();
  const std::vector<Key> keys = Links(2, 0, kLinks);
  Damage(Table::kLinks, 0.5);
  PutAll(keys, "new");
  for (size_t i = 0; i < kLinks; i += 2) ASSERT_TRUE(engine().Delete(keys[i]).status.ok());
  RocksSeams::SetWalkBudget(engine_.get(), {.slice_records = 64, .slices = 2});
  EXPECT_EQ(Count(ExpectAsGets(keys, 10'000), Outcome::kFound), kLinks / 2);
}

TEST_F(WalkPastDamageTest, DamagedRecordIsACorruptEntryUntilRewritten) {
  WriteLinks();
  const std::vector<Key> keys = Links(2, 0, kLinks);
  for (const size_t i : {size_t{0}, size_t{1}, size_t{600}, size_t{kLinks - 1}})
    PutStored(keys[i], NoRecordsChecksum("v"));
  PutStored(keys[500], "");
  const auto entries = ExpectAsGets(keys);
  EXPECT_EQ(Count(entries, Outcome::kCorrupt), 5u);
  EXPECT_EQ(Count(entries, Outcome::kFound), kLinks - 5);
  EXPECT_EQ(entries[1].sort, keys[1].sort);
  EXPECT_EQ(entries[1].outcome, Outcome::kCorrupt);
  const auto names = ScanAll(Table::kLinks, keys[0].partition, 10'000, /*keys_only=*/true);
  EXPECT_EQ(Count(names, Outcome::kCorrupt), 5u);
  ASSERT_TRUE(engine().Put(keys[0], "new").status.ok());
  ASSERT_TRUE(engine().Delete(keys[1]).status.ok());
  EXPECT_EQ(Count(ExpectAsGets(keys), Outcome::kCorrupt), 3u);
}

TEST_F(WalkPastDamageTest, InvalidKeyIsAGap) {
  PutAll(Links(2, 0, 10));
  const Bytes partition = EncodePartition({Table::kLinks, PartitionOf(2)});
  const std::string stored = Bytes(RecordHeader(1, Hash64("v"), 0).view()) + "v";
  for (const char first : {'\0', '\1', '\2'}) {
    const Bytes key = partition + Bytes(1, first) + Bytes(300, 'x');
    ASSERT_TRUE(db()->Put({}, family(Table::kLinks), key, stored).ok());
  }
  for (const uint32_t limit : {1u, 3u, 100u}) {
    const auto entries = ExpectAsGets(Links(2, 0, 10), limit);
    EXPECT_EQ(Count(entries, Outcome::kGap), 2u);  // two have nothing between them
    EXPECT_EQ(Count(entries, Outcome::kFound), 10u);
  }
}

TEST_F(WalkPastDamageTest, UnreadableBlobValueIsACorruptEntry) {
  std::vector<Key> chunks;
  for (const char id : {'a', 'b'}) {
    for (uint32_t chunk = 0; chunk < 5; ++chunk) {
      chunks.push_back(BlobKey(std::string(16, id), BlobPart::kChunk, chunk));
      ASSERT_TRUE(engine().Put(chunks.back(), std::string(10'000, id)).status.ok());
    }
    Flush(Table::kBlobs);
  }
  const std::vector<std::string> blobs = Files(".blob");
  ASSERT_EQ(blobs.size(), 2u);
  Close();
  Overwrite(blobs[0], 25'000);
  Open();
  const std::vector<Key> first(chunks.begin(), chunks.begin() + 5);
  const auto entries = ExpectAsGets(first);
  EXPECT_EQ(Count(entries, Outcome::kCorrupt), 1u);
  EXPECT_EQ(entries[2].outcome, Outcome::kCorrupt);

  std::filesystem::remove(blobs[1]);
  for (const bool keys_only : {false, true}) {
    const auto missing = ScanAll(Table::kBlobs, chunks[5].partition, 2, keys_only);
    EXPECT_EQ(Count(missing, Outcome::kCorrupt), 5u);
    EXPECT_EQ(missing.size(), 5u);
    EXPECT_EQ(engine().Value(chunks[5]), "(corrupt)");
  }
  const Listed listed = ListAll(Table::kBlobs, 10);
  EXPECT_THAT(listed.partitions, ElementsAre(chunks[0].partition, chunks[5].partition));
  EXPECT_EQ(listed.gaps, 0u);
}

TEST_F(WalkPastDamageTest, PageWithDamageIsNotCached) {
  Close();
  options_.record_cache_bytes = size_t{8} << 20;
  Open();
  PutAll(Links(2, 0, 10));
  PutStored(Link(2, 5), NoRecordsChecksum("v"));
  const ScanRequest request{.table = Table::kLinks,
                            .partition = PartitionOf(2),
                            .limit = 100,
                            .max_value_bytes = size_t{1} << 20};
  for (int i = 0; i < 3; ++i) {
    const Result<ScanPage> page = engine().Scan(request);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->size(), 10u);
    EXPECT_FALSE(page->whole());
    ScanPage peeked;
    EXPECT_FALSE(engine().PeekScan(request, &peeked));
  }
}

TEST_F(WalkPastDamageTest, ListGoesPastADamagedBlock) {
  Close();
  options_.record_cache_bytes = 0;
  Open();
  PutUsers(0, kUsers);
  Flush(Table::kUsers);
  Compact(Table::kUsers);
  for (const double place : {0.0, 0.5, 1.0}) Damage(Table::kUsers, place);
  ASSERT_TRUE(engine().Put(UserKey(kUsers / 2, "profile"), "new").status.ok());
  for (const uint32_t limit : {1u, 7u, 10'000u}) {
    SCOPED_TRACE(limit);
    const Listed listed = ListAll(Table::kUsers, limit);
    EXPECT_GE(listed.gaps, 3u);
    EXPECT_TRUE(std::is_sorted(listed.partitions.begin(), listed.partitions.end()));
    const std::set<Bytes> seen(listed.partitions.begin(), listed.partitions.end());
    EXPECT_EQ(seen.size(), listed.partitions.size());
    for (uint64_t user = 0; user < kUsers; ++user) {
      const bool readable = engine().Get(UserKey(user, "profile")).ok();
      EXPECT_EQ(seen.contains(PartitionOf(user)), readable) << user;
    }
    EXPECT_TRUE(seen.contains(PartitionOf(kUsers / 2)));
  }
}

TEST_F(WalkPastDamageTest, NothingIsSkippedAfterManyAdjacentDamagedBlocks) {
  std::vector<Key> keys;
  for (uint64_t user = 0; user < 6'000; ++user) keys.push_back(UserKey(user, "profile"));
  PutAll(keys);
  Flush(Table::kUsers);
  const auto files = FilesOf(Table::kUsers);
  ASSERT_EQ(files.size(), 1u);
  Close();
  Overwrite(PathOf(files[0]), files[0].size / 4, std::string(files[0].size / 4, 'x'));
  Open();
  const auto found = std::count_if(keys.begin(), keys.end(),
                                   [&](const Key& key) { return engine().Get(key).ok(); });
  EXPECT_GT(found, 3'000);
  EXPECT_LT(found, 5'000);
  const Listed listed = ListAll(Table::kUsers, 1'000);
  EXPECT_EQ(listed.partitions.size(), static_cast<size_t>(found));
  EXPECT_GE(listed.gaps, 1u);
}

// Files at several levels that overlap, with damage anywhere.
TEST_F(WalkPastDamageTest, WalksAgreeWithGetsForAnyDamage) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  constexpr uint64_t kPartitions = 4, kRecords = 300;
  for (int file = 0; file < 4; ++file) {
    for (uint64_t i = 0; i < 500; ++i) {
      const Key key = Link(Below(&random, kPartitions), Below(&random, kRecords));
      const WriteReply reply = Below(&random, 4) == 0
                                   ? engine().Delete(key)
                                   : engine().Put(key, ValueOf(random()) + std::to_string(i));
      ASSERT_TRUE(reply.status.ok());
    }
    Flush(Table::kLinks);
    if (file == 1) Compact(Table::kLinks);
  }
  const size_t damaged = 1 + Below(&random, 3);
  for (size_t i = 0; i < damaged; ++i) {
    Damage(Table::kLinks, static_cast<double>(Below(&random, 1000)) / 1000,
           Below(&random, FilesOf(Table::kLinks).size()));
  }
  std::set<Bytes> readable, corrupt;
  for (uint64_t user = 0; user < kPartitions; ++user) {
    const std::vector<Key> keys = Links(user, 0, kRecords);
    for (const uint32_t limit : {1u, 10'000u}) ExpectAsGets(keys, limit, damaged == 1);
    for (const Key& key : keys) {
      const std::string value = engine().Value(key);
      if (value == "(corrupt)") corrupt.insert(key.partition);
      if (!value.starts_with("(")) readable.insert(key.partition);
    }
  }
  const Listed listed = ListAll(Table::kLinks, 2);
  for (const Bytes& partition : listed.partitions) {
    EXPECT_TRUE(readable.contains(partition) || corrupt.contains(partition));
  }
  if (listed.gaps == 0) {
    for (const Bytes& partition : readable) EXPECT_THAT(listed.partitions, Contains(partition));
  }
}

}  // namespace
}  // namespace smile::testing
