#include "service/users/user_service.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/coding.h"
#include "base/hash.h"
#include "storage/memory_content_store.h"
#include "storage/memory_engine.h"
#include "tests/service/people_process.h"
#include "tests/support/count_records.h"

namespace smile::testing {
namespace {

constexpr uint64_t kBob = 7;
constexpr uint64_t kPostCount = 3;

Bytes BigBytes(uint64_t number) {
  Bytes bytes;
  AppendBig(&bytes, number);
  return bytes;
}

class UserServiceTest : public ::testing::Test {
 protected:
  static constexpr int64_t kNoLimit = INT64_MAX;

  UserServiceTest() { Restart(kNoLimit); }

  void Restart(int64_t calls) {
    process_.reset();
    process_ = std::make_unique<PeopleProcess>(&engine_, &store_, clock_, calls);
  }

  void Link(uint64_t user, LinkKind kind, uint64_t other) {
    LinkChange change;
    change.side = {.user = user, .kind = kind, .other = other};
    change.value = "met in 1833";
    ASSERT_TRUE(process_->links.Change(std::move(change)).Wait().ok());
  }
  void PutRecords(Table table, uint64_t user, const std::vector<Bytes>& sorts) {
    std::vector<Change> changes;
    changes.reserve(sorts.size());
    for (const Bytes& sort : sorts) changes.push_back(PutChange(sort, "text"));
    const EngineCalls calls(engine_);
    ASSERT_TRUE(calls.Write(table, BigBytes(user), std::move(changes)).Wait().status.ok());
  }
  void PutMedia(uint64_t owner, uint64_t media, const Bytes& bytes) {
    smile::PutMedia put;
    put.id = {.owner = owner, .media = media};
    put.bytes = bytes;
    put.checksum = Hash64(bytes);
    ASSERT_TRUE(process_->media.Put(std::move(put)).Wait().ok());
  }

  // A user with some of everything; the other has some, too.
  void Populate() {
    for (const auto& [user, login] : {std::pair(kAda, "ada"), std::pair(kBob, "bob")}) {
      RegisterLogin registration;
      registration.login = login;
      registration.password = "secret";
      registration.user = user;
      registration.records.push_back(
          {.name = "profile", .checksum = Hash64("text"), .value = "text"});
      ASSERT_TRUE(process_->logins.Register(std::move(registration)).Wait().ok());
      MakeSession session;
      session.user = user;
      session.expire_seconds = 1'000'000;
      ASSERT_TRUE(process_->sessions.Make(std::move(session)).Wait().ok());
      PutMedia(user, 1, "a photo that both have");
    }
    AddLogin phone;
    phone.login = "+44 1815";
    phone.user = kAda;
    phone.secret = "secret";
    ASSERT_TRUE(process_->logins.Add(std::move(phone)).Wait().ok());
    Link(kAda, LinkKind::kFriend, kBob);
    Link(kAda, LinkKind::kFollow, 8);
    Link(kBob, LinkKind::kFollow, kAda);
    Link(kBob, LinkKind::kFamily, 9);
    PutMedia(kAda, 2, "a photo of hers");
    BeginUpload begin;
    begin.id = {.owner = kAda, .media = 3};
    begin.chunk_bytes = limits::kMinChunkBytes;
    ASSERT_TRUE(process_->media.Begin(std::move(begin)).Wait().ok());
    std::vector<Bytes> posts;
    for (uint64_t post = 1; post <= kPostCount; ++post) posts.push_back(BigBytes(post));
    PutRecords(Table::kPosts, kAda, posts);
    PutRecords(Table::kPosts, kBob, {BigBytes(1)});
    PutRecords(Table::kUsers, kAda, {"settings", "theme"});
  }

  UserState Stat(uint64_t user) {
    const Result<UserState> state = process_->users.Stat(user, {}).Wait();
    EXPECT_TRUE(state.ok()) << state.status().ToString();
    return state.ok() ? *state : UserState{};
  }

  // Nothing of Ada, in any table; all that Bob has beside his links to her.
  void ExpectErased() {
    EXPECT_EQ(Stat(kAda).tally, UserTally{});
    EXPECT_FALSE(Stat(kAda).erasing);
    for (const Table table :
         {Table::kUsers, Table::kPosts, Table::kLinks, Table::kMedia, Table::kAccounts}) {
      EXPECT_EQ(CountRecords(&engine_, table, BigBytes(kAda)), 0u) << InfoOf(table).name;
    }
    EXPECT_EQ(CountRecords(&engine_, Table::kLogins), 1u);
    EXPECT_EQ(CountRecords(&engine_, Table::kSessions), 1u);
    EXPECT_EQ(CountRecords(&engine_, Table::kUploads), 0u);
    EXPECT_EQ(CountRecords(&engine_, Table::kBlobs), 1u);
    EXPECT_EQ(CountRecords(&engine_, Table::kWork), 0u);
    EXPECT_EQ(
        Stat(kBob).tally,
        (UserTally{.logins = 1, .sessions = 1, .links = 1, .media = 1, .posts = 1, .records = 1}));
    EXPECT_EQ(process_->links.Count({.user = kBob, .kind = LinkKind::kFriend}, {}).Wait().value(),
              0u);
    const auto photo = process_->media.Read({.owner = kBob, .media = 1}, 0, 100, {}).Wait();
    ASSERT_TRUE(photo.ok());
    EXPECT_EQ(photo->bytes, "a photo that both have");
  }

  // Nothing of anybody.
  void ExpectEmpty() {
    for (const TableInfo& info : kTables) {
      EXPECT_EQ(CountRecords(&engine_, info.table), 0u) << info.name;
    }
  }

