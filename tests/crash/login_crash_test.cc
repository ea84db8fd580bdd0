// kill -9 while several users register, change passwords, rename, remove and make sessions: what
// was acknowledged verifies after the restart, what was in flight happened as a whole or not at
// all, and no half of a login or session is left.

#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/random_bytes.h"
#include "client/blocking.h"
#include "client/client.h"
#include "service/logins/session_service.h"
#include "service/sweeper.h"
#include "storage/rocks/rocks_engine.h"
#include "tests/crash/calls.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/smiled_process.h"

namespace smile {
namespace {

using ::testing::IsEmpty;

constexpr uint64_t kLoginUsers = 6;
constexpr int kLoginCycles = 5;  // or SMILE_CYCLES

struct Login {
  uint64_t user = 0;
  Bytes name;
  Bytes password;
};

// One user after the other; one thread.
class LoginUser {
 public:
  LoginUser(uint64_t number, uint64_t seed) : number_(number), random_(seed) {}

  // Requests until one is lost.
  void RunUntilCrash(uint16_t port) {
    const auto client = Connect(port);
    BlockingClient blocking(client.get());
    while (Step(&blocking)) ++acknowledged_;
  }

  // Finds out what became of the request that was lost, and verifies the rest.
  void CheckAfterRestart(uint16_t port) {
    const auto client = Connect(port);
    BlockingClient blocking(client.get());
    if (lost_) std::exchange(lost_, nullptr)(&blocking);
    if (login_) {
      Expect(Verifies(&blocking, *login_), "an acknowledged login does not verify");
      const auto list = blocking.Call<op::LoginList>({.user = login_->user});
      Expect(list.ok() && list->logins.size() == 1 && list->logins[0].login == login_->name,
             "the logins of the user are not the acknowledged one");
    }
    for (const Bytes& token : tokens_) {
      const auto session = blocking.Call<op::SessionVerify>({.token = token});
      Expect(session.ok() && session->user == login_->user, "an acknowledged session is lost");
    }
  }

  uint64_t acknowledged() const { return acknowledged_; }
  const std::vector<std::string>& violations() const { return violations_; }
  bool has_login() const { return login_.has_value(); }

 private:
  static std::unique_ptr<Client> Connect(uint16_t port) {
    return std::move(Client::Create({.servers = {{"127.0.0.1", port}}})).value();
  }

  void Expect(bool holds, const std::string& what) {
    if (!holds) violations_.push_back(fmt::format("{}: {}", login_ ? login_->name : "-", what));
  }
  // False: lost. Another failure is a violation.
  template <class Row>
  bool Ends(const Answer<Row>& answer) {
    if (answer.ok()) return true;
    const Code code = answer.status().code();
    if (code != Code::kOutcomeUnknown && code != Code::kUnavailable &&
        code != Code::kShuttingDown) {
      Expect(false, answer.status().ToString());
    }
    return false;
  }
  // A label for each, which is not slowed down.
  bool Verifies(BlockingClient* client, const Login& login) {
    const Bytes label = std::to_string(random_());
    const auto answer = client->Call<op::LoginVerify>(
        {.login = login.name, .password = login.password, .label = label});
    if (!answer.ok()) {
      Expect(answer.status().code() == Code::kNotFound, answer.status().ToString());
      return false;
    }
    Expect(answer->user == login.user, "a login of another user");
    return true;
  }
  Bytes NewPassword() { return fmt::format("password{}", ++count_); }

  bool Step(BlockingClient* client) {
    if (!login_) return Register(client);
    switch (random_() % 8) {
      case 0:
        return Remove(client);
      case 1:
        return Rename(client);
      case 2:
        return Reset(client);
      case 3:
        return RevokeAll(client);
      case 4:
        return Ends(client->Call<op::LoginVerify>(
            {.login = login_->name, .password = login_->password, .label = "here"}, kOnce));
      default:
        return MakeSession(client);
    }
  }

  bool Register(BlockingClient* client) {
    ++count_;
    Login login{.user = number_ << 32 | count_,
                .name = fmt::format("user{}-{}", number_, count_),
                .password = NewPassword()};
    const op::FirstRecord profile{
        .name = "profile", .checksum = Hash64(login.name), .value = login.name};
    const auto answer = client->Call<op::LoginRegister>(
        {.login = login.name, .password = login.password, .user = login.user, .records = {profile}},
        kOnce);
    if (Ends(answer)) {
      login_ = login;
      return true;
    }
    lost_ = [this, login](BlockingClient* after) {
      const bool is_there = Verifies(after, login);
      const auto record = after->Call<op::Get>({.key = UserKey(login.user, "profile").view()});
      Expect(is_there == record.ok(), "half of a registration");
      if (is_there) login_ = login;
    };
    return false;
  }

