// For tests and fuzzing: people register, log in, link, unlink and leave, in any order, with
// crashes in the middle of any call, compared with a simple model.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "storage/memory_content_store.h"
#include "storage/memory_engine.h"
#include "tests/service/people_process.h"

namespace smile::testing {

class PeopleModel {
 public:
  // Chooses from 0 to `count` - 1.
  using Below = std::function<uint64_t(uint64_t count)>;

  explicit PeopleModel(Below below);

  // One call. Nothing after a failure.
  void Step();
  // All that can be asked about is what the model says.
  void Check();

  // What was wrong first, and in which step. Empty: nothing.
  const std::string& failure() const { return failure_; }

 private:
  static constexpr uint64_t kUsers = 4;
  struct Account {
    uint64_t user = 0;
    Bytes password;
  };
  using Side = std::tuple<uint64_t, uint8_t, uint64_t>;  // user, kind, other

  void Register();
  void AddLogin();
  void Verify();
  void RemoveLogin();
  void Link(bool unlink);
  void PutMedia();
  void PutPost();
  void BeginUpload();
  void MakeSession();
  void LoseAccounts();
  void Erase();

  // The call, in a process that may stop in the middle; if it does, the call is repeated by the
  // next, as a client would. `*repeated` says that the first may have taken effect.
  template <class Call>
  auto Do(const Call& call, bool* repeated);
  void Restart(int64_t calls);
  void CheckUser(uint64_t user);
  void CheckErased();
  void CountNew(uint64_t user, bool repeated, uint64_t UserTally::*tally, uint64_t* known);
  bool HasLogin(uint64_t user) const;
  void Forget(uint64_t user);

  uint64_t AnyUser() { return 1 + below_(kUsers); }
  Bytes AnyLogin() { return Bytes(1, static_cast<char>('a' + below_(6))); }
  Bytes AnyPassword() { return below_(2) == 0 ? "correct horse" : "battery staple"; }
  void Expect(bool condition, const std::string& what);
  void ExpectCode(const Status& status, Code expected, bool repeated, const std::string& what);

  const Below below_;
  ManualClock clock_;
  MemoryEngine engine_;
  MemoryContentStore store_;
  std::unique_ptr<PeopleProcess> process_;

  std::map<Bytes, Account> logins_;
  std::set<Side> sides_;
  std::set<uint64_t> profiles_;            // users with a record
  std::map<uint64_t, uint64_t> sessions_;  // numbers of a user
  std::map<uint64_t, std::set<uint64_t>> media_;
  std::map<uint64_t, std::set<uint64_t>> posts_;
  std::map<uint64_t, uint64_t> uploads_;  // likewise
  uint64_t steps_ = 0;
  std::string failure_;
};

}  // namespace smile::testing
