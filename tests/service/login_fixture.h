// For tests: the services of logins and sessions on a memory engine, with cheap hashes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "storage/memory_engine.h"
#include "tests/support/memory_services.h"

namespace smile {

class LoginTest : public ::testing::Test {
 protected:
  explicit LoginTest(const HasherOptions& hashes = kCheapHashes) : hashes_(hashes) {}
  ~LoginTest() override {
    hasher_.Stop();
    engine_.Close();
  }

  Result<uint64_t> Register(Bytes login, Bytes password, uint64_t user,
                            std::vector<FirstRecord> records = {}) {
    return logins_
        .Register({.login = std::move(login),
                   .password = std::move(password),
                   .user = user,
                   .records = std::move(records),
                   .call = {}})
        .Wait();
  }
  static LoginAttempt AttemptOf(Bytes login, Bytes password, Bytes label = {}) {
    return {.login = std::move(login),
            .password = std::move(password),
            .label = std::move(label),
            .call = {}};
  }
  Result<uint64_t> Verify(Bytes login, Bytes password, Bytes label = {}) {
    return logins_.Verify(AttemptOf(std::move(login), std::move(password), std::move(label)))
        .Wait();
  }
  Code VerifyCode(Bytes login, Bytes password, Bytes label = {}) {
    return Verify(std::move(login), std::move(password), std::move(label)).status().code();
  }
  Status Import(Bytes login, uint64_t user, Bytes credential) {
    return logins_
        .Import(
            {.login = std::move(login), .user = user, .secret = std::move(credential), .call = {}})
        .Wait();
  }
  NewSession MakeSessionOf(uint64_t user, uint32_t seconds = 1000) {
    const auto made =
        sessions_.Make({.user = user, .label = "phone", .expire_seconds = seconds}).Wait();
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return made.ok() ? *made : NewSession{};
  }
  bool IsSession(const NewSession& session) {
    const auto verified = sessions_.Verify(session.token).Wait();
    const auto tried = sessions_.TryVerify(session.token);
    EXPECT_TRUE(tried.has_value());
    if (tried) {
      EXPECT_EQ(tried->ok(), verified.ok());
    }
    return verified.ok();
  }
  std::vector<Bytes> LoginsOf(uint64_t user) {
    std::vector<Bytes> names;
    const auto logins = logins_.List(user).Wait();
    EXPECT_TRUE(logins.ok());
    for (const LoginInfo& login : *logins) names.push_back(login.login);
    return names;
  }
  LoginRecord Stored(const Bytes& login) {
    const Result<Record> record = EngineCalls(engine_).Read(LoginKey(login)).Wait();
    EXPECT_TRUE(record.ok());
    return record.ok() ? DecodeLoginRecord(record->value).value_or(LoginRecord{}) : LoginRecord{};
  }

  const HasherOptions hashes_;
  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  PasswordHasher hasher_{hashes_, clock_};
  const SessionService sessions_{engine_, clock_, RandomBytes};
  const LoginService logins_{engine_, hasher_, sessions_, clock_, RandomBytes};
};

}  // namespace smile
