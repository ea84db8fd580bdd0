// The contract of storage/engine.h for pages that end because much was looked at: with engines that
// are made to end them early.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/coding.h"
#include "storage/rocks/walk_slice.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/random_bytes.h"
#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kSliceRecords = WalkBudget::kLeastSliceRecords;

std::vector<EngineKind> EnginesOfShortPages() {
  const auto rocks = [](uint32_t slices) {
    return [slices](Surroundings* around) {
      std::unique_ptr<Engine> engine = MakeRocksEngine(around);
      RocksSeams::SetWalkBudget(static_cast<RocksEngine*>(engine.get()),
                                {.slice_records = kSliceRecords, .slices = slices});
      return engine;
    };
  };
  const auto memory = [](size_t records) {
    return [records](Surroundings* around) {
      return std::make_unique<MemoryEngine>(&around->clock, MemoryEngine::Answers::kInline,
                                            records);
    };
  };
  return {{"memory_of_1_record", memory(1)},
          {"memory_of_7_records", memory(7)},
          {"rocks_of_1_slice", rocks(1)},
          {"rocks_of_3_slices", rocks(3)}};
}

class WalkContract : public EngineContract {
 protected:
  struct Walk {
    std::vector<std::string> found;
    size_t pages = 0;
    size_t empty_pages = 0;
  };

  // All that is found by going on to the end.
  Walk ScanAll(ScanRequest request) {
    Walk walk;
    if (request.limit == 0) request.limit = 1'000;
    request.max_value_bytes = 1 << 20;
    for (bool more = true; more && walk.pages < 10'000; ++walk.pages) {
      const Result<ScanPage> page = blocking_.Scan(request);
      if (!page.ok()) return {{page.status().ToString()}};
      for (size_t i = 0; i < page->size(); ++i) walk.found.emplace_back((*page)[i].record.value);
      walk.empty_pages += page->size() == 0 && page->more ? 1 : 0;
      more = page->more;
      request.after.clear();
      if (page->resume_from.has_value()) {
        request.from = *page->resume_from;
      } else if (more) {
        request.after = (*page)[page->size() - 1].sort;
      }
    }
    return walk;
  }

  Walk ListAll(ListRequest request) {
    Walk walk;
    if (request.limit == 0) request.limit = 1'000;
    for (bool more = true; more && walk.pages < 10'000; ++walk.pages) {
      const Result<ListPage> page = blocking_.List(request);
      if (!page.ok()) return {{page.status().ToString()}};
      for (const Bytes& id : page->partitions) walk.found.emplace_back(id);
      walk.empty_pages += page->partitions.empty() && page->more ? 1 : 0;
      more = page->more;
      request.from = page->resume_from;
      if (!page->partitions.empty()) request.after = page->partitions.back();
    }
    return walk;
  }

