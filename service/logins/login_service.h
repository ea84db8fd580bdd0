// Logins: names with a password, unique in the database, each of one user, who may have several.
//
// What a request changes (the login, what is listed by user, first records) is one write of the
// engine, which must be able to write together: nothing is ever half there. Requests about one
// login, or one user, take turns: one process serves an engine, and locks in it order them.
//
// A login is bytes, compared as bytes: Smile does not normalize Unicode, nor case. Passwords
// likewise.
//
// A login that does not exist costs the same time as a wrong password, and the answer is the same.
// Guessing is slowed (service/logins/guess_limiter.h). A credential of another kind or with other
// parameters than new ones is replaced when its password is verified.
//
// All calls may be made on any thread, at the same time. They answer what Engine and PasswordHasher
// answer beside what is said here. A call whose deadline passes before it begins has no effect. No
// error message contains a password or credential.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/keyed_lock.h"
#include "service/logins/guess_limiter.h"
#include "service/logins/login_records.h"
#include "service/logins/password_hasher.h"
#include "service/logins/session_service.h"
#include "storage/call_context.h"
#include "storage/engine.h"

namespace smile {

// A record that is written with a new user. The checksum was verified.
struct FirstRecord {
  Bytes name;
  uint64_t checksum = 0;
  Bytes value;
};

struct RegisterLogin {
  Bytes login;
  Bytes password;
  uint64_t user = 0;  // 0: the service chooses it
  std::vector<FirstRecord> records;
  CallContext call;
};

struct AddLogin {
  Bytes login;
  uint64_t user = 0;
  Bytes secret;  // the password, or the credential
  CallContext call;
};

struct LoginAttempt {
  Bytes login;
  Bytes password;
  Bytes label;  // of the caller; see service/logins/guess_limiter.h
  CallContext call;
};

// Which sessions of the user remain when a password is set.
struct KeptSessions {
  bool all = false;
  std::optional<Sha256Digest> one;
};

struct NewPassword {
  Bytes password;
  KeptSessions kept;
};

struct PasswordSet {
  uint64_t user = 0;
  uint64_t revoked_sessions = 0;
};

struct LoginInfo {
  Bytes login;
  LoginRecord record;
};

struct LoginPage {
  std::vector<LoginInfo> logins;
  ListPage page;  // whose partitions they are; where it goes on
};

class LoginService {
 public:
  using MakeRandom = std::function<Bytes(size_t count)>;

  // All outlive the service, which outlives its tasks. The engine can write together (CHECK).
  LoginService(Engine& engine, PasswordHasher& hasher, const SessionService& sessions,
               const Clock& clock, MakeRandom make_random);

  // Claims a login for a user who has none, and writes the user's first records, which are absent.
  // kConditionFailed if the login is taken, the user has a login, or one of the records is there.
  Task<Result<uint64_t>> Register(RegisterLogin request) const;

  // Claims a login for a user, who may have others. kConditionFailed if it is taken, kTooLarge if
  // the user has limits::kMaxLoginsPerUser.
  Task<Status> Add(AddLogin request) const;
  // The same with a credential in place of a password; see ParseCredential. Ok also if the same
  // login of the same user has the same credential already.
  Task<Status> Import(AddLogin request) const;

  // The user of the login, if the password is right; otherwise kNotFound. kTooManyGuesses.
  Task<Result<uint64_t>> Verify(LoginAttempt attempt) const;

  // Sets a new password if the old one is right; otherwise as Verify. kConditionFailed if the
  // credential changed meanwhile. Then revokes sessions of the user: the write of the password puts
  // that into the work log.
  Task<Result<PasswordSet>> ChangePassword(LoginAttempt attempt, NewPassword next) const;
  // Without the old password: the backend has made sure in another way who it is. kNotFound.
  Task<Result<PasswordSet>> SetPassword(LoginAttempt who, NewPassword next) const;

  // The user of the login. kNotFound; kConditionFailed if `to` is taken.
  Task<Result<uint64_t>> Rename(Bytes from, Bytes to, CallContext call = {}) const;
  // The user of the login. kNotFound.
  Task<Result<uint64_t>> Remove(Bytes login, CallContext call = {}) const;
  // All logins of a user that there were at the time of the call. How many.
  Task<Result<uint64_t>> RemoveAll(uint64_t user) const;

  // The logins of a user, at most limits::kMaxLoginsPerUser. kOverloaded: no memory for them.
  Task<Result<std::vector<LoginInfo>>> List(uint64_t user, CallContext call = {}) const;
  // All logins, with their credentials, for which memory is taken too. A page is as one of
  // Engine::List.
  Task<Result<LoginPage>> Export(ListRequest request) const;

  EngineStats Stats() const { return hasher_.Stats(); }

 private:
  struct Stored {
    LoginRecord record;
    uint64_t version = 0;
  };

  // kNotFound, kCorrupt.
  Task<Result<Stored>> ReadLogin(Bytes login, CallContext call) const;
  Task<Result<Stored>> ReadLogin(Bytes login) const {
    return ReadLogin(std::move(login), CallContext());
  }
  // kConditionFailed if the login exists.
  Task<Status> CheckFree(Bytes login) const;
  // The names of the user's logins, at most `limit`.
  Task<Result<std::vector<Bytes>>> NamesOf(uint64_t user, uint32_t limit, CallContext call) const;
  Task<Result<std::vector<Bytes>>> NamesOf(uint64_t user, uint32_t limit) const {
    return NamesOf(user, limit, CallContext());
  }
  // Ok also if the login is of another user now.
  Task<Status> RemoveOf(uint64_t user, Bytes login) const;
  uint64_t ChosenUser() const;
  LoginRecord NewRecord(uint64_t user, Bytes credential) const;

  // The login, if the password is right.
  Task<Result<Stored>> Authenticate(LoginAttempt attempt) const;
  Task<Status> Rehash(LoginAttempt attempt, Bytes outdated) const;
  // Locks the login. `verified`: what the credential still has to be.
  Task<Result<PasswordSet>> Set(Bytes login, std::optional<Bytes> verified, Bytes credential,
                                KeptSessions kept) const;
  Task<Status> Claim(Bytes login, uint64_t user, Bytes credential) const;
  uint64_t NowMillis() const { return static_cast<uint64_t>(clock_.WallMillis()); }

  const EngineCalls engine_;
  PasswordHasher& hasher_;
  const SessionService& sessions_;
  const Clock& clock_;
  const MakeRandom make_random_;
  const GuessLimiter guesses_;
  // Whoever needs several takes logins first, in ascending order.
  mutable KeyedLock<Bytes> login_locks_;
  mutable KeyedLock<uint64_t> user_locks_;
};

}  // namespace smile
