#include "storage/rocks/partition_memtable.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/slice_transform.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/coding.h"
#include "storage/rocks/entry_list.h"
#include "storage/rocks/partition_buckets.h"
#include "tests/storage/random_bytes.h"

namespace smile {
namespace {

using testing::Below;
using testing::Random;

constexpr size_t kPartitionBytes = 2;

using Contents = std::map<Bytes, Bytes>;

// A database in memory, all of it in the memtable unless a test flushes.
class PartitionMemtableTest : public ::testing::Test {
 protected:
  PartitionMemtableTest() : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())) {
    options_.env = env_.get();
    options_.create_if_missing = true;
    options_.allow_concurrent_memtable_write = false;
    options_.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kPartitionBytes));
    options_.memtable_factory = std::make_shared<PartitionMemtableFactory>(/*buckets=*/4);
    Open();
  }

  void Open() {
    db_.reset();
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options_, "/db", &db).ok());
    db_.reset(db);
  }

  // Few partitions, one of them with most of the keys, so that lists are short and long.
  Bytes RandomKey() {
    const bool large = Below(&random_, 2) == 0;
    Bytes key = large ? "zz" : testing::AwkwardBytes(&random_, kPartitionBytes);
    if (large) AppendBig(&key, static_cast<uint16_t>(Below(&random_, 600)));
    return key + testing::AwkwardBytes(&random_, Below(&random_, 3));
  }

  void Change(Contents* contents) {
    const Bytes key = RandomKey();
    if (Below(&random_, 4) == 0) {
      ASSERT_TRUE(db_->Delete({}, key).ok());
      contents->erase(key);
    } else {
      const Bytes value = std::to_string(++changes_);
      ASSERT_TRUE(db_->Put({}, key, value).ok());
      (*contents)[key] = value;
    }
  }

  std::optional<Bytes> Get(const Bytes& key, const rocksdb::Snapshot* snapshot) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    Bytes value;
    const rocksdb::Status status = db_->Get(options, key, &value);
    EXPECT_TRUE(status.ok() || status.IsNotFound());
    return status.ok() ? std::optional(value) : std::nullopt;
  }

  // All keys of a partition from `from` on, or of the table if it is empty.
  Contents Walk(const Bytes& from, const rocksdb::Snapshot* snapshot) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    options.prefix_same_as_start = !from.empty();
    options.total_order_seek = from.empty();
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options));
    Contents found;
    for (iterator->Seek(from); iterator->Valid(); iterator->Next()) {
      found.emplace_hint(found.end(), iterator->key().ToString(), iterator->value().ToString());
    }
    EXPECT_TRUE(iterator->status().ok());
    return found;
  }

  static Contents PartitionFrom(const Contents& contents, const Bytes& from) {
    Contents part;
    for (auto at = contents.lower_bound(from);
         at != contents.end() && at->first.starts_with(from.substr(0, kPartitionBytes)); ++at) {
      part.insert(*at);
    }
    return part;
  }

  void ExpectHolds(const Contents& contents, const rocksdb::Snapshot* snapshot) {
    EXPECT_EQ(Walk("", snapshot), contents);
    for (int i = 0; i < 20; ++i) {
      const Bytes key = RandomKey();
      const auto known = contents.find(key);
      EXPECT_EQ(Get(key, snapshot),
                known == contents.end() ? std::nullopt : std::optional(known->second));
      EXPECT_EQ(Walk(key, snapshot), PartitionFrom(contents, key));
    }
  }

  const uint64_t seed_ = std::random_device()();
  const ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  Random random_{seed_};
  uint64_t changes_ = 0;
  const std::unique_ptr<rocksdb::Env> env_;
  rocksdb::Options options_;
  std::unique_ptr<rocksdb::DB> db_;
};

TEST_F(PartitionMemtableTest, BehavesLikeAnOrderedMap) {
  Contents contents;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 60; ++i) Change(&contents);
    ExpectHolds(contents, nullptr);
  }
}

