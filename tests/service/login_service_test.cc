#include "service/logins/login_service.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "base/hash.h"
#include "base/limits.h"
#include "tests/service/login_fixture.h"
#include "tests/support/count_records.h"
#include "tests/support/niceness.h"

namespace smile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Of the password "secret"; made by libcrypt and libargon2.
constexpr std::string_view kOldCredentials[] = {
    "$2a$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
    "$2b$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
    "$2y$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
    "$7$BU..../....k2XAnEHBqQ1Ct2aMXFKNa/$kHfmBJfFPI.rM/W7nSK4N.f7gXsq7U/kUJaT.MJMLuC",
    "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$Tg4ZRR7tz/WRlmYbADZh9OJYakPewgSPQqW55EXAJ14",
    "$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud4OEtpvLZ/2wzq/Tix/"
    "qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv1",
    "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq."
    "H91p5hVO1",
    "$argon2d$v=19$m=64,t=2,p=2$c2FsdHNhbHQ$LdYKcC5NasN7UZQVeA3eE5Z2J2YrZp4d",
    "$argon2d$v=16$m=64,t=2,p=2$c2FsdHNhbHQ$YYnvsQB/Ykx2BZnq8vgJVKwpbt3hNoBF",
    "$argon2i$v=19$m=64,t=2,p=2$c2FsdHNhbHQ$HXUF0bTInM4EKJmawGN8E2P6TZSLJ6ir",
    "$argon2i$v=16$m=64,t=2,p=2$c2FsdHNhbHQ$/G5ZbKn47zU+6u5FTurt9abnC/0ZwCbU",
    "$argon2id$v=19$m=64,t=2,p=2$c2FsdHNhbHQ$ZHiDqmcmpYRtJJKwVp/f3ZgHe59UHoPI",
    "$argon2id$v=16$m=64,t=2,p=2$c2FsdHNhbHQ$pUMqnmawyTEWjRQLAuEt82E1+EyDeFDl"};

TEST(PasswordHasherTest, HashesAtLowPriority) {
  const SystemClock clock;
  HasherOptions options = kCheapHashes;
  options.threads = 1;
  PasswordHasher hasher(options, clock);
  ASSERT_TRUE(hasher.Hash("secret", {}).Wait().ok());
  EXPECT_THAT(NicenessOf("smile-hasher"),
              ElementsAre(std::min(getpriority(PRIO_PROCESS, 0) + 10, 19)));
}

TEST_F(LoginTest, RegisterClaimsTheLoginAndWritesRecords) {
  const FirstRecord profile{"profile", Hash64("Ada"), "Ada"};
  ASSERT_EQ(*Register("ada", "secret", 42, {profile}), 42u);
  EXPECT_EQ(*Verify("ada", "secret"), 42u);
  EXPECT_EQ(VerifyCode("ada", "Secret"), Code::kNotFound);
  EXPECT_EQ(VerifyCode("bob", "secret"), Code::kNotFound);
  EXPECT_EQ(EngineCalls(engine_).Read(UserKey(42, "profile")).Wait()->value, "Ada");
  EXPECT_THAT(LoginsOf(42), ElementsAre("ada"));
  EXPECT_THAT(Stored("ada").credential, StartsWith("$argon2id$v=19$m=8,t=1,p=1$"));

  // What is there stays as it is, and nothing of the refused requests is written.
  EXPECT_EQ(Register("ada", "other", 43).status().code(), Code::kConditionFailed);
  EXPECT_EQ(Register("mail", "other", 42).status().code(), Code::kConditionFailed);
  const FirstRecord other{"profile", Hash64("Eve"), "Eve"};
  EngineCalls(engine_).Write(UserKey(44, "profile"), PutChange({}, "Bob")).Wait();
  EXPECT_EQ(Register("eve", "other", 44, {other}).status().code(), Code::kConditionFailed);
  EXPECT_EQ(CountRecords(&engine_, Table::kLogins), 1u);
  EXPECT_EQ(CountRecords(&engine_, Table::kAccounts), 1u);
  EXPECT_EQ(EngineCalls(engine_).Read(UserKey(44, "profile")).Wait()->value, "Bob");
  const Result<uint64_t> chosen = Register("eve", "other", 0);
  EXPECT_GT(*chosen, 0u);
  EXPECT_EQ(*Verify("eve", "other"), *chosen);
}

