#include "bench/smilebench/users_lookups.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/smilebench/users_report.h"
#include "tests/bench/users_fixture.h"

namespace smile::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class UsersLookupsTest : public UsersTest {
 protected:
  // As `smilebench load` does.
  void WriteUsers() {
    Bytes value;
    for (uint64_t user = 1; user <= options_.users; ++user) {
      MakeLoginRecord(user, &value);
      Put(LoginKeyOf(user), value);
      MakeProfile(user, &value);
      Put(ProfileKeyOf(user), value);
    }
  }
  LookupResults LookUp() {
    Result<LookupResults> results = LookUpUsers(options_, client_clock_, [] { return false; });
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? std::move(results).value() : LookupResults();
  }
};

TEST_F(UsersLookupsTest, ProfilesAndLoginsAreFound) {
  WriteUsers();
  const LookupResults results = LookUp();
  for (const LookupRound* round : {&results.cold, &results.warm}) {
    EXPECT_EQ(round->failures(), 0u) << round->first_error.ToString();
    EXPECT_GT(round->profiles.count(), 0u);
    EXPECT_GT(round->logins.count(), 0u);
    EXPECT_GE(round->seconds, 0.05);
  }
  EXPECT_EQ(engine_.TakeReads().size(), results.cold.lookups + results.warm.lookups);
}

TEST_F(UsersLookupsTest, WarmRoundRepeatsTheColdRound) {
  options_.users = 1'000'000;  // of which none is there: it is about what is asked
  options_.connections = 1;
  options_.depth = 1;
  const LookupResults results = LookUp();
  const std::vector<std::string> reads = engine_.TakeReads();
  const size_t cold = results.cold.errors;
  ASSERT_EQ(reads.size(), cold + results.warm.errors);
  ASSERT_GT(cold, 0u);
  for (size_t i = cold; i < reads.size(); ++i) EXPECT_EQ(reads[i], reads[(i - cold) % cold]);
}

TEST_F(UsersLookupsTest, EachRunLooksUpOtherUsers) {
  options_.users = kMaxUsers;
  LookUp();
  const std::vector<std::string> first = engine_.TakeReads();
  LookUp();
  EXPECT_NE(first.at(0), engine_.TakeReads().at(0));
}

TEST_F(UsersLookupsTest, MissingUserIsAnError) {
  const LookupResults results = LookUp();
  EXPECT_GT(results.cold.errors, 0u);
  EXPECT_EQ(results.cold.first_error.code(), Code::kNotFound);
  EXPECT_EQ(results.cold.lookups, 0u);
  EXPECT_GT(results.warm.failures(), 0u);
}

TEST_F(UsersLookupsTest, WrongProfileOrLoginIsAnError) {
  options_.users = 1;
  WriteUsers();
  Bytes other;
  MakeProfile(2, &other);
  Put(ProfileKeyOf(1), other);
  const LookupResults one = LookUp();
  EXPECT_GT(one.cold.wrong_values, 0u);
  EXPECT_EQ(one.cold.profiles.count(), 0u);
  EXPECT_GT(one.cold.logins.count(), 0u);
  MakeLoginRecord(2, &other);
  Put(LoginKeyOf(1), other);
  const LookupResults both = LookUp();
  EXPECT_EQ(both.warm.lookups, 0u);
  EXPECT_GT(both.warm.failures(), 0u);
  EXPECT_THAT(FormatText(options_, both), HasSubstr("WRONG VALUES"));
}

TEST_F(UsersLookupsTest, InterruptionEndsTheRoundAndIsReported) {
  WriteUsers();
  options_.seconds = 1e6;
  int polls = 0;
  const Result<LookupResults> results =
      LookUpUsers(options_, client_clock_, [&] { return ++polls > 1; });
  ASSERT_TRUE(results.ok());
  EXPECT_TRUE(results->interrupted);
  EXPECT_GT(results->cold.lookups, 0u);
  EXPECT_EQ(results->warm.lookups, 0u);
  EXPECT_THAT(FormatText(options_, *results), HasSubstr("INTERRUPTED"));
  EXPECT_THAT(FormatJson(options_, *results), HasSubstr("\"interrupted\": true"));
}

TEST_F(UsersLookupsTest, MissingServerIsUnavailable) {
  StopServer();
  EXPECT_EQ(LookUpUsers(options_, client_clock_, [] { return false; }).status().code(),
            Code::kUnavailable);
}

TEST_F(UsersLookupsTest, ReportHasBothRounds) {
  WriteUsers();
  options_.server_pid = getpid();
  const LookupResults results = LookUp();
  const std::string text = FormatText(options_, results);
  for (const char* words : {"cold  profiles", "cold  logins", "warm  profiles", "p99.9",
                            "MiB in memory", "13 bytes per user"}) {
    EXPECT_THAT(text, HasSubstr(words));
  }
  EXPECT_THAT(text, Not(HasSubstr("WRONG")));
  const std::string json = FormatJson(options_, results);
  EXPECT_THAT(json, HasSubstr("\"warm\": {"));
  EXPECT_THAT(json, HasSubstr("\"p99.9_us\""));
  EXPECT_THAT(json, HasSubstr("\"disk_bytes_per_user\": 13.3"));
}

}  // namespace
}  // namespace smile::bench
