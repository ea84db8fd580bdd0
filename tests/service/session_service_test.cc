#include "service/logins/session_service.h"

#include <gmock/gmock.h>

#include "base/random_bytes.h"
#include "service/sweeper.h"
#include "tests/service/forwarding_engine.h"
#include "tests/service/login_fixture.h"
#include "tests/support/count_records.h"

namespace smile {
namespace {

using SessionServiceTest = LoginTest;

TEST_F(SessionServiceTest, TokenIsVerifiedUntilItExpires) {
  const NewSession made = MakeSessionOf(42, 10);
  EXPECT_EQ(made.token.size(), 32u);
  const auto info = sessions_.Verify(made.token).Wait();
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->record.user, 42u);
  EXPECT_EQ(info->record.label, "phone");
  EXPECT_EQ(info->record.expires_ms, made.expires_ms);
  EXPECT_EQ(info->id, Sha256::Of(made.token));
  EXPECT_FALSE(sessions_.Verify(Bytes(32, 'x')).Wait().ok());
  clock_.AdvanceMillis(10'000);
  EXPECT_FALSE(IsSession(made));
  EXPECT_TRUE(sessions_.List({.user = 42, .limit = 10}).Wait()->sessions.empty());
}

TEST_F(SessionServiceTest, AreListedOldestFirstAndRevokedOneByOne) {
  std::vector<NewSession> made;
  for (int i = 0; i < 5; ++i) {
    made.push_back(MakeSessionOf(42));
    clock_.AdvanceMillis(1);
  }
  SessionListRequest request{.user = 42, .limit = 2};
  std::vector<Sha256Digest> listed;
  for (;;) {
    const auto page = sessions_.List(request).Wait();
    ASSERT_TRUE(page.ok());
    for (const SessionInfo& session : page->sessions) listed.push_back(session.id);
    if (!page->more) break;
    request.from = *page->resume_from;
  }
  ASSERT_EQ(listed.size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(listed[i], made[i].id);
  EXPECT_FALSE(*sessions_.Revoke(43, made[1].id).Wait()) << "of another user";
  EXPECT_TRUE(*sessions_.Revoke(42, made[1].id).Wait());
  EXPECT_FALSE(*sessions_.Revoke(42, made[1].id).Wait());
  EXPECT_FALSE(IsSession(made[1]));
  EXPECT_EQ(*sessions_.RevokeAll(42, made[4].id).Wait(), 3u);
  EXPECT_TRUE(IsSession(made[4]));
  EXPECT_EQ(CountRecords(&engine_, Table::kSessions), 1u);
  EXPECT_EQ(CountRecords(&engine_, Table::kAccounts), 1u);
  EXPECT_EQ(CountRecords(&engine_, Table::kWork), 0u);
}

TEST_F(SessionServiceTest, OldestGoesWhenThereAreTooMany) {
  const NewSession first = MakeSessionOf(42);
  clock_.AdvanceMillis(1);
  const NewSession second = MakeSessionOf(42);
  clock_.AdvanceMillis(1);
  for (uint32_t i = 2; i < limits::kMaxSessionsPerUser; ++i) MakeSessionOf(42);
  EXPECT_TRUE(IsSession(first));
  const NewSession last = MakeSessionOf(42);
  EXPECT_FALSE(IsSession(first));
  EXPECT_TRUE(IsSession(second));
  EXPECT_TRUE(IsSession(last));
  EXPECT_EQ(CountRecords(&engine_, Table::kSessions), limits::kMaxSessionsPerUser);
  EXPECT_EQ(*sessions_.RevokeAll(42, {}).Wait(), limits::kMaxSessionsPerUser);
  EXPECT_EQ(CountRecords(&engine_, Table::kSessions), 0u);
  EXPECT_EQ(CountRecords(&engine_, Table::kAccounts), 0u);
}

class ScanCounter final : public testing::ForwardingEngine {
 public:
  using ForwardingEngine::ForwardingEngine;
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override {
    ++scans;
    engine().Scan(std::move(request), std::move(done));
  }

  size_t scans = 0;
};

TEST_F(SessionServiceTest, ExpiredSessionsArePassedOnce) {
  MemoryEngine memory(&clock_, MemoryEngine::Answers::kInline, /*records_per_page=*/10);
  ScanCounter engine(&memory);
  const SessionService sessions(engine, clock_, RandomBytes);
  const auto make = [&] {
    EXPECT_TRUE(sessions.Make({.user = 42, .label = {}, .expire_seconds = 1}).Wait().ok());
    clock_.AdvanceMillis(1);
  };
  for (int i = 0; i < 300; ++i) make();
  clock_.AdvanceMillis(1000);
  engine.scans = 0;
  make();
  EXPECT_GE(engine.scans, 30u);
  engine.scans = 0;
  for (int i = 0; i < 5; ++i) make();
  EXPECT_EQ(*sessions.RevokeAll(42, {}).Wait(), 6u);
  EXPECT_LE(engine.scans, 2 * 6u);
}

TEST(SessionStartsTest, FewUsersAreRemembered) {
  SessionStarts starts;
  for (uint64_t user = 0; user <= SessionStarts::kMaxUsers; ++user) {
    ScanPage page;
    page.Add(AccountSessionSort(user, {}), {});
    starts.Learn(user, page);
    EXPECT_LT(starts.Of(user), AccountSessionSort(user, {}));
    EXPECT_EQ(starts.Of(user).size(), 1 + sizeof(uint64_t));
  }
  EXPECT_EQ(starts.Of(1), FirstAccountSort(AccountPart::kSession));
}

TEST_F(SessionServiceTest, InterruptedRevocationIsFinishedAndSparesLaterSessions) {
  for (int i = 0; i < 7; ++i) MakeSessionOf(42);
  // As a crash after the first write leaves it.
  const WorkItem item = sessions_.RevokeItem(42, {});
  ASSERT_TRUE(WorkLog(engine_).Add(item).Wait().ok());
  clock_.AdvanceMillis(1);
  const NewSession later = MakeSessionOf(42);
  Sweeper sweeper(engine_, clock_, [this](WorkItem due) { return sessions_.Finish(due); });
  EXPECT_EQ(*sweeper.Sweep(), 0u) << "not due yet";
  clock_.AdvanceMillis(static_cast<int64_t>(limits::kWorkGraceMillis));
  EXPECT_EQ(*sweeper.Sweep(), 1u);
  EXPECT_TRUE(IsSession(later));
  EXPECT_EQ(CountRecords(&engine_, Table::kSessions), 1u);
}

}  // namespace
}  // namespace smile