TEST_F(LoginTest, BytesAreBytes) {
  // "é" composed and decomposed, a zero, and the case.
  const std::vector<Bytes> names = {"\xc3\xa9", "e\xcc\x81", Bytes("a\0b", 3), "a", "A"};
  for (size_t i = 0; i < names.size(); ++i) {
    ASSERT_TRUE(Register(names[i], names[i], 100 + i).ok());
  }
  for (size_t i = 0; i < names.size(); ++i) {
    for (size_t j = 0; j < names.size(); ++j) {
      EXPECT_EQ(VerifyCode(names[i], names[j]) == Code::kOk, i == j) << i << " " << j;
    }
  }
}

// Its key in `accounts` is longer than a name.
TEST_F(LoginTest, LongestLoginIsListedAndRemoved) {
  const Bytes longest(limits::kMaxNameBytes, 'x');
  ASSERT_TRUE(Register(longest, "secret", 42).ok());
  EXPECT_EQ(LoginsOf(42), std::vector<Bytes>{longest});
  EXPECT_TRUE(logins_.Remove(longest).Wait().ok());
  EXPECT_TRUE(LoginsOf(42).empty());
}

TEST_F(LoginTest, ChangedPasswordRevokesSessions) {
  ASSERT_TRUE(Register("ada", "one", 42).ok());
  const NewSession first = MakeSessionOf(42);
  const NewSession second = MakeSessionOf(42);
  const NewSession others = MakeSessionOf(43);
  EXPECT_EQ(logins_.ChangePassword(AttemptOf("ada", "wrong"), {"two", {}}).Wait().status().code(),
            Code::kNotFound);
  const auto changed =
      logins_.ChangePassword(AttemptOf("ada", "one"), {"two", {.one = second.id}}).Wait();
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->user, 42u);
  EXPECT_EQ(changed->revoked_sessions, 1u);
  EXPECT_FALSE(IsSession(first));
  EXPECT_TRUE(IsSession(second));
  EXPECT_TRUE(IsSession(others));
  EXPECT_EQ(VerifyCode("ada", "one"), Code::kNotFound);
  EXPECT_EQ(VerifyCode("ada", "two"), Code::kOk);
  EXPECT_EQ(
      logins_.SetPassword(AttemptOf("ada", ""), {"three", {.all = true}}).Wait()->revoked_sessions,
      0u);
  EXPECT_TRUE(IsSession(second));
  EXPECT_EQ(VerifyCode("ada", "three"), Code::kOk);
  EXPECT_EQ(CountRecords(&engine_, Table::kWork), 0u);
}

