#include "service/work_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/clock.h"
#include "storage/memory_engine.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

WorkItem ItemOf(uint64_t due_ms, uint8_t id, WorkKind kind = WorkKind::kUpload) {
  WorkItem item{.due_ms = due_ms, .id = {}, .kind = kind, .payload = {}};
  item.id.fill(id);
  return item;
}

class WorkLogTest : public ::testing::Test {
 protected:
  void Add(const WorkItem& item) { ASSERT_TRUE(log_.Add(item).Wait().ok()); }
  std::vector<WorkItem> Due(uint64_t now_ms, uint32_t limit = 100) {
    return *log_.Due(now_ms, limit).Wait();
  }

  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline, /*records_per_page=*/2};
  WorkLog log_{engine_};
};

TEST_F(WorkLogTest, ItemsAreDueInTheOrderOfTheirTimes) {
  const WorkItem late = ItemOf(30, 1);
  const WorkItem middle = ItemOf(20, 3);
  const WorkItem early = ItemOf(10, 2);
  for (const WorkItem& item : {late, early, middle}) Add(item);
  EXPECT_THAT(Due(9), IsEmpty());
  EXPECT_THAT(Due(20), ElementsAre(early, middle));
  EXPECT_THAT(Due(UINT64_MAX), ElementsAre(early, middle, late));
  EXPECT_THAT(Due(30, 2), ElementsAre(early, middle));
  ASSERT_TRUE(log_.Remove(early).Wait().ok());
  EXPECT_THAT(Due(30), ElementsAre(middle, late));
}

TEST_F(WorkLogTest, ItemsOfOneIdAndTimeAreKeptApartByTheirKind) {
  const WorkItem upload = ItemOf(10, 1, WorkKind::kUpload);
  WorkItem release = ItemOf(10, 1, WorkKind::kRelease);
  release.payload = "payload";
  Add(upload);
  Add(release);
  EXPECT_THAT(Due(10), ElementsAre(upload, release));
  ASSERT_TRUE(log_.Remove(release).Wait().ok());
  EXPECT_THAT(Due(10), ElementsAre(upload));
}

}  // namespace
}  // namespace smile::testing