  bool Remove(BlockingClient* client) {
    const auto answer = client->Call<op::LoginRemove>({.login = login_->name}, kOnce);
    if (Ends(answer)) {
      Forget();
      return true;
    }
    lost_ = [this](BlockingClient* after) {
      if (!Verifies(after, *login_)) Forget();
    };
    return false;
  }
  void Forget() {
    login_.reset();
    tokens_.clear();
  }

  bool Rename(BlockingClient* client) {
    Login renamed = *login_;
    renamed.name = fmt::format("user{}-{}", number_, ++count_);
    const auto answer =
        client->Call<op::LoginRename>({.login = login_->name, .new_login = renamed.name}, kOnce);
    if (Ends(answer)) {
      login_ = renamed;
      return true;
    }
    lost_ = [this, renamed](BlockingClient* after) { Choose(after, renamed); };
    return false;
  }
  // One of two states.
  bool Choose(BlockingClient* client, const Login& next) {
    const bool is_next = Verifies(client, next);
    Expect(Verifies(client, *login_) != is_next, "neither the state before nor the one after");
    if (is_next) login_ = next;
    return is_next;
  }

  bool Reset(BlockingClient* client) {
    Login next = *login_;
    next.password = NewPassword();
    const auto answer =
        client->Call<op::LoginReset>({.login = login_->name, .new_password = next.password}, kOnce);
    if (Ends(answer)) {
      login_ = next;
      for (const Bytes& token : tokens_) {
        const auto session = client->Call<op::SessionVerify>({.token = token}, kOnce);
        Expect(!session.ok(), "a session outlived the password");
      }
      tokens_.clear();
      return true;
    }
    lost_ = [this, next](BlockingClient* after) {
      if (Choose(after, next)) tokens_.clear();
    };
    return false;
  }

  bool RevokeAll(BlockingClient* client) {
    const auto answer = client->Call<op::SessionRevokeAll>({.user = login_->user}, kOnce);
    tokens_.clear();  // if it is lost, some may be there
    if (Ends(answer)) return true;
    lost_ = [](BlockingClient*) {};
    return false;
  }

  bool MakeSession(BlockingClient* client) {
    const auto answer = client->Call<op::SessionMake>({.user = login_->user}, kOnce);
    if (!Ends(answer)) return false;
    tokens_.emplace_back(answer->token);
    return true;
  }

  const uint64_t number_;
  std::mt19937_64 random_;
  uint64_t count_ = 0;
  uint64_t acknowledged_ = 0;
  std::optional<Login> login_;
  std::vector<Bytes> tokens_;
  std::function<void(BlockingClient*)> lost_;
  std::vector<std::string> violations_;
};

// The stored records of a server that was stopped, after what it left was swept.
class StoppedLoginServer {
 public:
  explicit StoppedLoginServer(const std::string& data)
      : clock_(SystemClock().WallMillis()),
        log_(LogLevel::kError),
        engine_(std::move(RocksEngine::Open({.directory = data}, &clock_, &log_)).value()) {
    const SessionService sessions(*engine_, clock_, RandomBytes);
    Sweeper sweeper(*engine_, clock_, [&](WorkItem item) { return sessions.Finish(item); });
    clock_.AdvanceMillis(static_cast<int64_t>(limits::kWorkGraceMillis) + 1);
    const auto swept = sweeper.Sweep();
    EXPECT_TRUE(swept.ok());
    swept_ = swept.ok() ? *swept : 0;
  }
  ~StoppedLoginServer() { engine_->Close(); }

