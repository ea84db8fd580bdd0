// Logins that are verified, changed and removed.
#include <utility>

#include "base/secret.h"
#include "service/await_all.h"
#include "service/logins/login_errors.h"
#include "service/logins/login_service.h"
#include "service/logins/login_writes.h"

namespace smile {

Task<Result<LoginService::Stored>> LoginService::Authenticate(LoginAttempt attempt) const {
  const Result<GuessLimiter::Guess> guess = co_await guesses_.Begin(attempt.login, attempt.label);
  if (!guess.ok()) co_return guess.status();
  Result<Stored> stored = co_await ReadLogin(attempt.login);
  if (!stored.ok() && stored.status().code() != Code::kNotFound) co_return stored.status();
  Bytes credential = stored.ok() ? stored->record.credential : Bytes();
  const Result<bool> matches =
      co_await hasher_.Verify(std::move(attempt.password), std::move(credential), attempt.call);
  if (!matches.ok()) co_return matches.status();
  if (!*matches) {
    const Status counted = co_await guesses_.Fail(*guess);
    if (!counted.ok()) co_return counted;
    co_return WrongPassword();
  }
  // Whoever knows the password is let in, even if that cannot be noted.
  (void)co_await guesses_.Succeed(*guess);
  co_return stored;
}

Task<Status> LoginService::Rehash(LoginAttempt attempt, Bytes outdated) const {
  Result<Bytes> credential = co_await hasher_.Hash(std::move(attempt.password), attempt.call);
  if (!credential.ok()) co_return credential.status();
  const auto held = co_await login_locks_.Lock(attempt.login);
  Result<Stored> stored = co_await ReadLogin(attempt.login);
  if (!stored.ok()) co_return stored.status();
  if (!EqualInConstantTime(stored->record.credential, outdated)) co_return Status();
  stored->record.credential = std::move(*credential);
  const WriteReply reply = co_await engine_.Write(LoginPut(attempt.login, stored->record));
  co_return reply.status;
}

Task<Result<uint64_t>> LoginService::Verify(LoginAttempt attempt) const {
  const Result<Stored> stored = co_await Authenticate(attempt);
  if (!stored.ok()) co_return stored.status();
  if (hasher_.IsOutdated(stored->record.credential)) {
    // If it fails, the next verification tries again.
    (void)co_await Rehash(std::move(attempt), stored->record.credential);
  }
  co_return stored->record.user;
}

Task<Result<PasswordSet>> LoginService::Set(Bytes login, std::optional<Bytes> verified,
                                            Bytes credential, KeptSessions kept) const {
  PasswordSet set;
  std::optional<WorkItem> revoke;
  {
    const auto held = co_await login_locks_.Lock(login);
    Result<Stored> stored = co_await ReadLogin(login);
    if (!stored.ok()) co_return stored.status();
    if (verified && !EqualInConstantTime(*verified, stored->record.credential)) {
      co_return PasswordChanged();
    }
    set.user = stored->record.user;
    stored->record.credential = std::move(credential);
    stored->record.changed_ms = NowMillis();
    WriteRequest write = LoginPut(login, stored->record);
    if (!kept.all) {
      revoke = sessions_.RevokeItem(set.user, kept.one);
      write.AddAlso(WorkLog::AddRequest(*revoke));
    }
    const WriteReply reply = co_await engine_.Write(std::move(write));
    if (!reply.status.ok()) co_return reply.status;
  }
  if (revoke) {
    const Result<uint64_t> revoked = co_await sessions_.FinishRevoke(std::move(*revoke));
    if (!revoked.ok()) co_return revoked.status();
    set.revoked_sessions = *revoked;
  }
  co_return set;
}

Task<Result<PasswordSet>> LoginService::ChangePassword(LoginAttempt attempt,
                                                       NewPassword next) const {
  Result<Stored> stored = co_await Authenticate(attempt);
  if (!stored.ok()) co_return stored.status();
  Result<Bytes> credential = co_await hasher_.Hash(std::move(next.password), attempt.call);
  if (!credential.ok()) co_return credential.status();
  std::optional<Bytes> verified(std::move(stored->record.credential));
  co_return co_await Set(attempt.login, std::move(verified), std::move(*credential), next.kept);
}

Task<Result<PasswordSet>> LoginService::SetPassword(LoginAttempt who, NewPassword next) const {
  const Result<Stored> stored = co_await ReadLogin(who.login);
  if (!stored.ok()) co_return stored.status();
  Result<Bytes> credential = co_await hasher_.Hash(std::move(next.password), who.call);
  if (!credential.ok()) co_return credential.status();
  const Result<PasswordSet> set =
      co_await Set(who.login, std::nullopt, std::move(*credential), next.kept);
  if (!set.ok()) co_return set;
  const Status forgotten = co_await guesses_.Forget(who.login, who.label);
  if (!forgotten.ok()) co_return forgotten;
  co_return set;
}

Task<Result<uint64_t>> LoginService::Rename(Bytes from, Bytes to, CallContext call) const {
  if (from == to) {
    const Result<Stored> same = co_await ReadLogin(from, std::move(call));
    if (!same.ok()) co_return same.status();
    co_return same->record.user;
  }
  const auto first = co_await login_locks_.Lock(std::min(from, to));
  const auto second = co_await login_locks_.Lock(std::max(from, to));
  if (Status late = MayBegin(call, clock_); !late.ok()) co_return late;
  const Result<Stored> stored = co_await ReadLogin(from, call);
  if (!stored.ok()) co_return stored.status();
  const Status free = co_await CheckFree(to);
  if (!free.ok()) co_return free;
  const uint64_t user = stored->record.user;
  std::vector<Change> changes;
  changes.push_back(DeleteChange(AccountLoginSort(from)));
  changes.push_back(PutChange(AccountLoginSort(to), {}));
  WriteRequest write = RequestOf(Table::kAccounts, PartitionOf(user), changes, call);
  write.AddAlso(RequestOf(LoginKey(from), DeleteChange({})));
  write.AddAlso(LoginPut(to, stored->record));
  const WriteReply reply = co_await engine_.Write(std::move(write));
  if (!reply.status.ok()) co_return reply.status;
  co_return user;
}

Task<Result<uint64_t>> LoginService::Remove(Bytes login, CallContext call) const {
  const auto held = co_await login_locks_.Lock(login);
  if (Status late = MayBegin(call, clock_); !late.ok()) co_return late;
  const Result<Stored> stored = co_await ReadLogin(login, call);
  if (!stored.ok()) co_return stored.status();
  const uint64_t user = stored->record.user;
  WriteRequest write = RequestOf(LoginKey(login), DeleteChange({}), call);
  write.AddAlso(AccountDelete(user, login));
  const WriteReply reply = co_await engine_.Write(std::move(write));
  if (!reply.status.ok()) co_return reply.status;
  co_return user;
}

Task<Status> LoginService::RemoveOf(uint64_t user, Bytes login) const {
  const auto held = co_await login_locks_.Lock(login);
  const Result<Stored> stored = co_await ReadLogin(login);
  if (!stored.ok() && stored.status().code() != Code::kNotFound) co_return stored.status();
  WriteRequest write = AccountDelete(user, login);
  if (stored.ok() && stored->record.user == user) {
    write.AddAlso(RequestOf(LoginKey(login), DeleteChange({})));
  }
  const WriteReply reply = co_await engine_.Write(std::move(write));
  co_return reply.status;
}

Task<Result<uint64_t>> LoginService::RemoveAll(uint64_t user) const {
  const Result<std::vector<Bytes>> names = co_await NamesOf(user, limits::kMaxLoginsPerUser);
  if (!names.ok()) co_return names.status();
  std::vector<Task<Status>> removals;
  for (const Bytes& name : *names) removals.push_back(RemoveOf(user, name));
  const Status removed = co_await AwaitAll(std::move(removals));
  if (!removed.ok()) co_return removed;
  co_return names->size();
}

}  // namespace smile
