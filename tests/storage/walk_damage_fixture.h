// Walks over damaged tables, compared with what GETs say of each key.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/hash.h"
#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "tests/storage/damage_fixture.h"

namespace smile::testing {

using Outcome = ScanPage::Outcome;

struct Entry {
  Outcome outcome;
  Bytes sort;
  Bytes value;
};

class WalkPastDamageTest : public DamageTest {
 protected:
  static constexpr uint64_t kLinks = 1000;

  void SetUp() override {
    options_.record_cache_bytes = 0;
    Open();
    ASSERT_TRUE(
        db()->SetOptions(family(Table::kLinks), {{"disable_auto_compactions", "true"}}).ok());
  }

  static Key Link(uint64_t user, uint64_t other) { return LinkKey(user, LinkKind::kFriend, other); }
  static std::vector<Key> Links(uint64_t user, uint64_t first, uint64_t last) {
    std::vector<Key> keys;
    for (uint64_t other = first; other < last; ++other) keys.push_back(Link(user, other));
    return keys;
  }
  void PutAll(const std::vector<Key>& keys, const std::string& prefix = "") {
    for (const Key& key : keys) {
      engine_->Write(WriteRequest({key.table, key.partition},
                                  {PutOf(key.sort, prefix + ValueOf(Hash64(key.sort)))}, 0),
                     [](WriteReply reply) { ASSERT_TRUE(reply.status.ok()); });
    }
    ASSERT_TRUE(engine().Put(LinkKey(uint64_t{1} << 40, LinkKind::kFriend, 1), "v").status.ok());
  }
  // One file of the links: users 1 to 3, of whom the second has nearly all.
  void WriteLinks() {
    PutAll(Links(1, 0, 10));
    PutAll(Links(2, 0, kLinks));
    PutAll(Links(3, 0, 10));
    Flush(Table::kLinks);
    Compact(Table::kLinks);
  }
  // Of the data blocks of the table's file number `index`, the largest first.
  void Damage(Table table, double place, size_t index = 0) {
    const auto file = FilesOf(table).at(index);
    const uint64_t data = PropertiesOf(table).at(PathOf(file)).data_size;
    Close();
    Overwrite(PathOf(file), static_cast<uint64_t>(place * static_cast<double>(data - 16)));
    Open();
  }

  std::vector<Entry> ScanAll(Table table, const Bytes& partition, uint32_t limit,
                             bool keys_only = false) {
    std::vector<Entry> entries;
    ScanRequest request{.table = table,
                        .partition = partition,
                        .limit = limit,
                        .max_value_bytes = size_t{1} << 20,
                        .keys_only = keys_only};
    for (int pages = 0; pages < 10'000; ++pages) {
      const Result<ScanPage> page = engine().Scan(request);
      EXPECT_TRUE(page.ok()) << page.status().message();
      if (!page.ok()) return entries;
      EXPECT_LE(page->size(), limit);
      for (size_t i = 0; i < page->size(); ++i) {
        const ScanPage::Entry entry = (*page)[i];
        entries.push_back({entry.outcome, Bytes(entry.sort), Bytes(entry.record.value)});
      }
      if (!page->more) return entries;
      request.from = page->resume_from.value_or(Bytes());
      request.after = page->resume_from ? Bytes() : Bytes((*page)[page->size() - 1].sort);
      EXPECT_TRUE(page->resume_from || !request.after.empty());
    }
    ADD_FAILURE() << "the scan does not end";
    return entries;
  }

  // Scans the partition, which never had other keys than these, which are in its order. Whatever a
  // GET finds, the scan gives (if it is `exact`: unless damaged blocks of several files overlap);
  // whatever a GET cannot read, the scan says that it cannot; and nothing else is there.
  std::vector<Entry> ExpectAsGets(const std::vector<Key>& keys, uint32_t limit, bool exact = true) {
    const Key& first = keys.front();
    const std::vector<Entry> entries = ScanAll(first.table, first.partition, limit);
    size_t at = 0;
    bool gap = false;
    const auto expect_not_given = [&](const Key& key) {
      const std::string value = engine().Value(key);
      if (value == "(not_found)" || (gap && (value == "(corrupt)" || !exact))) return;
      ADD_FAILURE() << at << " is missing" << (gap ? " in a gap" : "") << ": " << value;
    };
    for (const Entry& entry : entries) {
      if (entry.outcome == Outcome::kGap) {
        EXPECT_EQ(entry.sort, "");
        gap = true;
        continue;
      }
      for (; at < keys.size() && keys[at].sort != entry.sort; ++at) expect_not_given(keys[at]);
      EXPECT_LT(at, keys.size()) << "it never was there, or not in this place";
      if (at == keys.size()) return entries;
      const std::string value = engine().Value(keys[at++]);
      EXPECT_EQ(entry.outcome == Outcome::kFound ? entry.value : "(corrupt)", value);
      gap = false;
    }
    for (; at < keys.size(); ++at) expect_not_given(keys[at]);
    return entries;
  }
  // With pages of different sizes; gives what was found with the largest.
  std::vector<Entry> ExpectAsGets(const std::vector<Key>& keys) {
    for (const uint32_t limit : {1u, 7u}) ExpectAsGets(keys, limit);
    return ExpectAsGets(keys, 10'000);
  }

  struct Listed {
    std::vector<Bytes> partitions;
    size_t gaps = 0;
  };
  Listed ListAll(Table table, uint32_t limit) {
    Listed listed;
    ListRequest request{.table = table, .limit = limit};
    for (int pages = 0; pages < 10'000; ++pages) {
      const Result<ListPage> page = engine().List(request);
      EXPECT_TRUE(page.ok()) << page.status().message();
      if (!page.ok()) return listed;
      EXPECT_LE(page->partitions.size(), limit);
      listed.partitions.insert(listed.partitions.end(), page->partitions.begin(),
                               page->partitions.end());
      listed.gaps += page->gap ? 1 : 0;
      if (!page->more) return listed;
      request.from = page->resume_from;
      if (!page->partitions.empty()) request.after = page->partitions.back();
    }
    ADD_FAILURE() << "the list does not end";
    return listed;
  }

  static size_t Count(const std::vector<Entry>& entries, Outcome outcome) {
    return static_cast<size_t>(std::count_if(entries.begin(), entries.end(),
                                             [&](const Entry& e) { return e.outcome == outcome; }));
  }
  // What stands in the table now, whatever it is.
  void PutStored(const Key& key, const std::string& stored) {
    ASSERT_TRUE(
        db()->Put({}, family(key.table), rocksdb::Slice(EncodedKey(key.view()).view()), stored)
            .ok());
  }
  static std::string NoRecordsChecksum(const std::string& value) {
    return Bytes(RecordHeader(1, /*checksum=*/2, 0).view()) + value;
  }
};

}  // namespace smile::testing
