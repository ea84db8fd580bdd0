// The contract of storage/engine.h for scans and for walks over partitions.
#include <gmock/gmock.h>

#include <algorithm>

#include "base/coding.h"
#include "base/limits.h"
#include "tests/storage/engine_contract.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kNoByteLimit = size_t{1} << 30;

class ScanContract : public EngineContract {
 protected:
  // The values of a partition between bounds, which name the records.
  std::vector<std::string> Values(ScanRequest request) {
    if (request.limit == 0) request.limit = 1000;
    if (request.max_value_bytes == 0) request.max_value_bytes = kNoByteLimit;
    const Result<ScanPage> page = blocking_.Scan(std::move(request));
    if (!page.ok()) return {page.status().ToString()};
    std::vector<std::string> values;
    for (size_t i = 0; i < page->size(); ++i) values.emplace_back((*page)[i].record.value);
    return values;
  }

  void Put(const Key& key, ByteView value, uint64_t expires_ms = 0) {
    ASSERT_TRUE(blocking_.Put(key, value, Always(), expires_ms).status.ok());
  }
  void PutNames(const std::vector<std::string>& names) {
    for (const std::string& name : names) Put(UserKey(1, name), name);
  }
};
SMILE_CONTRACT_SUITE(ScanContract);

Bytes KindBound(uint8_t kind) {
  return Bytes(1, static_cast<char>(kind));
}

TEST_P(ScanContract, ScanOfAnEmptyPartitionIsEmpty) {
  for (const Table table : {Table::kUsers, Table::kPosts}) {
    const Result<ScanPage> page =
        blocking_.Scan({.table = table, .partition = PartitionOf(1), .limit = 10});
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->size(), 0u);
    EXPECT_FALSE(page->more);
  }
}

TEST_P(ScanContract, NamesAreInByteOrder) {
  PutNames({"b", "a", "aa", "\xff", "B", "ab"});
  EXPECT_THAT(Values({.table = Table::kUsers, .partition = PartitionOf(1)}),
              ElementsAre("B", "a", "aa", "ab", "b", "\xff"));
}

TEST_P(ScanContract, PostsAndMediaAreNewestFirst) {
  for (const uint64_t id : {uint64_t{3}, uint64_t{0}, ~uint64_t{0}, uint64_t{300}}) {
    Put(PostKey(1, id), std::to_string(id));
    Put(MediaKey(1, id), std::to_string(id));
  }
  for (const Table table : {Table::kPosts, Table::kMedia}) {
    EXPECT_THAT(Values({.table = table, .partition = PartitionOf(1)}),
                ElementsAre("18446744073709551615", "300", "3", "0"));
    EXPECT_THAT(Values({.table = table,
                        .partition = PartitionOf(1),
                        .from = PartitionOf(300),
                        .to = PartitionOf(0)}),
                ElementsAre("300", "3"));
    EXPECT_THAT(Values({.table = table, .partition = PartitionOf(1), .after = PartitionOf(3)}),
                ElementsAre("0"));
  }
}

TEST_P(ScanContract, LinksAreBoundedByKindAndByOther) {
  for (const uint8_t kind : {1, 2, 255})
    for (const uint64_t other : {uint64_t{0}, uint64_t{7}, ~uint64_t{0}})
      Put(LinkKey(5, LinkKind{kind}, other), std::to_string(kind) + "/" + std::to_string(other));
  const auto links = [&](Bytes from, Bytes to, Bytes after = {}) {
    return Values({.table = Table::kLinks,
                   .partition = PartitionOf(5),
                   .from = std::move(from),
                   .to = std::move(to),
                   .after = std::move(after)});
  };
  EXPECT_THAT(links(KindBound(2), KindBound(3)),
              ElementsAre("2/0", "2/7", "2/18446744073709551615"));
  EXPECT_THAT(links(LinkKey(5, LinkKind::kFriend, 7).sort, KindBound(2)),
              ElementsAre("1/7", "1/18446744073709551615"));
  EXPECT_THAT(links(LinkKey(5, LinkKind::kFriend, 8).sort, LinkKey(5, LinkKind::kFamily, 7).sort),
              ElementsAre("1/18446744073709551615", "2/0"));
  EXPECT_THAT(links(KindBound(255), {}), ElementsAre("255/0", "255/7", "255/18446744073709551615"));
  EXPECT_THAT(links(KindBound(2), {}, LinkKey(5, LinkKind{255}, 7).sort),
              ElementsAre("255/18446744073709551615"));
}

