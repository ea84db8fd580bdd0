#include "model/key.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "model/record.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

// A key of each table, as the model says it is.
std::vector<Key> OneOfEach() {
  return {UserKey(1, "profile"),
          LoginKey("ada"),
          PostKey(1, 2),
          LinkKey(1, LinkKind::kFamily, 3),
          MediaKey(1, 2),
          BlobKey(Bytes(16, 'b'), BlobPart::kChunk, 2),
          {Table::kContents, Bytes(32, 's'), '\1' + Bytes(16, 'x')},
          {Table::kUploads, Bytes(16, 'u'), {}},
          {Table::kWork, Bytes(1, 'l'), Bytes(25, 'w')},
          {Table::kAccounts, Bytes(8, 'u'), "\1ada"},
          {Table::kSessions, Bytes(32, 's'), {}},
          {Table::kGuesses, Bytes(32, 'g'), {}},
          {Table::kTokens, Bytes(16, 't'), {}}};
}

TEST(Key, KeyLengthsMatchTheirParts) {
  ASSERT_EQ(OneOfEach().size(), kTables.size());
  for (const Key& key : OneOfEach()) {
    const TableInfo& table = InfoOf(key.table);
    EXPECT_TRUE(ValidateKey(key.view()).ok()) << table.name;
    const bool named = table.sort_part_count > 0 &&
                       table.sort()[table.sort_part_count - 1].type == PartType::kName;
    Key longer = key;
    longer.sort.push_back('x');
    EXPECT_EQ(ValidateKey(longer.view()).ok(), named) << table.name;
    if (table.sort_part_count > 0) {
      EXPECT_FALSE(ValidateKey({key.table, key.partition, {}}).ok()) << table.name;
    }
    const bool partition_named = table.partition.type == PartType::kName;
    EXPECT_EQ(ValidatePartition({key.table, key.partition + "x"}).ok(), partition_named);
    EXPECT_FALSE(ValidatePartition({key.table, {}}).ok()) << table.name;
  }
}

TEST(Key, NameLengthIsLimited) {
  EXPECT_TRUE(ValidateKey(UserKey(1, Bytes(limits::kMaxNameBytes, 'x')).view()).ok());
  const Status status = ValidateKey(UserKey(1, Bytes(limits::kMaxNameBytes + 1, 'x')).view());
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_THAT(status.message(),
              HasSubstr("record of a key in users has 256 bytes; it must have 1 to 255"));
  EXPECT_FALSE(ValidateKey(LoginKey(Bytes(256, 'x')).view()).ok());
  EXPECT_TRUE(ValidateKey(UserKey(1, Bytes(1, '\0')).view()).ok());
}

TEST(Key, LinkKindsAreOpenAndBlobPartsAreNot) {
  for (int number = 0; number <= 255; ++number) {
    const auto byte = static_cast<uint8_t>(number);
    EXPECT_TRUE(ValidateKey(LinkKey(1, LinkKind{byte}, 3).view()).ok()) << number;
    EXPECT_EQ(ValidateKey(BlobKey(Bytes(16, 'b'), BlobPart{byte}, 0).view()).ok(),
              byte == 1 || byte == 2);
    EXPECT_TRUE(ValidateSortBound(Table::kBlobs, Bytes(1, static_cast<char>(byte))).ok());
  }
}

TEST(Key, BoundsAreCompleteLeadingParts) {
  const Bytes sort = LinkKey(1, LinkKind::kFamily, 3).sort;
  for (size_t size = 0; size <= sort.size() + 1; ++size) {
    const Bytes bound = (sort + "x").substr(0, size);
    const bool whole = size <= 2 || size == 10 || size == 18;
    EXPECT_EQ(ValidateSortBound(Table::kLinks, bound).ok(), whole) << size;
  }
  EXPECT_TRUE(ValidateSortBound(Table::kUsers, "pro").ok());
  EXPECT_FALSE(ValidateSortBound(Table::kUsers, Bytes(256, 'x')).ok());
  EXPECT_FALSE(ValidateSortBound(Table::kLogins, "x").ok());
}

TEST(Key, SortLikeTheirNumbers) {
  EXPECT_LT(LinkKey(1, LinkKind::kFriend, UINT64_MAX).sort, LinkKey(1, LinkKind::kFamily, 0).sort);
  EXPECT_LT(PostKey(1, 255).sort, PostKey(1, 256).sort);
  EXPECT_LT(PostKey(255, 0).partition, PostKey(256, 0).partition);
}

