#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/continuation.h"
#include "tests/server/operations_fixture.h"

namespace smile {
namespace {

// Of the password "secret".
constexpr std::string_view kOldCredential =
    "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq."
    "H91p5hVO1";

class LoginHandlersTest : public OperationsTest {
 protected:
  void Register(ByteView login, ByteView password, uint64_t user) {
    Do<op::LoginRegister>({.login = login, .password = password, .user = user});
  }
  // A new session with a server that exports credentials.
  void AllowExport() {
    Services services = services_.services();
    services.allow_credential_export = true;
    exporting_.emplace(engine_, services, clock_, [] { return EngineStats(); });
    exporting_shared_.emplace(Session::Shared{
        .handlers = *exporting_,
        .clock = clock_,
        .metrics = metrics_,
        .memory = pool_,
        .discarded = discarded_,
        .watches = watches_,
        .post = [this](std::function<void()> task) { posted_.push_back(std::move(task)); }});
    session_ = std::make_shared<Session>(*exporting_shared_, [] {});
    Greet();
  }
  ~LoginHandlersTest() override { session_.reset(); }

  std::optional<const Handlers> exporting_;
  std::optional<const Session::Shared> exporting_shared_;
};

TEST_F(LoginHandlersTest, LoginsAreChangedThroughASession) {
  const op::FirstRecord profile{.name = "profile", .checksum = Hash64("Ada"), .value = "Ada"};
  EXPECT_EQ(
      Do<op::LoginRegister>({.login = "ada", .password = "one", .user = 42, .records = {profile}})
          .As<op::LoginRegister>()
          .user,
      42u);
  EXPECT_EQ(Do<op::Get>({.key = UserKey(42, "profile").view()}).As<op::Get>().record.value, "Ada");
  EXPECT_EQ(Do<op::LoginVerify>({.login = "ada", .password = "one", .label = "home"})
                .As<op::LoginVerify>()
                .user,
            42u);
  const Bytes token(
      Do<op::SessionMake>({.user = 42, .label = "phone"}).As<op::SessionMake>().token);
  const auto session = Do<op::SessionVerify>({.token = token});
  EXPECT_EQ(session.As<op::SessionVerify>().user, 42u);
  EXPECT_EQ(session.As<op::SessionVerify>().label, "phone");
  const Bytes id(session.As<op::SessionVerify>().session);
  const auto changed =
      Do<op::LoginChange>(
          {.login = "ada", .password = "one", .new_password = "two", .keep_session = id})
          .As<op::LoginChange>();
  EXPECT_EQ(changed.revoked_sessions, 0u);
  EXPECT_EQ(Do<op::LoginReset>({.login = "ada", .new_password = "three"})
                .As<op::LoginReset>()
                .revoked_sessions,
            1u);
  EXPECT_EQ(Call<op::SessionVerify>({.token = token}).code, Code::kNotFound);
  Do<op::LoginAdd>({.login = "phone", .password = "four", .user = 42});
  Do<op::LoginImport>({.login = "old", .user = 42, .credential = kOldCredential});
  Do<op::LoginRename>({.login = "ada", .new_login = "lady"});
  Do<op::LoginRemove>({.login = "phone"});
  const auto list = Do<op::LoginList>({.user = 42});
  const auto logins = list.As<op::LoginList>().logins;
  ASSERT_EQ(logins.size(), 2u);
  EXPECT_EQ(logins[0].login, "lady");
  EXPECT_EQ(logins[0].form, CredentialForm::kArgon2id);
  EXPECT_EQ(logins[1].form, CredentialForm::kSha512Crypt);
  EXPECT_EQ(Do<op::LoginVerify>({.login = "old", .password = "secret"}).As<op::LoginVerify>().user,
            42u);
}

TEST_F(LoginHandlersTest, SessionsAreListedAndRevoked) {
  std::vector<Bytes> ids;
  for (int i = 0; i < 3; ++i) {
    ids.emplace_back(Do<op::SessionMake>({.user = 42}).As<op::SessionMake>().session);
    clock_.AdvanceMillis(1);
  }
  op::SessionList::Request request{.user = 42, .limit = 2};
  const ReceivedReply first = Do<op::SessionList>(request);
  ASSERT_EQ(first.As<op::SessionList>().sessions.size(), 2u);
  EXPECT_EQ(first.As<op::SessionList>().sessions[0].session, ids[0]);
  request.continuation = first.As<op::SessionList>().continuation;
  ASSERT_FALSE(request.continuation->empty());
  const ReceivedReply second = Do<op::SessionList>(request);
  ASSERT_EQ(second.As<op::SessionList>().sessions.size(), 1u);
  EXPECT_EQ(second.As<op::SessionList>().continuation, "");
  EXPECT_TRUE(
      Do<op::SessionRevoke>({.user = 42, .session = ids[1]}).As<op::SessionRevoke>().revoked);
  EXPECT_EQ(Do<op::SessionRevokeAll>({.user = 42, .keep_session = ids[2]})
                .As<op::SessionRevokeAll>()
                .revoked_sessions,
            1u);
}

TEST_F(LoginHandlersTest, SessionIsVerifiedFromMemory) {
  const Bytes token(Do<op::SessionMake>({.user = 42}).As<op::SessionMake>().token);
  engine_.hold_reads = true;
  engine_.read_keys.clear();
  Do<op::SessionVerify>({.token = token});
  EXPECT_EQ(Call<op::SessionVerify>({.token = Bytes(32, 'x')}).code, Code::kNotFound);
  EXPECT_TRUE(engine_.read_keys.empty());
  // From disk.
  engine_.on_disk = {SessionKey(Sha256::Of(token))};
  Send(FrameOf<op::SessionVerify>(9, {.token = token}));
  EXPECT_TRUE(ReplyIds().empty());
  Release();
  EXPECT_THAT(ReplyIds(), ::testing::ElementsAre(9u));
}

TEST_F(LoginHandlersTest, BadRequestsAreRejectedWithAnAnswer) {
  const Bytes huge(limits::kMaxValueBytes, 'x');
  const Bytes name(256, 'x');
  ExpectError<op::LoginVerify>({.login = "ada", .password = ""}, Code::kInvalid, "is empty");
  ExpectError<op::LoginVerify>({.login = "ada", .password = huge}, Code::kTooLarge,
                               "more than 1024");
  ExpectError<op::LoginVerify>({.login = "", .password = "x"}, Code::kInvalid,
                               "must have 1 to 255");
  ExpectError<op::LoginVerify>({.login = name, .password = "x"}, Code::kInvalid, "256 bytes");
  ExpectError<op::LoginVerify>({.login = "ada", .password = "x", .label = name}, Code::kTooLarge,
                               "label has 256 bytes");
  ExpectError<op::LoginChange>({.login = "ada", .password = "x", .new_password = ""},
                               Code::kInvalid, "is empty");
  ExpectError<op::LoginRegister>({.login = "ada", .password = huge}, Code::kTooLarge,
                                 "the password has");
  const op::FirstRecord bad{.name = "x", .checksum = 1, .value = "y"};
  ExpectError<op::LoginRegister>({.login = "ada", .password = "x", .records = {bad}},
                                 Code::kDamagedInTransit, "checksum");
  ExpectError<op::LoginImport>({.login = "ada", .user = 1, .credential = "secret"}, Code::kInvalid,
                               "PHC string");
  ExpectError<op::LoginImport>(
      {.login = "ada", .user = 1, .credential = "$2b$31$" + Bytes(53, 'a')}, Code::kTooLarge,
      "too costly");
  ExpectError<op::SessionVerify>({.token = "short"}, Code::kInvalid, "5 bytes, not 32");
  ExpectError<op::SessionMake>({.user = 1, .expire_seconds = 0}, Code::kInvalid,
                               "expire_seconds is 0");
  ExpectError<op::SessionRevoke>({.user = 1, .session = "x"}, Code::kInvalid, "not 32");
  ExpectError<op::LoginExport>({}, Code::kUnsupported, "--allow-credential-export");
  ExpectError<op::LoginExport>({.user = 42}, Code::kUnsupported, "--allow-credential-export");
  Register("ada", "x", 42);
  ExpectError<op::LoginRegister>({.login = "ada", .password = "x"}, Code::kConditionFailed,
                                 "the login is taken");
  for (uint32_t i = 0; i < limits::kFreeGuesses; ++i) {
    ExpectError<op::LoginVerify>({.login = "ada", .password = "y"}, Code::kNotFound,
                                 "no such login, or the password is wrong");
  }
  const ReceivedReply slowed = Call<op::LoginVerify>({.login = "ada", .password = "x"});
  EXPECT_EQ(slowed.code, Code::kTooManyGuesses);
  EXPECT_EQ(slowed.Error().retry_after_ms, 1000u);
  EXPECT_EQ(slowed.Error().error_class, ErrorClass::kNever);
}

TEST_F(LoginHandlersTest, ExportIsAnsweredWhereItIsAllowed) {
  Register("ada", "one", 42);
  Do<op::LoginImport>({.login = "old", .user = 43, .credential = kOldCredential});
  AllowExport();
  size_t count = 0;
  op::LoginExport::Request request{.limit = 1};
  Bytes continuation;
  do {
    request.continuation = continuation;
    const ReceivedReply reply = Do<op::LoginExport>(request);
    const auto page = reply.As<op::LoginExport>();
    for (const auto& login : page.logins) {
      EXPECT_THAT(Bytes(login.credential),
                  ::testing::StartsWith(login.user == 42 ? "$argon2" : "$6$"));
      ++count;
    }
    continuation = Bytes(page.continuation);
  } while (!continuation.empty());
  EXPECT_EQ(count, 2u);

  Do<op::LoginImport>({.login = "older", .user = 43, .credential = ""});
  std::vector<std::pair<Bytes, Bytes>> of_user;
  request.user = 43;
  do {
    request.continuation = continuation;
    const ReceivedReply reply = Do<op::LoginExport>(request);
    const auto page = reply.As<op::LoginExport>();
    ASSERT_EQ(page.logins.size(), 1u);
    of_user.emplace_back(page.logins[0].login, page.logins[0].credential);
    continuation = Bytes(page.continuation);
  } while (!continuation.empty());
  EXPECT_THAT(of_user, ::testing::ElementsAre(::testing::Pair("old", kOldCredential),
                                              ::testing::Pair("older", "")));
  const ReceivedReply none = Do<op::LoginExport>({.user = 44});
  EXPECT_THAT(none.As<op::LoginExport>().logins, ::testing::IsEmpty());
  const Bytes from = ContinuationOf(ListPage{.more = true, .resume_from = ListPlace{"x", ""}});
  ExpectError<op::LoginExport>({.continuation = from, .user = 43}, Code::kInvalid,
                               "not of a user's logins");
}

// Many, whose results are small enough for a reply that needs no room.
TEST_F(LoginHandlersTest, ListsAreNotReadWithoutMemory) {
  constexpr size_t kLogins = 25;
  for (size_t i = 0; i < kLogins; ++i) {
    Bytes login(limits::kMaxNameBytes, 'x');
    login.replace(0, 4, std::to_string(1000 + i));
    Do<op::LoginImport>({.login = login, .user = 42, .credential = kOldCredential});
  }
  AllowExport();
  const size_t taken = budget_.limit() - budget_.used();
  budget_.Take(taken);
  ExpectError<op::LoginList>({.user = 42}, Code::kOverloaded, "memory");
  ExpectError<op::LoginExport>({.user = 42}, Code::kOverloaded, "memory");
  ExpectError<op::LoginExport>({}, Code::kOverloaded, "memory");
  budget_.Give(taken);
  EXPECT_EQ(Do<op::LoginList>({.user = 42}).As<op::LoginList>().logins.size(), kLogins);
  EXPECT_EQ(Do<op::LoginExport>({.user = 42}).As<op::LoginExport>().logins.size(), kLogins);
  EXPECT_EQ(budget_.read_bytes(), 0u);
}

TEST_F(LoginHandlersTest, ExportReturnsAsManyAsThereIsMemoryFor) {
  constexpr size_t kLogins = 25;
  for (size_t i = 0; i < kLogins; ++i) {
    Bytes login(limits::kMaxNameBytes, 'x');
    login.replace(0, 4, std::to_string(1000 + i));
    Do<op::LoginImport>({.login = login, .user = 100 + i, .credential = kOldCredential});
  }
  AllowExport();
  bool some_pages_are_short = false;
  for (size_t share = size_t{4} << 10; share <= size_t{64} << 10; share += size_t{2} << 10) {
    const size_t used = budget_.used() + limits::kConnectionShareDivisor * share;
    const size_t taken = budget_.limit() - budget_.limit() / 16 - used;
    budget_.Take(taken);
    Bytes continuation;
    std::set<uint64_t> users;
    bool overloaded = false;
    do {
      const ReceivedReply reply = Call<op::LoginExport>({.continuation = continuation});
      overloaded = reply.code == Code::kOverloaded;
      if (overloaded) break;
      ASSERT_EQ(reply.code, Code::kOk);
      const auto page = reply.As<op::LoginExport>();
      for (const auto& login : page.logins) EXPECT_TRUE(users.insert(login.user).second);
      continuation = Bytes(page.continuation);
      if (!continuation.empty()) some_pages_are_short = true;
    } while (!continuation.empty());
    budget_.Give(taken);
    EXPECT_TRUE(overloaded || users.size() == kLogins) << share;
  }
  EXPECT_TRUE(some_pages_are_short);
}

}  // namespace
}  // namespace smile