  // "PARTITION SORT VALUE" of each record.
  std::vector<std::pair<Key, Bytes>> Records(Table table) {
    std::vector<std::pair<Key, Bytes>> records;
    ListRequest request{.table = table, .limit = 10'000};
    for (bool more = true; more;) {
      const auto list =
          AnswerOf<Result<ListPage>>([&](auto done) { engine_->List(request, std::move(done)); });
      AddRecords(table, list->partitions, &records);
      more = list->more;
      request.from = list->resume_from;
      if (more && !request.from) request.after = list->partitions.back();
    }
    return records;
  }

  uint64_t swept() const { return swept_; }  // work items

 private:
  void AddRecords(Table table, const std::vector<Bytes>& partitions,
                  std::vector<std::pair<Key, Bytes>>* records) {
    for (const Bytes& partition : partitions) {
      const auto page = AnswerOf<Result<ScanPage>>([&](auto done) {
        engine_->Scan(
            {.table = table, .partition = partition, .limit = 10'000, .max_value_bytes = SIZE_MAX},
            std::move(done));
      });
      EXPECT_FALSE(page->more);
      for (size_t i = 0; i < page->size(); ++i) {
        records->emplace_back(Key(table, partition, (*page)[i].sort),
                              Bytes((*page)[i].record.value));
      }
    }
  }

  ManualClock clock_;
  Logger log_;
  std::unique_ptr<RocksEngine> engine_;
  uint64_t swept_ = 0;
};

// Every login and session has its entry in `accounts`, and no entry is left over.
void ExpectNothingHalf(const std::string& data, size_t logins, uint64_t* swept) {
  StoppedLoginServer stopped(data);
  *swept = stopped.swept();
  std::set<Bytes> accounts;
  for (const auto& [key, value] : stopped.Records(Table::kAccounts)) {
    accounts.insert(key.partition + key.sort);
  }
  const auto stored = stopped.Records(Table::kLogins);
  EXPECT_EQ(stored.size(), logins);
  for (const auto& [key, value] : stored) {
    const auto login = DecodeLoginRecord(value);
    ASSERT_TRUE(login.has_value());
    EXPECT_EQ(accounts.erase(PartitionOf(login->user) + AccountLoginSort(key.partition)), 1u);
  }
  for (const auto& [key, value] : stopped.Records(Table::kSessions)) {
    const auto session = DecodeSessionRecord(value);
    ASSERT_TRUE(session.has_value());
    Sha256Digest id;
    std::copy(key.partition.begin(), key.partition.end(), id.bytes.begin());
    EXPECT_EQ(
        accounts.erase(PartitionOf(session->user) + AccountSessionSort(session->created_ms, id)),
        1u);
  }
  EXPECT_THAT(accounts, IsEmpty());
  EXPECT_THAT(stopped.Records(Table::kWork), IsEmpty());
}

TEST(LoginCrash, AcknowledgedLoginsVerifyAndNothingIsHalfThere) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const testing::TempDirectory directory;
  const std::vector<std::string> options = {"--argon2-memory-kib=8", "--argon2-passes=1"};
  std::vector<LoginUser> users;
  for (uint64_t i = 1; i <= kLoginUsers; ++i) users.emplace_back(i, random());
  const char* const given = std::getenv("SMILE_CYCLES");
  const int cycles = given == nullptr ? kLoginCycles : std::stoi(given);
  for (int cycle = 1; cycle <= cycles; ++cycle) {
    {
      SmiledProcess smiled(SMILED_PATH, directory.path(), options);
      std::vector<std::thread> threads;
      for (LoginUser& user : users) {
        threads.emplace_back([&user, port = smiled.port()] { user.RunUntilCrash(port); });
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10 + random() % 400));
      smiled.Kill();
      for (std::thread& thread : threads) thread.join();
    }
    SmiledProcess again(SMILED_PATH, directory.path(), options);
    for (LoginUser& user : users) {
      user.CheckAfterRestart(again.port());
      ASSERT_THAT(user.violations(), IsEmpty()) << "after crash " << cycle;
    }
    if (cycle % 2 == 0 || cycle == cycles) {
      ASSERT_EQ(again.Stop(), 0);
    }
  }
  uint64_t acknowledged = 0;
  size_t logins = 0;
  for (const LoginUser& user : users) {
    acknowledged += user.acknowledged();
    logins += user.has_login() ? 1 : 0;
  }
  EXPECT_GT(acknowledged, 0u) << "nothing was tested";
  uint64_t swept = 0;
  ExpectNothingHalf(directory.path(), logins, &swept);
  std::cout << cycles << " crashes, " << acknowledged << " requests acknowledged, none lost; "
            << swept << " work items swept in the end\n";
}

}  // namespace
}  // namespace smile