  // As the sweeper does on its thread, until it has nothing to do.
  void SweepAfterGrace() {
    clock_.AdvanceMillis(limits::kWorkGraceMillis + 1);
    ASSERT_TRUE(process_->sweeper.Sweep().ok());
    clock_.AdvanceMillis(limits::kWorkGraceMillis + 1);  // what that put into the work log
    ASSERT_TRUE(process_->sweeper.Sweep().ok());
  }
  // More posts than a call of an erase removes.
  void PutManyPosts() {
    constexpr uint64_t kTogether = limits::kMaxBatchMutations;
    for (uint64_t first = 0; first <= limits::kMaxErasedPerCall; first += kTogether) {
      std::vector<Bytes> posts;
      for (uint64_t post = first; post < first + kTogether; ++post) posts.push_back(BigBytes(post));
      PutRecords(Table::kPosts, kAda, posts);
    }
  }

  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  MemoryContentStore store_;
  std::unique_ptr<PeopleProcess> process_;
};

constexpr UserTally kAdasTally{.logins = 2,
                               .sessions = 1,
                               .links = 3,  // two, and that she is followed
                               .media = 2,
                               .uploads = 1,
                               .posts = kPostCount,
                               .records = 3};

TEST_F(UserServiceTest, StatCountsAllThatThereIs) {
  EXPECT_EQ(Stat(kAda).tally, UserTally{});
  Populate();
  EXPECT_EQ(Stat(kAda).tally, kAdasTally);
  EXPECT_TRUE(Stat(kAda).complete);
  std::vector<Bytes> many;
  for (uint64_t post = 10; post < 10 + limits::kMaxUserTally; ++post)
    many.push_back(BigBytes(post));
  PutRecords(Table::kPosts, kAda, many);
  EXPECT_EQ(Stat(kAda).tally.posts, limits::kMaxUserTally);
  EXPECT_FALSE(Stat(kAda).complete);
}

TEST_F(UserServiceTest, EraseRemovesAllAndNothingElse) {
  Populate();
  const auto erased = process_->users.Erase(kAda).Wait();
  ASSERT_TRUE(erased.ok()) << erased.status().ToString();
  EXPECT_TRUE(erased->done);
  EXPECT_EQ(erased->removed, kAdasTally);
  SweepAfterGrace();  // the notes of the media that were deleted
  ExpectErased();
  const auto again = process_->users.Erase(kAda).Wait();
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->done);
  EXPECT_EQ(again->removed, UserTally{});
}

TEST_F(UserServiceTest, EraseOfMuchTakesSeveralCalls) {
  PutManyPosts();
  auto erased = process_->users.Erase(kAda).Wait();
  ASSERT_TRUE(erased.ok());
  EXPECT_FALSE(erased->done);
  EXPECT_TRUE(Stat(kAda).erasing);
  EXPECT_GT(Stat(kAda).tally.posts, 0u);
  erased = process_->users.Erase(kAda).Wait();
  ASSERT_TRUE(erased.ok());
  EXPECT_TRUE(erased->done);
  EXPECT_EQ(Stat(kAda).tally, UserTally{});
}

TEST_F(UserServiceTest, SweeperGoesOnWithAnEraseThatNobodyAsksFor) {
  PutManyPosts();
  ASSERT_FALSE(process_->users.Erase(kAda).Wait()->done);
  Restart(kNoLimit);
  SweepAfterGrace();
  EXPECT_EQ(Stat(kAda).tally, UserTally{});
  EXPECT_FALSE(Stat(kAda).erasing);
}

// As one that a sweeper took before the erase was answered.
TEST_F(UserServiceTest, ItemOfAnEraseThatIsDoneRemovesNothing) {
  ASSERT_TRUE(process_->users.Erase(kAda).Wait()->done);
  Populate();
  WorkItem item{.due_ms = 1, .id = {}, .kind = WorkKind::kErase, .payload = {}};
  item.id[0] = kAda;
  ASSERT_TRUE(WorkLog(engine_).Add(std::move(item)).Wait().ok());
  SweepAfterGrace();
  EXPECT_EQ(Stat(kAda).tally, kAdasTally);
  EXPECT_EQ(CountRecords(&engine_, Table::kWork), 1u) << "that of the upload";
}

// A process that stops after any of its calls: nothing is erased, or all is in the end.
TEST_F(UserServiceTest, EraseIsFinishedAfterAnyCrash) {
  constexpr int64_t kManyCalls = 1000;
  for (int64_t calls = 0; calls < kManyCalls; ++calls) {
    SCOPED_TRACE("stopped after " + std::to_string(calls) + " calls");
    Populate();
    Restart(calls);
    const bool answered = process_->users.Erase(kAda).Wait().ok();
    const bool stopped = process_->budget.stopped();
    Restart(kNoLimit);
    if (!answered && !Stat(kAda).erasing && Stat(kAda).tally == kAdasTally) {  // it did not begin
      ASSERT_TRUE(process_->users.Erase(kAda).Wait()->done);
    }
    SweepAfterGrace();
    EXPECT_EQ(CountRecords(&engine_, Table::kAccounts, BigBytes(kAda)), 0u);
    // An item of an upload that is gone may wait for its time.
    clock_.AdvanceMillis(limits::kUploadExpiryMillis);
    SweepAfterGrace();
    ExpectErased();
    ASSERT_TRUE(process_->users.Erase(kBob).Wait()->done);
    SweepAfterGrace();
    ExpectEmpty();
    if (HasFailure() || !stopped) return;
  }
  FAIL() << "the erase never completed";
}

}  // namespace
}  // namespace smile::testing