TEST_P(ScanContract, EmptyRangeIsEmpty) {
  PutNames({"a", "b", "c"});
  const auto names = [&](Bytes from, Bytes to, Bytes after = {}) {
    return Values({.table = Table::kUsers,
                   .partition = PartitionOf(1),
                   .from = std::move(from),
                   .to = std::move(to),
                   .after = std::move(after)});
  };
  EXPECT_THAT(names("b", "b"), IsEmpty());
  EXPECT_THAT(names("c", "a"), IsEmpty());
  EXPECT_THAT(names("", "b", "b"), IsEmpty());
  EXPECT_THAT(names("d", ""), IsEmpty());
  EXPECT_THAT(names("", "", "c"), IsEmpty());
}

TEST_P(ScanContract, AfterReplacesFrom) {
  PutNames({"a", "b", "c"});
  EXPECT_THAT(
      Values({.table = Table::kUsers, .partition = PartitionOf(1), .from = "c", .after = "a"}),
      ElementsAre("b", "c"));
  EXPECT_THAT(Values({.table = Table::kUsers, .partition = PartitionOf(1), .after = "aX"}),
              ElementsAre("b", "c"));
}

TEST_P(ScanContract, ScanStaysInItsPartition) {
  for (const uint64_t user : {uint64_t{0}, uint64_t{1}, uint64_t{256}, ~uint64_t{0}}) {
    Put(PostKey(user, 1), std::to_string(user));
  }
  EXPECT_THAT(Values({.table = Table::kPosts, .partition = PartitionOf(1)}), ElementsAre("1"));
  EXPECT_THAT(Values({.table = Table::kPosts, .partition = PartitionOf(~uint64_t{0})}),
              ElementsAre("18446744073709551615"));
  const Bytes blob(16, '\xff');
  Put(BlobKey(blob, BlobPart::kChunk, 0), "chunk");
  Put(BlobKey(std::string(15, '\xff') + '\xfe', BlobPart::kChunk, 0), "other");
  EXPECT_THAT(Values({.table = Table::kBlobs, .partition = blob}), ElementsAre("chunk"));
}

TEST_P(ScanContract, LoginIsAPartitionOfOneRecord) {
  for (const std::string& login : {std::string("a"), std::string("a\0", 2), std::string("ab")}) {
    Put(LoginKey(login), login);
  }
  EXPECT_THAT(Values({.table = Table::kLogins, .partition = "a"}), ElementsAre("a"));
  EXPECT_THAT(Values({.table = Table::kLogins, .partition = Bytes("a\0", 2)}),
              ElementsAre(std::string("a\0", 2)));
}