TEST(PrefixEnd, IsAboveAllKeysWithThePrefix) {
  EXPECT_EQ(PrefixEnd("a"), "b");
  EXPECT_EQ(PrefixEnd(""), "");
  EXPECT_EQ(PrefixEnd("\xff\xff"), "");
  EXPECT_EQ(PrefixEnd("a\xff"), "b");
  EXPECT_EQ(PrefixEnd("\x7f"), "\x80");
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto any = [&](size_t size) {
    Bytes bytes;
    while (bytes.size() < size) bytes.push_back("\x00\x01\x7f\x80\xfe\xff"[random() % 6]);
    return bytes;
  };
  for (int round = 0; round < 20'000; ++round) {
    const Bytes prefix = any(random() % 4);
    const Bytes key = any(random() % 6);
    const Bytes end = PrefixEnd(prefix);
    const bool inside = key >= prefix && (end.empty() || key < end);
    ASSERT_EQ(inside, key.starts_with(prefix));
  }
}

TEST(HashOf, HashesDifferByPartitionAndTable) {
  EXPECT_EQ(HashOf({Table::kUsers, "a"}), HashOf({Table::kUsers, "a"}));
  EXPECT_NE(HashOf({Table::kUsers, "a"}), HashOf({Table::kLogins, "a"}));
  std::vector<int> shards(8);
  for (uint64_t user = 0; user < 8000; ++user) {
    const Bytes id = PartitionOf(user);
    ++shards[HashOf({Table::kUsers, id}) % shards.size()];
  }
  EXPECT_GT(*std::min_element(shards.begin(), shards.end()), 800);
  EXPECT_LT(*std::max_element(shards.begin(), shards.end()), 1200);
}

TEST(Record, ExpiresAtItsTime) {
  const RecordView record{.version = 1, .expires_ms = 1000};
  EXPECT_FALSE(record.ExpiredAt(999));
  EXPECT_TRUE(record.ExpiredAt(1000));
  EXPECT_FALSE(record.ExpiredAt(-1));
  EXPECT_FALSE(RecordView{.version = 1}.ExpiredAt(INT64_MAX));
  EXPECT_FALSE((RecordView{.version = 1, .expires_ms = UINT64_MAX}).ExpiredAt(INT64_MAX));
}

TEST(Condition, EachConditionHoldsAsDefined) {
  EXPECT_TRUE(Condition{}.HoldsFor(0));
  EXPECT_TRUE(Condition{}.HoldsFor(7));
  EXPECT_TRUE((Condition{ConditionKind::kIfAbsent, 0}).HoldsFor(0));
  EXPECT_FALSE((Condition{ConditionKind::kIfAbsent, 0}).HoldsFor(7));
  EXPECT_TRUE((Condition{ConditionKind::kIfVersion, 7}).HoldsFor(7));
  EXPECT_FALSE((Condition{ConditionKind::kIfVersion, 7}).HoldsFor(8));
  EXPECT_FALSE((Condition{ConditionKind::kIfVersion, 0}).HoldsFor(0));
}

TEST(Tables, AreFoundByNumberAndName) {
  for (const TableInfo& table : kTables) {
    EXPECT_EQ(FindTable(static_cast<uint8_t>(table.table)), &table);
    EXPECT_EQ(FindTable(table.name), &table);
    EXPECT_EQ(&InfoOf(table.table), &table);
  }
  for (const int number : {0, static_cast<int>(kTables.size()) + 1, 255}) {
    EXPECT_EQ(FindTable(static_cast<uint8_t>(number)), nullptr);
  }
  EXPECT_EQ(FindTable("people"), nullptr);
}

TEST(Key, SortKeysDecodeToTheirNumbers) {
  EXPECT_EQ(DecodePartition(PostKey(42, 7).partition), 42u);
  EXPECT_EQ(DecodePostSort(PostKey(42, 7).sort), 7u);
  EXPECT_EQ(DecodeMediaSort(MediaKey(42, ~uint64_t{0}).sort), ~uint64_t{0});
  EXPECT_EQ(DecodeLinkSort(LinkKey(1, LinkKind{77}, 9).sort),
            (LinkSort{LinkKind{77}, LinkView::kMember, 9, 0}));
  const Key chunk = BlobKey(Bytes(16, 'b'), BlobPart::kChunk, 3);
  EXPECT_EQ(DecodeBlobSort(chunk.sort), (BlobSort{BlobPart::kChunk, 3}));
  EXPECT_FALSE(DecodePartition("ada").has_value());
  EXPECT_FALSE(DecodeLinkSort(chunk.sort).has_value());
  EXPECT_FALSE(DecodeBlobSort(PartitionOf(1)).has_value());
}

}  // namespace
}  // namespace smile