  // Posts of a user, of which only those of `kept` are still to be seen; the others are deleted, or
  // all of them expire, which every engine has to pass over.
  void PutPosts(uint64_t user, uint64_t count, const std::set<uint64_t>& kept, bool expire) {
    const Bytes id_of_user = PartitionOf(user);
    const PartitionView partition = {Table::kPosts, id_of_user};
    std::vector<Bytes> sorts;
    for (uint64_t id = 0; id < count; ++id) sorts.push_back(PartitionOf(id));
    std::vector<MutationView> puts, deletes;
    std::vector<std::string> values;
    for (uint64_t id = 0; id < count; ++id) values.push_back(std::to_string(id));
    for (uint64_t id = 0; id < count; ++id) {
      const bool goes = !kept.contains(id);
      puts.push_back(PutOf(sorts[id], values[id], Always(), goes && expire ? now_ms() + 1 : 0));
      if (goes) deletes.push_back(DeleteOf(sorts[id]));
    }
    EXPECT_TRUE(blocking_.Write(partition, puts).status.ok());
    if (!expire) {
      EXPECT_TRUE(blocking_.Write(partition, deletes).status.ok());
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, WalkContract, ::testing::ValuesIn(EnginesOfShortPages()),
                         [](const auto& info) { return info.param.name; });

TEST_P(WalkContract, ScanContinuesThroughEmptyPages) {
  const std::set<uint64_t> kept = {0, 1, 500, 501, 998};
  for (const bool expire : {false, true}) {
    const uint64_t user = expire ? 1 : 2;
    PutPosts(user, 1'000, kept, expire);
    clock().AdvanceMillis(1);
    const Walk walk = ScanAll({.table = Table::kPosts, .partition = PartitionOf(user)});
    EXPECT_THAT(walk.found, ElementsAre("998", "501", "500", "1", "0"));
    const bool passes_over = expire || GetParam().name.starts_with("rocks");
    EXPECT_EQ(walk.empty_pages > 0, passes_over);
    EXPECT_LT(walk.pages, 1'010u);
  }
}

TEST_P(WalkContract, EmptyPageIsTheLastIfNothingIsThere) {
  PutPosts(1, 500, {}, /*expire=*/false);
  const Walk walk = ScanAll({.table = Table::kPosts, .partition = PartitionOf(1)});
  EXPECT_THAT(walk.found, IsEmpty());
  EXPECT_LT(walk.pages, 500u);
  EXPECT_THAT(ListAll({.table = Table::kPosts}).found, IsEmpty());
}

TEST_P(WalkContract, ListContinuesThroughEmptyPages) {
  for (const bool expire : {false, true}) {
    for (uint64_t user = 1; user <= 30; ++user) {
      std::set<uint64_t> kept;
      if (user % 10 == 3) kept = {5, 150};
      PutPosts(user, 200, kept, expire);
    }
    clock().AdvanceMillis(1);
    for (const uint32_t limit : {1u, 2u, 100u}) {
      const Walk walk = ListAll({.table = Table::kPosts, .limit = limit});
      EXPECT_THAT(walk.found, ElementsAre(PartitionOf(3), PartitionOf(13), PartitionOf(23)));
      EXPECT_LT(walk.pages, 7'000u);
    }
  }
}

TEST_P(WalkContract, DeletedLoginsAreSkipped) {
  for (int i = 0; i < 400; ++i) {
    const Key login = LoginKey("user" + std::to_string(1'000 + i));
    ASSERT_TRUE(blocking_.Put(login, "v").status.ok());
    if (i % 100 != 7) {
      ASSERT_TRUE(blocking_.Delete(login).status.ok());
    }
  }
  EXPECT_THAT(ListAll({.table = Table::kLogins}).found,
              ElementsAre("user1007", "user1107", "user1207", "user1307"));
}

// A record that was written as often as a slice is long costs no more than that: the walk still
// gets past it.
TEST_P(WalkContract, WalkPassesARecordWithManyVersions) {
  for (const char* name : {"a", "b", "c"}) {
    for (size_t i = 0; i < 3 * kSliceRecords; ++i) {
      ASSERT_TRUE(blocking_.Put(UserKey(1, name), name).status.ok());
    }
    if (*name == 'b') {
      ASSERT_TRUE(blocking_.Delete(UserKey(1, name)).status.ok());
    }
  }
  EXPECT_THAT(ScanAll({.table = Table::kUsers, .partition = PartitionOf(1)}).found,
              ElementsAre("a", "c"));
  EXPECT_THAT(ListAll({.table = Table::kUsers}).found, ElementsAre(PartitionOf(1)));
}

TEST_P(WalkContract, ContinuedScanStaysWithinItsBounds) {
  std::set<uint64_t> kept;
  for (uint64_t id = 0; id < 1'000; id += 100) kept.insert(id);
  PutPosts(1, 1'000, kept, /*expire=*/false);
  PutPosts(2, 1'000, kept, /*expire=*/false);
  EXPECT_THAT(ScanAll({.table = Table::kPosts,
                       .partition = PartitionOf(1),
                       .from = PartitionOf(650),
                       .to = PartitionOf(250),
                       .limit = 2})
                  .found,
              ElementsAre("600", "500", "400", "300"));
}

// Whoever takes answers but soon gets what one slice finds, and from there the rest.
TEST_P(WalkContract, WalkOfACallerThatLeavesEndsWithItsSlice) {
  PutPosts(1, 1'000, {0}, /*expire=*/false);
  const auto caller = std::make_shared<Caller>();
  caller->Leave();
  const Walk walk =
      ScanAll({.table = Table::kPosts, .partition = PartitionOf(1), .call = {.caller = caller}});
  EXPECT_THAT(walk.found, ElementsAre("0"));
  if (GetParam().name.starts_with("rocks")) {
    EXPECT_GE(walk.pages, 1'000 / kSliceRecords / 2);
  }
  EXPECT_THAT(ListAll({.table = Table::kPosts, .call = {.caller = caller}}).found,
              ElementsAre(PartitionOf(1)));
}

}  // namespace
}  // namespace smile::testing
