// Requests about logins and sessions in any order, with faults, against a model. After a fault the
// state is that before the request or that after it; nothing is ever half there.
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "service/sweeper.h"
#include "storage/memory_engine.h"
#include "tests/service/faulty_backends.h"
#include "tests/support/each_record.h"
#include "tests/support/memory_services.h"

namespace smile {
namespace {

struct Login {
  uint64_t user = 0;
  Bytes password;

  bool operator==(const Login&) const = default;
};

struct State {
  std::map<Bytes, Login> logins;
  std::map<Sha256Digest, uint64_t> sessions;
  std::set<uint64_t> profiles;

  bool operator==(const State&) const = default;
};

constexpr uint64_t kLoginUsers = 4;
constexpr uint64_t kPasswords = 3;

class LoginModel {
 public:
  explicit LoginModel(uint64_t seed) : random_(seed) {}
  ~LoginModel() { engine_.Close(); }

  void Step() {
    clock_.AdvanceMillis(1 + static_cast<int64_t>(Below(2000)));
    if (Below(3) == 0) {
      const auto fate =
          Below(2) == 0 ? testing::Faults::Fate::kFails : testing::Faults::Fate::kDoneButFails;
      faults_.Plan(static_cast<int64_t>(Below(8)), 1 + static_cast<int64_t>(Below(4)), fate);
    }
    const int64_t faults_before = faults_.count();
    State after = state_;
    maybe_made_.reset();
    Do(&after);
    const bool failed = faults_.count() > faults_before;
    faults_.Clear();
    if (failed) FinishWork();
    const State found = Observe();
    if (failed && maybe_made_) AdoptSession(found, &after);
    if (failed) {
      ASSERT_TRUE(found == state_ || found == after);
      state_ = found;
      return;
    }
    ASSERT_TRUE(found == after);
    state_ = std::move(after);
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  Bytes AnyLogin() { return Bytes(1, static_cast<char>('a' + Below(5))); }
  Bytes AnyPassword() { return "password" + std::to_string(Below(kPasswords)); }
  uint64_t AnyUser() { return 1 + Below(kLoginUsers); }

  // Changes `after` as the request does, and checks the answer if it is not that of a fault.
  void Do(State* after) {
    const Bytes login = AnyLogin();
    switch (Below(9)) {
      case 0:
        return DoRegister(login, after);
      case 1:
        return DoVerify(login);
      case 2:
        return DoChange(login, after);
      case 3:
        return DoRename(login, after);
      case 4:
        return DoRemove(login, after);
      case 5:
        return DoAdd(login, after);
      case 6:
        return DoMakeSession(after);
      case 7:
        return DoRevoke(after);
      default:
        return DoRevokeAll(after);
    }
  }

  static bool IsFault(const Status& status) { return status.code() == Code::kOutcomeUnknown; }
  static void Expect(const Status& status, Code code) {
    if (!IsFault(status)) {
      EXPECT_EQ(status.code(), code) << status.ToString();
    }
  }
  bool HasLogin(uint64_t user) const {
    for (const auto& [name, login] : state_.logins) {
      if (login.user == user) return true;
    }
    return false;
  }

  void DoRegister(const Bytes& login, State* after) {
    RegisterLogin request{
        .login = login, .password = AnyPassword(), .user = AnyUser(), .records = {}, .call = {}};
    const bool with_profile = Below(2) == 0;
    if (with_profile) request.records.push_back({"profile", Hash64("x"), "x"});
    const Status status = services_.logins.Register(request).Wait().status();
    const bool succeeds = !state_.logins.contains(login) && !HasLogin(request.user) &&
                          !(with_profile && state_.profiles.contains(request.user));
    Expect(status, succeeds ? Code::kOk : Code::kConditionFailed);
    if (!succeeds) return;
    after->logins[login] = {request.user, request.password};
    if (with_profile) after->profiles.insert(request.user);
  }

  void DoVerify(const Bytes& login) {
    const Bytes password = AnyPassword();
    const Bytes label = std::to_string(random_());  // a new one each time is not slowed by itself
    const Status status =
        services_.logins.Verify({.login = login, .password = password, .label = label, .call = {}})
            .Wait()
            .status();
    if (status.code() == Code::kTooManyGuesses) return;
    const auto known = state_.logins.find(login);
    const bool matches = known != state_.logins.end() && known->second.password == password;
    Expect(status, matches ? Code::kOk : Code::kNotFound);
  }

  static void DropSessions(uint64_t user, State* state) {
    std::erase_if(state->sessions, [user](const auto& session) { return session.second == user; });
  }

  void DoChange(const Bytes& login, State* after) {
    const Bytes password = AnyPassword();
    const bool keep = Below(2) == 0;
    const Status status =
        services_.logins
            .SetPassword({.login = login, .password = {}, .label = {}, .call = {}},
                         {.password = password, .kept = {.all = keep, .one = {}}})
            .Wait()
            .status();
    const auto known = after->logins.find(login);
    Expect(status, known != after->logins.end() ? Code::kOk : Code::kNotFound);
    if (known == after->logins.end()) return;
    known->second.password = password;
    if (!keep) DropSessions(known->second.user, after);
  }

  void DoRename(const Bytes& login, State* after) {
    const Bytes to = AnyLogin();
    const Status status = services_.logins.Rename(login, to).Wait().status();
    const auto known = after->logins.find(login);
    if (known == after->logins.end()) return Expect(status, Code::kNotFound);
    if (to == login) return Expect(status, Code::kOk);
    if (after->logins.contains(to)) return Expect(status, Code::kConditionFailed);
    Expect(status, Code::kOk);
    after->logins[to] = known->second;
    after->logins.erase(login);
  }

  void DoRemove(const Bytes& login, State* after) {
    const Status status = services_.logins.Remove(login).Wait().status();
    Expect(status, after->logins.erase(login) > 0 ? Code::kOk : Code::kNotFound);
  }

  void DoAdd(const Bytes& login, State* after) {
    const Login added{AnyUser(), AnyPassword()};
    const Status status =
        services_.logins
            .Add({.login = login, .user = added.user, .secret = added.password, .call = {}})
            .Wait();
    const bool is_new = after->logins.try_emplace(login, added).second;
    Expect(status, is_new ? Code::kOk : Code::kConditionFailed);
  }

  void DoMakeSession(State* after) {
    const uint64_t user = AnyUser();
    const auto made =
        services_.sessions.Make({.user = user, .label = "", .expire_seconds = 1'000'000}).Wait();
    Expect(made.status(), Code::kOk);
    if (made.ok()) {
      after->sessions[made->id] = user;
    } else {
      maybe_made_ = user;
    }
  }

  // A session of which only the answer was lost.
  void AdoptSession(const State& found, State* after) const {
    for (const auto& [id, user] : found.sessions) {
      if (!after->sessions.contains(id) && user == *maybe_made_) after->sessions[id] = user;
    }
  }

  void DoRevoke(State* after) {
    if (state_.sessions.empty()) return;
    auto chosen = state_.sessions.begin();
    std::advance(chosen, Below(state_.sessions.size()));
    const auto [id, user] = *chosen;
    const auto revoked = services_.sessions.Revoke(user, id).Wait();
    if (revoked.ok()) {
      EXPECT_TRUE(*revoked);
    }
    after->sessions.erase(id);
  }

  void DoRevokeAll(State* after) {
    const uint64_t user = AnyUser();
    const auto revoked = services_.sessions.RevokeAll(user, {}).Wait();
    const size_t before = after->sessions.size();
    DropSessions(user, after);
    if (revoked.ok()) {
      EXPECT_EQ(*revoked, before - after->sessions.size());
    }
  }

  void FinishWork() {
    clock_.AdvanceMillis(static_cast<int64_t>(limits::kWorkGraceMillis) + 1);
    Sweeper sweeper(engine_, clock_,
                    [this](WorkItem item) { return services_.sessions.Finish(std::move(item)); });
    ASSERT_TRUE(sweeper.Sweep().ok());
  }

  Bytes PasswordOf(const Bytes& credential) {
    for (uint64_t i = 0; i < kPasswords; ++i) {
      const Bytes password = "password" + std::to_string(i);
      if (*services_.hasher.Verify(password, credential, {}).Wait()) return password;
    }
    return "unknown";
  }

  // From the records, all of which have to fit each other.
  State Observe() {
    State state;
    std::set<Bytes> accounts;
    EachRecord(&engine_, Table::kAccounts,
               [&](const Key& key, const Record&) { accounts.insert(key.partition + key.sort); });
    EachRecord(&engine_, Table::kLogins, [&](const Key& key, const Record& record) {
      const auto login = DecodeLoginRecord(record.value);
      ASSERT_TRUE(login.has_value());
      state.logins[key.partition] = {login->user, PasswordOf(login->credential)};
      EXPECT_EQ(accounts.erase(PartitionOf(login->user) + AccountLoginSort(key.partition)), 1u);
    });
    EachRecord(&engine_, Table::kSessions, [&](const Key& key, const Record& record) {
      const auto session = DecodeSessionRecord(record.value);
      ASSERT_TRUE(session.has_value());
      Sha256Digest id;
      std::copy(key.partition.begin(), key.partition.end(), id.bytes.begin());
      state.sessions[id] = session->user;
      EXPECT_EQ(
          accounts.erase(PartitionOf(session->user) + AccountSessionSort(session->created_ms, id)),
          1u);
    });
    EXPECT_TRUE(accounts.empty()) << "every entry of an account names something";
    EachRecord(&engine_, Table::kUsers, [&](const Key& key, const Record&) {
      state.profiles.insert(*DecodePartition(key.partition));
    });
    return state;
  }

  std::mt19937_64 random_;
  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  testing::Faults faults_;
  testing::FaultyEngine faulty_{&engine_, &faults_};
  MemoryServices services_{faulty_, clock_};
  State state_;
  std::optional<uint64_t> maybe_made_;
};

TEST(LoginModel, RequestsWithFaultsLeaveWholeStates) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  LoginModel model(seed);
  for (int i = 0; i < 600 && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    model.Step();
  }
}

}  // namespace
}  // namespace smile