TEST_F(LoginTest, LoginsOfAUserAreAddedRenamedListedAndRemoved) {
  ASSERT_TRUE(Register("mail", "secret", 42).ok());
  ASSERT_TRUE(
      logins_.Add({.login = "phone", .user = 42, .secret = "1234", .call = {}}).Wait().ok());
  ASSERT_TRUE(Import("id", 42, "").ok());
  EXPECT_TRUE(Import("id", 42, "").ok()) << "the same again";
  EXPECT_EQ(Import("id", 43, "").code(), Code::kConditionFailed);
  EXPECT_THAT(LoginsOf(42), ElementsAre("id", "mail", "phone"));
  EXPECT_EQ(VerifyCode("id", "anything"), Code::kNotFound) << "no password matches";

  EXPECT_EQ(logins_.Rename("mail", "phone").Wait().status().code(), Code::kConditionFailed);
  EXPECT_EQ(logins_.Rename("none", "other").Wait().status().code(), Code::kNotFound);
  EXPECT_EQ(*logins_.Rename("mail", "mail").Wait(), 42u);
  ASSERT_EQ(*logins_.Rename("mail", "post").Wait(), 42u);
  EXPECT_EQ(VerifyCode("mail", "secret"), Code::kNotFound);
  EXPECT_EQ(*Verify("post", "secret"), 42u);
  ASSERT_EQ(*logins_.Remove("phone").Wait(), 42u);
  EXPECT_EQ(logins_.Remove("phone").Wait().status().code(), Code::kNotFound);
  EXPECT_THAT(LoginsOf(42), ElementsAre("id", "post"));

  for (uint32_t i = 2; i < limits::kMaxLoginsPerUser; ++i) {
    ASSERT_TRUE(Import("n" + std::to_string(i), 42, "").ok());
  }
  EXPECT_EQ(Import("one too many", 42, "").code(), Code::kTooLarge);
}

TEST_F(LoginTest, OlderHashesVerifyAndAreReplaced) {
  for (size_t i = 0; i < std::size(kOldCredentials); ++i) {
    const Bytes credential(kOldCredentials[i]);
    const Bytes login = "old" + std::to_string(i);
    ASSERT_TRUE(Import(login, 100 + i, credential).ok()) << credential;
    EXPECT_EQ(VerifyCode(login, Bytes("secret\0x", 8)), Code::kNotFound) << credential;
    EXPECT_EQ(VerifyCode(login, "Secret"), Code::kNotFound) << credential;
    EXPECT_EQ(Stored(login).credential, credential);
    EXPECT_EQ(VerifyCode(login, "secret"), Code::kOk) << credential;
    const Bytes renewed = Stored(login).credential;
    EXPECT_THAT(renewed, StartsWith("$argon2id$v=19$m=8,t=1,p=1$"));
    EXPECT_EQ(VerifyCode(login, "secret"), Code::kOk);
    EXPECT_EQ(Stored(login).credential, renewed);
  }
}

TEST_F(LoginTest, CostlyAndMalformedCredentialsAreRejectedAtImport) {
  const Bytes salt_and_hash = "c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const Bytes hash43(43, '.');
  const std::vector<Bytes> costly = {
      "$argon2id$v=19$m=1048576,t=1,p=1$" + salt_and_hash,
      "$argon2id$v=19$m=262144,t=100,p=1$" + salt_and_hash,
      "$argon2id$v=19$m=4294967295,t=4294967295,p=1$" + salt_and_hash,
      "$argon2id$v=19$m=8192,t=1,p=1000$" + salt_and_hash,
      "$2b$31$" + Bytes(53, 'a'),
      "$6$rounds=999999999$salt$" + Bytes(86, '.'),
      "$7$zzzzzzzzzzz" + Bytes("salt$") + hash43,
      "$7$M6..../..../" + Bytes(1, 's') + "$" + hash43,
      "$y$jzT$salt$" + hash43,
      "$y$j9T0zzzzzz$salt$" + hash43};
  for (const Bytes& credential : costly) {
    const Status status = Import("login", 42, credential);
    EXPECT_FALSE(status.ok()) << credential;
    EXPECT_THAT(status.message(), ::testing::Not(HasSubstr("salt$"))) << "it is secret";
  }
  EXPECT_EQ(Import("login", 42, costly[0]).code(), Code::kTooLarge);
  EXPECT_EQ(Import("login", 42, costly[4]).code(), Code::kTooLarge);
  EXPECT_EQ(Import("login", 42, costly[5]).code(), Code::kTooLarge);
  for (const Bytes credential :
       {"secret", "$1$salt$hash", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$",
        "$argon2id$v=19$m=08,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=7$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$2b$",
        "$2b$12$short", "$6$", "$6$salt", "$7$", "$y$", "$y$j9T", "$y$j9T$salt$short", "$2b$xx$"}) {
    EXPECT_EQ(Import("login", 42, credential).code(), Code::kInvalid) << credential;
  }
  EXPECT_EQ(CountRecords(&engine_, Table::kLogins), 0u);
}

