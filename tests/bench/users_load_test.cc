#include "bench/smilebench/users_load.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/smilebench/users_report.h"
#include "tests/bench/users_fixture.h"

namespace smile::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class UsersLoadTest : public UsersTest {
 protected:
  UsersLoadResults Load() {
    Result<UsersLoadResults> results = LoadUsers(options_, client_clock_, hooks_);
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? std::move(results).value() : UsersLoadResults();
  }
  void ExpectUsers(uint64_t first, uint64_t last) {
    for (uint64_t user = first; user <= last; ++user) EXPECT_TRUE(HasAllOf(user)) << user;
  }

  uint64_t done_ = 0;
  UsersLoadHooks hooks_{.interrupted = [] { return false; },
                        .progress = [this](const ProgressState& state) { done_ = state.done; }};
};

TEST_F(UsersLoadTest, EveryUserHasLoginAndProfile) {
  const UsersLoadResults results = Load();
  EXPECT_TRUE(results.complete(options_));
  EXPECT_EQ(results.rows, 600u);
  EXPECT_EQ(results.next, 301u);
  EXPECT_EQ(results.retried + results.already_there, 0u);
  EXPECT_GT(results.seconds, 0);
  EXPECT_EQ(results.disk_bytes, 4'000u);
  EXPECT_EQ(done_, 300u);
  ExpectUsers(1, 300);
}

TEST_F(UsersLoadTest, LoginIsClaimedBeforeTheProfileIsWritten) {
  Load();
  const std::vector<std::string> writes = engine_.TakeWrites();
  ASSERT_EQ(writes.size(), 600u);
  for (uint64_t user = 1; user <= options_.users; ++user) {
    const auto login = std::find(writes.begin(), writes.end(), FormatKey(LoginKeyOf(user).view()));
    const auto profile =
        std::find(writes.begin(), writes.end(), FormatKey(ProfileKeyOf(user).view()));
    EXPECT_LT(login, profile) << user;
  }
}

TEST_F(UsersLoadTest, TakenLoginEndsTheLoadBeforeTheProfile) {
  Put(LoginKeyOf(20), "somebody");
  const UsersLoadResults results = Load();
  EXPECT_FALSE(results.complete(options_));
  EXPECT_EQ(results.failure.code(), Code::kConditionFailed);
  EXPECT_EQ(results.next, 20u);
  EXPECT_EQ(ValueAt(LoginKeyOf(20)), "somebody");
  EXPECT_EQ(ValueAt(ProfileKeyOf(20)), "");
  ExpectUsers(1, 19);
  EXPECT_LT(results.rows, 598u);
}

TEST_F(UsersLoadTest, InterruptedLoadCanBeContinued) {
  hooks_.interrupted = [this] { return done_ >= 50; };
  const UsersLoadResults first = Load();
  EXPECT_TRUE(first.interrupted);
  EXPECT_TRUE(first.failure.ok());
  EXPECT_GT(first.next, 50u);
  EXPECT_LT(first.next, 300u);
  ExpectUsers(1, first.next - 1);
  EXPECT_EQ(ValueAt(ProfileKeyOf(300)), "");

  hooks_.interrupted = [] { return false; };
  options_.from = first.next;
  const UsersLoadResults second = Load();
  EXPECT_TRUE(second.complete(options_));
  EXPECT_EQ(second.rows, 2 * (301 - first.next));
  EXPECT_EQ(done_, 300u);
  ExpectUsers(1, 300);
}

TEST_F(UsersLoadTest, ExistingLoginsOfTheSameUsersAreAccepted) {
  Load();
  const UsersLoadResults again = Load();
  EXPECT_TRUE(again.complete(options_));
  EXPECT_EQ(again.already_there, 300u);
  EXPECT_EQ(again.rows, 300u);
}

TEST_F(UsersLoadTest, OverloadedWritesAreRetried) {
  engine_.RefuseFirst();
  const UsersLoadResults results = Load();
  EXPECT_TRUE(results.complete(options_));
  EXPECT_EQ(results.retried, 600u);
  EXPECT_EQ(results.rows, 600u);
  ExpectUsers(1, 300);
}

TEST_F(UsersLoadTest, LostConnectionsAreReplacedWithoutLoss) {
  bool aborted = false;
  hooks_.progress = [&](const ProgressState& state) {
    if (state.done >= 100 && !aborted) server_->AbortConnections();
    aborted = aborted || state.done >= 100;
  };
  const UsersLoadResults results = Load();
  EXPECT_TRUE(aborted);
  EXPECT_TRUE(results.complete(options_)) << results.failure.ToString();
  EXPECT_GT(results.retried, 0u);
  ExpectUsers(1, 300);
}

TEST_F(UsersLoadTest, WritesInFlightAreBoundedByDepth) {
  options_.connections = 1;
  options_.depth = 1;
  Load();
  const std::vector<std::string> writes = engine_.TakeWrites();
  ASSERT_EQ(writes.size(), 600u);
  for (uint64_t user = 1; user <= options_.users; ++user) {
    EXPECT_EQ(writes[2 * user - 1], FormatKey(ProfileKeyOf(user).view()));
  }
}

TEST_F(UsersLoadTest, MissingServerIsUnavailable) {
  StopServer();
  const Result<UsersLoadResults> results = LoadUsers(options_, client_clock_, hooks_);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.status().code(), Code::kUnavailable);
}

TEST_F(UsersLoadTest, MissingServerProcessIsRejected) {
  options_.server_pid = int64_t{1} << 40;
  EXPECT_EQ(LoadUsers(options_, client_clock_, hooks_).status().code(), Code::kInvalid);
}

TEST_F(UsersLoadTest, ReportHasCostAndWhereToContinue) {
  options_.server_pid = getpid();
  UsersLoadResults results = Load();
  EXPECT_THAT(FormatText(options_, results), HasSubstr("600 rows"));
  EXPECT_THAT(FormatText(options_, results), HasSubstr("MiB at the peak"));
  EXPECT_THAT(FormatText(options_, results), HasSubstr("13 bytes per user"));
  EXPECT_THAT(FormatText(options_, results), Not(HasSubstr("--from")));
  const std::string json = FormatJson(options_, results);
  EXPECT_THAT(json, HasSubstr("\"complete\": true"));
  EXPECT_THAT(json, HasSubstr("\"server_peak_rss_bytes\""));
  results.next = 12;
  EXPECT_THAT(FormatText(options_, results), HasSubstr("resume with --from 12"));
}

}  // namespace
}  // namespace smile::bench