TEST_F(PartitionMemtableTest, SnapshotSeesItsState) {
  Contents contents;
  for (int i = 0; i < 500; ++i) Change(&contents);
  const Contents before = contents;
  const rocksdb::Snapshot* const snapshot = db_->GetSnapshot();
  for (int i = 0; i < 2'000; ++i) Change(&contents);
  ExpectHolds(before, snapshot);
  ExpectHolds(contents, nullptr);
  db_->ReleaseSnapshot(snapshot);
}

// Walks from anywhere, with partitions made between and during them: the order that they share is
// brought up to date for each.
TEST_F(PartitionMemtableTest, IteratorSeesItsState) {
  Contents contents;
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  for (uint64_t round = 0; round < 300; ++round) {
    for (uint64_t i = 0; i < 1 + round % 7; ++i) {
      Bytes key;
      AppendBig(&key, static_cast<uint16_t>(Below(&random_, 65'536)));
      ASSERT_TRUE(db_->Put({}, key, "v").ok());
      contents[key] = "v";
    }
    const Bytes from = testing::AwkwardBytes(&random_, Below(&random_, 4));
    const Bytes later = testing::AwkwardBytes(&random_, kPartitionBytes);
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options));
    const bool was_there = contents.contains(later);
    ASSERT_TRUE(db_->Put({}, later, "v").ok());
    auto expected = contents.lower_bound(from);
    for (iterator->Seek(from); iterator->Valid(); iterator->Next(), ++expected) {
      ASSERT_TRUE(expected != contents.end());
      ASSERT_EQ(iterator->key().ToString(), expected->first);
    }
    EXPECT_TRUE(expected == contents.end());
    if (!was_there) contents[later] = "v";
  }
}

TEST_F(PartitionMemtableTest, FlushesAndRecoversFromTheLog) {
  Contents contents;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 800; ++i) Change(&contents);
    if (round % 2 == 0) {
      ASSERT_TRUE(db_->Flush({}).ok());
    } else {
      Open();
    }
    ExpectHolds(contents, nullptr);
  }
}

TEST_F(PartitionMemtableTest, IteratesBackwards) {
  Contents contents;
  for (int i = 0; i < 1'000; ++i) Change(&contents);
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options));
  iterator->SeekToLast();
  for (auto at = contents.rbegin(); at != contents.rend(); ++at, iterator->Prev()) {
    ASSERT_TRUE(iterator->Valid());
    EXPECT_EQ(iterator->key().ToString(), at->first);
  }
  EXPECT_FALSE(iterator->Valid());

  for (int i = 0; i < 100; ++i) {
    const Bytes key = RandomKey();
    iterator->SeekForPrev(key);
    auto after = contents.upper_bound(key);
    ASSERT_EQ(iterator->Valid(), after != contents.begin());
    if (iterator->Valid()) {
      EXPECT_EQ(iterator->key().ToString(), std::prev(after)->first);
    }
  }
}

// --- PartitionBuckets
// ---------------------------------------------------------------------------------

// How many of these partitions are in the bucket that has most of them.
size_t MostInOneBucket(const PartitionBuckets& buckets, const std::vector<Bytes>& partitions) {
  std::map<const PartitionBuckets::Bucket*, size_t> counts;
  size_t most = 0;
  for (const Bytes& id : partitions) {
    most = std::max(most, ++counts[&buckets.Of(buckets.HashOf(id))]);
  }
  return most;
}

TEST(PartitionBuckets, BucketsDependOnTheSecret) {
  constexpr size_t kBuckets = 256;
  const PartitionBuckets known(kBuckets, SecretHash(1));
  std::vector<Bytes> chosen;
  for (uint64_t number = 0; chosen.size() < kBuckets; ++number) {
    Bytes id;
    AppendBig(&id, number);
    if (&known.Of(known.HashOf(id)) == &known.all().front()) chosen.push_back(id);
  }
  EXPECT_EQ(MostInOneBucket(known, chosen), kBuckets);
  EXPECT_LT(MostInOneBucket(PartitionBuckets(kBuckets, SecretHash(2)), chosen), 10u);
}