TEST_P(ScanContract, PagesAreContiguousInEveryTable) {
  struct Case {
    Table table;
    Bytes partition;
    std::function<Key(uint64_t)> key;
  };
  const Bytes blob(16, 'b');
  const std::vector<Case> cases = {
      {Table::kUsers, PartitionOf(9),
       [](uint64_t i) { return UserKey(9, std::to_string(1000 + i)); }},
      {Table::kPosts, PartitionOf(9), [](uint64_t i) { return PostKey(9, 1000 - i); }},
      {Table::kMedia, PartitionOf(9), [](uint64_t i) { return MediaKey(9, 1000 - i); }},
      {Table::kLinks, PartitionOf(9),
       [](uint64_t i) { return LinkKey(9, LinkKind{static_cast<uint8_t>(1 + i / 4)}, i); }},
      {Table::kBlobs, blob,
       [&](uint64_t i) { return BlobKey(blob, BlobPart::kChunk, static_cast<uint32_t>(i)); }},
  };
  for (const Case& c : cases) {
    for (uint64_t i = 0; i < 10; ++i) Put(c.key(i), std::to_string(i));
    ScanRequest request = {
        .table = c.table, .partition = c.partition, .limit = 3, .max_value_bytes = kNoByteLimit};
    std::vector<size_t> sizes;
    uint64_t next = 0;
    for (bool more = true; more;) {
      const Result<ScanPage> page = blocking_.Scan(request);
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      ASSERT_GT(page->size(), 0u);
      sizes.push_back(page->size());
      for (size_t i = 0; i < page->size(); ++i, ++next) {
        EXPECT_EQ((*page)[i].sort, c.key(next).sort);
        EXPECT_EQ((*page)[i].record.value, std::to_string(next));
      }
      request.after = (*page)[page->size() - 1].sort;
      more = page->more;
    }
    EXPECT_THAT(sizes, ElementsAre(3u, 3u, 3u, 1u)) << InfoOf(c.table).name;
  }
}

TEST_P(ScanContract, MoreIsSetOnlyIfThereIsMore) {
  PutNames({"a", "b", "c"});
  Put(UserKey(1, "d"), "expired", now_ms() + 1);
  clock().AdvanceMillis(1);
  const auto more = [&](uint32_t limit, Bytes to) {
    return blocking_
        .Scan({.table = Table::kUsers,
               .partition = PartitionOf(1),
               .to = std::move(to),
               .limit = limit,
               .max_value_bytes = kNoByteLimit})
        ->more;
  };
  EXPECT_TRUE(more(2, ""));
  EXPECT_FALSE(more(2, "c"));
  EXPECT_FALSE(more(3, ""));
}

TEST_P(ScanContract, PageIsBoundedInBytesButHasOneRecord) {
  for (const char* name : {"a", "b", "c"}) Put(UserKey(1, name), std::string(100, *name));
  const auto size = [&](size_t max_bytes, bool keys_only) {
    return blocking_
        .Scan({.table = Table::kUsers,
               .partition = PartitionOf(1),
               .limit = 10,
               .max_value_bytes = max_bytes,
               .keys_only = keys_only})
        ->size();
  };
  EXPECT_EQ(size(1, false), 1u);
  EXPECT_EQ(size(199, false), 1u);
  EXPECT_EQ(size(200, false), 2u);
  EXPECT_EQ(size(300, false), 3u);
  EXPECT_EQ(size(1, true), 3u);
}

TEST_P(ScanContract, KeysOnlyOmitsTheValue) {
  const uint64_t expires = now_ms() + 1000;
  Put(UserKey(1, "a"), "value", expires);
  const Result<ScanPage> page = blocking_.Scan(
      {.table = Table::kUsers, .partition = PartitionOf(1), .limit = 1, .keys_only = true});
  ASSERT_EQ(page->size(), 1u);
  const ScanPage::Entry entry = (*page)[0];
  EXPECT_EQ(entry.sort, "a");
  EXPECT_EQ(entry.record.value, "");
  EXPECT_EQ(entry.record.checksum, Hash64("value"));
  EXPECT_EQ(entry.record.expires_ms, expires);
  EXPECT_EQ(entry.record.version, blocking_.Get(UserKey(1, "a"))->version);
}