TEST_F(LoginTest, ExportHasCredentials) {
  ASSERT_TRUE(Register("ada", "secret", 42).ok());
  ASSERT_TRUE(Register("bob", "secret", 43).ok());
  ListRequest request{.table = Table::kLogins, .limit = 1};
  std::vector<LoginInfo> logins;
  for (;;) {
    const auto page = logins_.Export(request).Wait();
    ASSERT_TRUE(page.ok());
    logins.insert(logins.end(), page->logins.begin(), page->logins.end());
    if (!page->page.more) break;
    request.after = page->page.partitions.back();
  }
  ASSERT_EQ(logins.size(), 2u);
  for (const LoginInfo& login : logins) {
    ASSERT_TRUE(logins_.Remove(login.login).Wait().ok());
    ASSERT_TRUE(Import(login.login, login.record.user, login.record.credential).ok());
  }
  EXPECT_EQ(*Verify("ada", "secret"), 42u);
}

// --- Guessing ------------------------------------------------------------------------------------

TEST_F(LoginTest, GuessingIsSlowedByLoginAndLabel) {
  ASSERT_TRUE(Register("ada", "secret", 42).ok());
  ASSERT_EQ(VerifyCode("ada", "secret", "home"), Code::kOk);
  for (const Bytes login : {"ada", "none"}) {
    for (uint32_t i = 0; i < limits::kFreeGuesses; ++i) {
      EXPECT_EQ(VerifyCode(login, "guess", "thief"), Code::kNotFound);
    }
    const Status slowed = Verify(login, "secret", "thief").status();
    EXPECT_EQ(slowed.code(), Code::kTooManyGuesses) << "even the right one";
    EXPECT_EQ(slowed.retry_after_ms(), 1000u);
    EXPECT_EQ(slowed.error_class(), ErrorClass::kNever) << "clients do not retry it";
  }
  // Another process on the same data.
  const LoginService restarted(engine_, hasher_, sessions_, clock_, RandomBytes);
  EXPECT_EQ(restarted.Verify(AttemptOf("ada", "secret", "thief")).Wait().status().code(),
            Code::kTooManyGuesses);
  uint64_t delay_ms = 1000;
  for (int i = 0; i < 15; ++i) {
    clock_.AdvanceMillis(static_cast<int64_t>(delay_ms) - 1);
    EXPECT_EQ(VerifyCode("ada", "guess", "thief"), Code::kTooManyGuesses);
    clock_.AdvanceMillis(1);
    EXPECT_EQ(VerifyCode("ada", "guess", "thief"), Code::kNotFound);
    delay_ms = std::min(2 * delay_ms, limits::kMaxGuessDelayMillis);
  }
  EXPECT_EQ(VerifyCode("ada", "secret", "home"), Code::kOk) << "who was there before is not slowed";
  EXPECT_EQ(VerifyCode("ada", "secret", "thief"), Code::kTooManyGuesses);
  clock_.AdvanceMillis(static_cast<int64_t>(limits::kMaxGuessDelayMillis));
  EXPECT_EQ(VerifyCode("ada", "secret", "thief"), Code::kOk) << "the delay is bounded";
  EXPECT_EQ(VerifyCode("ada", "guess", "thief"), Code::kNotFound) << "and then forgotten";
  EXPECT_EQ(VerifyCode("ada", "guess", "thief"), Code::kNotFound);
}