// --- EntryList
// ------------------------------------------------------------------------------------

// Entries as a memtable has them, in memory that stays.
class EntryListTest : public ::testing::Test {
 protected:
  static Bytes InternalKeyOf(uint32_t number, uint64_t sequence) {
    Bytes key;
    AppendBig(&key, number);
    AppendLittle(&key, sequence << 8);
    return key;
  }

  EntryNode* MakeNode(uint32_t number, uint64_t sequence) {
    const Bytes key = InternalKeyOf(number, sequence);
    const int height = 1 + static_cast<int>(number % EntryNode::kMaxHeight);
    char* const memory = static_cast<char*>(Take(EntryNode::BytesBefore(height) + 1 + key.size()));
    char* const entry = memory + EntryNode::BytesBefore(height);
    EntryNode* const node = EntryNode::Make(entry, height);
    entry[0] = static_cast<char>(key.size());
    key.copy(entry + 1, key.size());
    return node;
  }

  void* Take(size_t bytes) {
    blocks_.push_back(std::make_unique<uint64_t[]>(bytes / sizeof(uint64_t) + 1));
    return blocks_.back().get();
  }

  void Insert(uint32_t number, uint64_t sequence) {
    list_.Insert(MakeNode(number, sequence), [this](size_t bytes) { return Take(bytes); });
  }

  static uint32_t NumberOf(const EntryNode* node) {
    return LoadBig<uint32_t>(InternalKey::OfEntry(node->entry()).user_key.data());
  }

  std::deque<std::unique_ptr<uint64_t[]>> blocks_;
  EntryList list_;
};

TEST_F(EntryListTest, NewestVersionComesFirst) {
  Insert(7, 1);
  Insert(7, 3);
  Insert(7, 2);
  Insert(6, 9);
  std::vector<uint64_t> tags;
  for (const EntryNode* node = list_.First(); node != nullptr; node = node->next()) {
    tags.push_back(InternalKey::OfEntry(node->entry()).tag >> 8);
  }
  EXPECT_EQ(tags, (std::vector<uint64_t>{9, 3, 2, 1}));
  const Bytes wanted = InternalKeyOf(7, 2);
  EXPECT_EQ(InternalKey::OfEntry(list_.Seek(InternalKey::Of(wanted))->entry()).tag >> 8, 2u);
}

// For ThreadSanitizer too: one thread inserts, others find everything that they were told of.
TEST_F(EntryListTest, ConcurrentReadersFindInsertedKeys) {
  constexpr uint32_t kEntries = 5'000;
  std::atomic<uint32_t> inserted{0};
  const auto scattered = [](uint32_t i) { return i * 2'654'435'761u; };
  std::vector<std::thread> readers;
  for (uint32_t seed = 1; seed <= 2; ++seed) {
    readers.emplace_back([&, seed] {
      Random random(seed);
      while (inserted.load(std::memory_order_acquire) < kEntries) {
        const uint32_t known = inserted.load(std::memory_order_acquire);
        if (known == 0) continue;
        const uint32_t number = scattered(static_cast<uint32_t>(Below(&random, known)));
        const Bytes wanted = InternalKeyOf(number, UINT64_MAX >> 8);
        const EntryNode* const node = list_.Seek(InternalKey::Of(wanted));
        ASSERT_NE(node, nullptr);
        EXPECT_EQ(NumberOf(node), number);
        if (const EntryNode* const next = node->next(); next != nullptr) {
          EXPECT_GT(NumberOf(next), number);
        }
      }
    });
  }
  for (uint32_t i = 0; i < kEntries; ++i) {
    Insert(scattered(i), i + 1);
    inserted.store(i + 1, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace smile
