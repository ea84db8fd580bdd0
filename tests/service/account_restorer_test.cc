#include "service/users/account_restorer.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "service/media/media_records.h"
#include "storage/memory_content_store.h"
#include "storage/memory_engine.h"
#include "tests/service/people_process.h"
#include "tests/support/each_record.h"

namespace smile::testing {
namespace {

constexpr uint64_t kBob = 7;

class AccountRestorerTest : public ::testing::Test {
 protected:
  using Records = std::map<std::pair<Bytes, Bytes>, std::pair<Bytes, uint64_t>>;

  AccountRestorerTest() {
    for (const auto& [user, login] : {std::pair(kAda, "ada"), std::pair(kBob, "bob")}) {
      AddLoginOf(user, login);
      AddLoginOf(user, std::string("another of ") + login);
      MakeSession session;
      session.user = user;
      session.expire_seconds = 1000;
      CHECK(process_.sessions.Make(std::move(session)).Wait().ok());
      BeginUpload begin;
      begin.id = {.owner = user, .media = 3};
      CHECK(process_.media.Begin(std::move(begin)).Wait().ok());
    }
  }

  void AddLoginOf(uint64_t user, const std::string& login) {
    AddLogin add;
    add.login = login;
    add.user = user;
    add.secret = "secret";
    CHECK(process_.logins.Add(std::move(add)).Wait().ok());
  }

  Records All() {
    Records records;
    EachRecord(&engine_, Table::kAccounts, [&](const Key& key, const Record& record) {
      records[{key.partition, key.sort}] = {record.value, record.expires_ms};
    });
    return records;
  }
  Records AllOf(uint64_t user) {
    Records records = All();
    std::erase_if(records, [&](const auto& one) { return one.first.first != PartitionOf(user); });
    return records;
  }

  void Lose(const Records& records) {
    for (const auto& [id, content] : records) {
      const Key key(Table::kAccounts, id.first, id.second);
      ASSERT_TRUE(calls_.Write(key, DeleteChange({})).Wait().status.ok());
    }
  }

  uint64_t Restore(std::vector<UserRange> lost) {
    AccountRestorer restorer(engine_, clock_, std::move(lost), [](uint64_t) {});
    const Result<uint64_t> restored = restorer.Run().Wait();
    EXPECT_TRUE(restored.ok()) << restored.status().ToString();
    return restored.ok() ? *restored : 0;
  }

  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  MemoryContentStore store_;
  PeopleProcess process_{&engine_, &store_, clock_, INT64_MAX};
  const EngineCalls calls_{engine_};
};

TEST_F(AccountRestorerTest, LostRecordsAreRestored) {
  const Records all = All();
  ASSERT_EQ(all.size(), 8u);
  for (const auto& one : all) {
    Lose({one});
    EXPECT_EQ(Restore({UserRange()}), 1u);
    EXPECT_EQ(All(), all);
  }
  Lose(all);
  EXPECT_EQ(Restore({UserRange()}), 8u);
  EXPECT_EQ(All(), all);
  EXPECT_EQ(Restore({UserRange()}), 0u);
}

TEST_F(AccountRestorerTest, OnlyTheseUsersAreLookedAt) {
  const Records all = All();
  Lose(all);
  EXPECT_EQ(Restore({{.first = 0, .last = kBob}}), 4u);
  EXPECT_EQ(All(), AllOf(kBob));
  EXPECT_EQ(Restore({{.first = kAda, .last = kAda}}), 4u);
  EXPECT_EQ(All(), all);
}

TEST_F(AccountRestorerTest, WhatHasExpiredIsNotRestored) {
  Lose(All());
  // That of the session is gone; that of the upload has no TTL, and no process has removed it.
  clock_.AdvanceMillis(limits::kUploadExpiryMillis + 1);
  EXPECT_EQ(Restore({UserRange()}), 4u) << "the logins";
}

TEST_F(AccountRestorerTest, ManyAreRestored) {
  for (size_t i = 0; i < 2 * limits::kMaxMGetKeys + 1; ++i) {
    AddLoginOf(1000 + i, "login " + std::to_string(i));
  }
  const Records all = All();
  Lose(all);
  EXPECT_EQ(Restore({UserRange()}), all.size());
  EXPECT_EQ(All(), all);
}

}  // namespace
}  // namespace smile::testing