TEST_F(LoginTest, ManyLabelsSlowDownStrangersOnly) {
  ASSERT_TRUE(Register("ada", "secret", 42).ok());
  ASSERT_EQ(VerifyCode("ada", "secret", "home"), Code::kOk);
  uint32_t labels = 0;
  while (VerifyCode("ada", "guess", "bot" + std::to_string(labels)) == Code::kNotFound) ++labels;
  EXPECT_EQ(labels, limits::kFreeGuessesOfLogin);
  EXPECT_EQ(VerifyCode("ada", "secret", "new"), Code::kTooManyGuesses);
  EXPECT_EQ(VerifyCode("ada", "secret", "home"), Code::kOk);
  ASSERT_TRUE(logins_.SetPassword(AttemptOf("ada", "", "new"), {"next", {}}).Wait().ok());
  EXPECT_EQ(VerifyCode("ada", "next", "new"), Code::kOk) << "a new password ends it";
}

TEST_F(LoginTest, OneLabelIsSlowedAtManyLogins) {
  uint32_t logins = 0;
  while (VerifyCode("user" + std::to_string(logins), "guess", "bot") == Code::kNotFound) ++logins;
  EXPECT_EQ(logins, limits::kFreeGuessesOfLabel);
  EXPECT_EQ(VerifyCode("user9999", "guess", "bot"), Code::kTooManyGuesses);
  EXPECT_EQ(VerifyCode("user9999", "guess", "other"), Code::kNotFound);
  clock_.AdvanceMillis(static_cast<int64_t>(limits::kGuessesKeptMillis + 1000));
  EXPECT_EQ(VerifyCode("user9999", "guess", "bot"), Code::kNotFound);
  EXPECT_EQ(VerifyCode("user9999", "guess", "bot"), Code::kNotFound) << "forgotten";
}

// --- The pool ------------------------------------------------------------------------------------

class HasherTest : public LoginTest {
 protected:
  HasherTest()
      : LoginTest({.params = {.memory_kib = 1024, .passes = 8, .lanes = 1},
                   .threads = 1,
                   .queue_per_thread = 2}) {}
};

TEST_F(HasherTest, FullQueueIsOverloadedAndStoppingAnswersAll) {
  std::vector<Task<Result<Bytes>>> hashes;
  for (int i = 0; i < 50; ++i) hashes.push_back(hasher_.Hash("secret", {}));
  hasher_.Stop();
  size_t overloaded = 0;
  for (auto& hash : hashes) {
    const Result<Bytes> result = hash.Wait();
    overloaded += result.status().code() == Code::kOverloaded ? 1 : 0;
    EXPECT_TRUE(result.ok() || result.status().code() == Code::kOverloaded ||
                result.status().code() == Code::kShuttingDown);
  }
  EXPECT_GE(overloaded, 40u);
  EXPECT_EQ(hasher_.Hash("secret", {}).Wait().status().code(), Code::kShuttingDown);
}

TEST_F(HasherTest, LateAndUnwantedPasswordsAreNotHashed) {
  clock_.AdvanceMillis(10);
  EXPECT_EQ(hasher_.Hash("secret", {.deadline_nanos = 1}).Wait().status().code(),
            Code::kDeadlineExceeded);
  const auto gone = std::make_shared<Caller>();
  gone->Go();
  EXPECT_FALSE(hasher_.Hash("secret", {.caller = gone}).Wait().ok());
  EXPECT_EQ(hasher_.Stats()[0].second, 0u);
}

TEST_F(HasherTest, OneOfManyRegistrationsOfALoginSucceeds) {
  std::vector<std::thread> threads;
  std::atomic<uint64_t> winner{0};
  std::atomic<int> winners{0};
  for (uint64_t user = 1; user <= 3; ++user) {
    threads.emplace_back([&, user] {
      const auto registered = Register("ada", std::to_string(user), user);
      if (!registered.ok()) return;
      ++winners;
      winner = user;
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(winners, 1);
  EXPECT_EQ(*Verify("ada", std::to_string(winner)), winner);
  EXPECT_EQ(CountRecords(&engine_, Table::kAccounts), 1u);
}

}  // namespace
}  // namespace smile
