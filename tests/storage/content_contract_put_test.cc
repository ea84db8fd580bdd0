// The contract suite of storage/content_store.h, continued: content that is put at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/limits.h"
#include "storage/content_store.h"
#include "tests/storage/content_contract.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

TEST_P(ContentContract, ReadsWhatWasPut) {
  for (const size_t size : {size_t{1}, size_t{4'000}, size_t{4'016}, size_t{4'017}, size_t{100'000},
                            size_t{limits::kMaxChunkBytes}}) {
    const Bytes bytes = Random(size);
    const auto id = content_.Put(bytes);
    ASSERT_TRUE(id.ok()) << id.status().ToString();
    EXPECT_TRUE(IsIdOfStore(*id));
    const auto piece = content_.Read(*id, 0, limits::kMaxContentReadBytes);
    ASSERT_TRUE(piece.ok()) << piece.status().ToString();
    EXPECT_TRUE(piece->bytes == bytes);
    EXPECT_EQ(piece->checksum, Hash64(bytes));
    EXPECT_EQ(piece->content_size, size);
    EXPECT_EQ(*content_.Stat(*id), (ContentInfo{.sha256 = Sha256::Of(bytes), .size = size}));
  }
}

TEST_P(ContentContract, ReadsAnyRangeOfWhatWasPut) {
  const Bytes bytes = Random(100'000);
  const ContentId id = *content_.Put(bytes);
  for (const auto& [offset, size] :
       std::vector<ByteRange>{{0, 1}, {1, 99'999}, {50'000, 10}, {99'999, 10}, {100'000, 1}}) {
    const auto piece = content_.Read(id, offset, static_cast<uint32_t>(size));
    ASSERT_TRUE(piece.ok()) << offset << ": " << piece.status().ToString();
    EXPECT_TRUE(piece->bytes == bytes.substr(offset, size)) << offset;
    EXPECT_EQ(piece->checksum, Hash64(piece->bytes));
    EXPECT_EQ(piece->content_size, bytes.size());
  }
  EXPECT_EQ(content_.Read(id, bytes.size() + 1, 1).status().code(), Code::kInvalid);
}

TEST_P(ContentContract, PutsOfManyCallersAreApart) {
  std::vector<std::thread> callers;
  std::array<std::map<ContentId, Bytes>, 4> put;
  for (size_t caller = 0; caller < put.size(); ++caller) {
    callers.emplace_back([&, caller] {
      for (size_t i = 0; i < 50; ++i) {
        const Bytes bytes(i * 997 + 1, static_cast<char>('a' + caller));
        const auto id = content_.Put(bytes);
        ASSERT_TRUE(id.ok());
        store_->Settle(*id, /*kept=*/true);
        put[caller][*id] = bytes;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::map<ContentId, Bytes> all;
  for (const auto& each : put) all.insert(each.begin(), each.end());
  EXPECT_EQ(all.size(), 200u);
  const auto listed = content_.List({}, 1'000);
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->size(), all.size());
  for (const auto& [id, bytes] : all) {
    EXPECT_TRUE(content_.Read(id, 0, limits::kMaxContentReadBytes)->bytes == bytes);
  }
}

TEST_P(ContentContract, ListsWhatWasPutWhenItIsSettled) {
  ASSERT_TRUE(Upload(ContentOf(1), "bytes").ok());
  const ContentId first = *content_.Put("first");
  const ContentId second = *content_.Put(Random(10'000));
  const ContentId third = *content_.Put("third");
  EXPECT_THAT(*content_.List({}, 10), ElementsAre(ContentOf(1)));
  for (const ContentId& id : {first, second, third}) store_->Settle(id, /*kept=*/true);
  EXPECT_THAT(*content_.List({}, 10), ElementsAre(ContentOf(1), first, second, third));
  EXPECT_THAT(*content_.List({}, 2), ElementsAre(ContentOf(1), first));
  EXPECT_THAT(*content_.List(first, 10), ElementsAre(second, third));
  EXPECT_THAT(*content_.List(second, 1), ElementsAre(third));
  EXPECT_THAT(*content_.List(third, 10), IsEmpty());
  ASSERT_TRUE(content_.Delete(second).ok());
  EXPECT_THAT(*content_.List({}, 10), ElementsAre(ContentOf(1), first, third));
}

TEST_P(ContentContract, DeletesWhatWasPut) {
  const ContentId kept = *content_.Put(Random(10'000));
  const ContentId deleted = *content_.Put(Random(10'000));
  const ContentId unsettled = *content_.Put(Random(10'000));
  store_->Settle(kept, /*kept=*/true);
  store_->Settle(deleted, /*kept=*/true);
  for (const ContentId& id : {deleted, unsettled}) {
    EXPECT_TRUE(content_.Delete(id).ok());
    EXPECT_TRUE(content_.Delete(id).ok());
    EXPECT_EQ(content_.Read(id, 0, 1).status().code(), Code::kNotFound);
    EXPECT_EQ(content_.Stat(id).status().code(), Code::kNotFound);
  }
  EXPECT_TRUE(content_.Read(kept, 0, 1).ok());
  EXPECT_FALSE(content_.FindDoubtful()->has_value());
}

TEST_P(ContentContract, DoubtfulContentIsFoundUntilItIsSettled) {
  const ContentId doubtful = *content_.Put("doubtful");
  const ContentId lost = *content_.Put("lost");
  const ContentId kept = *content_.Put("kept");
  store_->Settle(kept, /*kept=*/true);
  EXPECT_FALSE(content_.FindDoubtful()->has_value()) << "their callers are at work";
  store_->Settle(doubtful, /*kept=*/false);
  store_->Settle(lost, /*kept=*/false);
  const auto found = content_.FindDoubtful();
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_THAT((*found)->contents, IsSupersetOf({doubtful, lost}));
  ASSERT_TRUE(content_.Delete(lost).ok());
  ASSERT_TRUE(content_.SettleDoubtful((*found)->group).ok());
  EXPECT_FALSE(content_.FindDoubtful()->has_value());
  EXPECT_THAT(*content_.List({}, 10), ElementsAre(doubtful, kept));
  EXPECT_EQ(content_.Read(doubtful, 0, 100)->bytes, "doubtful");
}

}  // namespace
}  // namespace smile::testing