TEST_P(ScanContract, ExpiredAndDeletedRecordsAreSkipped) {
  constexpr size_t kMany = limits::kMaxReadSliceRecords + 100;  // more than one slice of work
  std::vector<Bytes> sorts;
  for (uint64_t i = 0; i < kMany; ++i) sorts.push_back(PartitionOf(1'000'000 - i));
  for (size_t begin = 0; begin < kMany; begin += 500) {
    std::vector<MutationView> batch;
    for (size_t i = begin; i < std::min(begin + 500, kMany); ++i) {
      batch.push_back(PutOf(sorts[i], "x", Always(), now_ms() + 1));
    }
    ASSERT_TRUE(blocking_.Write({Table::kPosts, PartitionOf(1)}, batch).status.ok());
  }
  Put(PostKey(1, 1), "oldest");
  Put(PostKey(2, 1), "other");
  clock().AdvanceMillis(1);
  EXPECT_THAT(Values({.table = Table::kPosts, .partition = PartitionOf(1), .limit = 1}),
              ElementsAre("oldest"));
  const Result<ListPage> page = blocking_.List({.table = Table::kPosts, .limit = 10});
  EXPECT_THAT(page->partitions, ElementsAre(PartitionOf(1), PartitionOf(2)));
}

class ListContract : public ScanContract {
 protected:
  std::vector<Bytes> ListAll(Table table, uint32_t limit) {
    std::vector<Bytes> all;
    ListRequest request = {.table = table, .limit = limit};
    for (bool more = true; more;) {
      const Result<ListPage> page = blocking_.List(request);
      if (!page.ok() || page->partitions.size() > limit) return {"failed"};
      for (const Bytes& partition : page->partitions) all.push_back(partition);
      more = page->more;
      if (more) request.after = all.back();
    }
    return all;
  }
};
SMILE_CONTRACT_SUITE(ListContract);

TEST_P(ListContract, EachPartitionIsListedOnceForAnyPageSize) {
  std::vector<Bytes> users;
  for (const uint64_t user : {uint64_t{0}, uint64_t{1}, uint64_t{256}, uint64_t{5}, ~uint64_t{0}}) {
    users.push_back(PartitionOf(user));
    for (uint64_t i = 0; i < 1 + user % 7; ++i) Put(LinkKey(user, LinkKind::kFriend, i), "v");
  }
  std::sort(users.begin(), users.end());
  for (const uint32_t limit : {1u, 2u, 5u, 100u}) {
    std::vector<Bytes> listed = ListAll(Table::kLinks, limit);
    std::sort(listed.begin(), listed.end());
    EXPECT_EQ(listed, users) << limit;
  }
}

TEST_P(ListContract, LoginsThatArePrefixesAreAllListed) {
  std::vector<Bytes> logins = {"a",  Bytes("a\0", 2), Bytes("a\0\xff", 3), Bytes("a\0\x01", 3),
                               "ab", "\xff",          "\xff\xff",          Bytes(1, '\0')};
  for (const Bytes& login : logins) Put(LoginKey(login), "v");
  std::sort(logins.begin(), logins.end());
  for (const uint32_t limit : {1u, 3u, 100u}) {
    std::vector<Bytes> listed = ListAll(Table::kLogins, limit);
    std::sort(listed.begin(), listed.end());
    EXPECT_EQ(listed, logins) << limit;
  }
}

TEST_P(ListContract, PartitionWithoutLiveRecordsIsNotListed) {
  Put(UserKey(1, "a"), "v");
  Put(UserKey(2, "a"), "v", now_ms() + 1);
  Put(UserKey(2, "b"), "v", now_ms() + 1);
  Put(UserKey(3, "a"), "v", now_ms() + 1);
  Put(UserKey(3, "b"), "v");
  Put(UserKey(4, "a"), "v");
  ASSERT_TRUE(blocking_.Delete(UserKey(4, "a")).status.ok());
  clock().AdvanceMillis(1);
  EXPECT_THAT(ListAll(Table::kUsers, 10), ElementsAre(PartitionOf(1), PartitionOf(3)));
}

TEST_P(ListContract, ListStaysInItsTable) {
  Put(UserKey(1, "a"), "v");
  Put(PostKey(2, 1), "v");
  EXPECT_THAT(ListAll(Table::kUsers, 10), ElementsAre(PartitionOf(1)));
  EXPECT_THAT(ListAll(Table::kPosts, 10), ElementsAre(PartitionOf(2)));
  EXPECT_THAT(ListAll(Table::kMedia, 10), IsEmpty());
}

}  // namespace
}  // namespace smile::testing
