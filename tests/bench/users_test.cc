#include "bench/smilebench/users.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace smile::bench {
namespace {

TEST(Users, LoginsAreUniqueMailAddresses) {
  std::set<Bytes> logins;
  for (uint64_t user = 1; user <= 20'000; ++user) {
    const Bytes login = LoginOf(user);
    EXPECT_EQ(login, LoginOf(user));
    EXPECT_EQ(std::count(login.begin(), login.end(), '@'), 1) << login;
    EXPECT_TRUE(logins.insert(login).second) << login;
    EXPECT_TRUE(ValidateKey(UserKey(1, login).view()).ok());
  }
}

TEST(Users, LoginOrderDiffersFromUserOrder) {
  std::vector<Bytes> logins;
  for (uint64_t user = 1; user <= 100; ++user) logins.push_back(LoginOf(user));
  EXPECT_FALSE(std::is_sorted(logins.begin(), logins.end()));
}

TEST(Users, LoginHasUserAndUniqueCredential) {
  Bytes one;
  Bytes other;
  MakeLoginRecord(4711, &one);
  MakeLoginRecord(4712, &other);
  EXPECT_TRUE(one.starts_with("4711 $argon2id$v=19$")) << one;
  EXPECT_NEAR(static_cast<double>(one.size()), 105, 10);
  EXPECT_NE(one.substr(one.rfind('$')), other.substr(other.rfind('$')));
  const Bytes before = one;
  MakeLoginRecord(4711, &one);
  EXPECT_EQ(one, before);
}

TEST(Users, ProfilesAreUniqueJsonOfRealisticSize) {
  Bytes profile;
  std::set<Bytes> seen;
  size_t total = 0;
  for (uint64_t user = 1; user <= 2'000; ++user) {
    MakeProfile(user, &profile);
    EXPECT_TRUE(nlohmann::json::accept(profile)) << profile;
    EXPECT_GE(profile.size(), 200u) << profile;
    EXPECT_LE(profile.size(), 700u) << profile;
    EXPECT_TRUE(seen.insert(profile).second);
    total += profile.size();
  }
  EXPECT_NEAR(static_cast<double>(total) / 2'000, 410, 50);
  const Bytes before = profile;
  MakeProfile(2'000, &profile);
  EXPECT_EQ(profile, before);
}

}  // namespace
}  // namespace smile::bench
