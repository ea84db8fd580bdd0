// Logins that are made, found and listed.
#include "service/logins/login_service.h"

#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/secret.h"
#include "model/time_ordered_id.h"
#include "service/logins/login_errors.h"
#include "service/logins/login_writes.h"

namespace smile {
namespace {

// The records of a user who has none of them.
WriteRequest FirstWrite(uint64_t user, const std::vector<FirstRecord>& records, uint64_t source) {
  std::vector<MutationView> mutations;
  mutations.reserve(records.size());
  for (const FirstRecord& record : records) {
    mutations.push_back({.kind = MutationKind::kPut,
                         .sort = record.name,
                         .condition = {.kind = ConditionKind::kIfAbsent},
                         .checksum = record.checksum,
                         .value = record.value});
  }
  const Bytes partition = PartitionOf(user);
  return {{Table::kUsers, partition}, std::move(mutations), 0, source};
}

// For the result of a read. False: there is none.
bool TakeMemory(const std::shared_ptr<ReadMemory>& memory, const LoginInfo& login) {
  return memory == nullptr ||
         memory->TryTake(sizeof(login) + MemoryOf(login.login) + MemoryOf(login.record.credential));
}

// Of records whose absence is a condition.
Status FailureOf(const WriteReply& reply) {
  if (reply.status.code() != Code::kConditionFailed) return reply.status;
  return {Code::kConditionFailed, "the user has a record of one of these names already"};
}

}  // namespace

LoginService::LoginService(Engine& engine, PasswordHasher& hasher, const SessionService& sessions,
                           const Clock& clock, MakeRandom make_random)
    : engine_(engine),
      hasher_(hasher),
      sessions_(sessions),
      clock_(clock),
      make_random_(std::move(make_random)),
      guesses_(engine, clock) {
  CHECK(engine.can_write_together(), "a login is two records");
}

Task<Result<LoginService::Stored>> LoginService::ReadLogin(Bytes login, CallContext call) const {
  const Result<Record> read = co_await engine_.Read(LoginKey(login), std::move(call));
  if (read.status().code() == Code::kNotFound) co_return NoSuchLogin();
  if (!read.ok()) co_return read.status();
  std::optional<LoginRecord> record = DecodeLoginRecord(read->value);
  if (!record) co_return DamagedLogin();
  co_return Stored{std::move(*record), read->version};
}

Task<Status> LoginService::CheckFree(Bytes login) const {
  const Result<Stored> stored = co_await ReadLogin(std::move(login));
  if (stored.ok()) co_return LoginIsTaken();
  if (stored.status().code() == Code::kNotFound) co_return Status();
  co_return stored.status();
}

Task<Result<std::vector<Bytes>>> LoginService::NamesOf(uint64_t user, uint32_t limit,
                                                       CallContext call) const {
  ScanRequest request{.table = Table::kAccounts,
                      .partition = PartitionOf(user),
                      .from = FirstAccountSort(AccountPart::kLogin),
                      .to = EndOfAccountSorts(AccountPart::kLogin),
                      .limit = limit,
                      .keys_only = true,
                      .call = call};
  std::vector<Bytes> names;
  while (names.size() < limit) {
    const Result<ScanPage> page = co_await engine_.Scan(request);
    if (!page.ok()) co_return page.status();
    for (size_t i = 0; i < page->size() && names.size() < limit; ++i) {
      if (auto name = DecodeAccountSort(AccountPart::kLogin, (*page)[i].sort)) {
        names.push_back(std::move(*name));
      }
    }
    if (!page->more) break;
    ContinueScan(*page, &request);
  }
  co_return names;
}

uint64_t LoginService::ChosenUser() const {
  return IdOfMillis(clock_.WallMillis(), LoadLittle<uint32_t>(make_random_(4).data()));
}

LoginRecord LoginService::NewRecord(uint64_t user, Bytes credential) const {
  const uint64_t now_ms = NowMillis();
  return {.user = user,
          .created_ms = now_ms,
          .changed_ms = now_ms,
          .credential = std::move(credential)};
}

Task<Result<uint64_t>> LoginService::Register(RegisterLogin request) const {
  // Before the work of hashing; again with the lock.
  const Status free = co_await CheckFree(request.login);
  if (!free.ok()) co_return free;
  Result<Bytes> credential = co_await hasher_.Hash(std::move(request.password), request.call);
  if (!credential.ok()) co_return credential.status();

  const uint64_t user = request.user == 0 ? ChosenUser() : request.user;
  const auto login_held = co_await login_locks_.Lock(request.login);
  const auto user_held = co_await user_locks_.Lock(user);
  const Status still_free = co_await CheckFree(request.login);
  if (!still_free.ok()) co_return still_free;
  const Result<std::vector<Bytes>> others = co_await NamesOf(user, 1);
  if (!others.ok()) co_return others.status();
  if (!others->empty()) co_return UserHasLogin();
  const LoginRecord record = NewRecord(user, std::move(*credential));
  WriteRequest login = LoginPut(request.login, record);
  WriteRequest account = AccountPut(user, request.login);
  if (request.records.empty()) {
    login.AddAlso(std::move(account));
    const WriteReply reply = co_await engine_.Write(std::move(login));
    if (!reply.status.ok()) co_return reply.status;
    co_return user;
  }
  WriteRequest write = FirstWrite(user, request.records, request.call.source);
  write.AddAlso(std::move(login));
  write.AddAlso(std::move(account));
  const WriteReply reply = co_await engine_.Write(std::move(write));
  const Status written = FailureOf(reply);
  if (!written.ok()) co_return written;
  co_return user;
}

// With the lock of the login held.
Task<Status> LoginService::Claim(Bytes login, uint64_t user, Bytes credential) const {
  const auto user_held = co_await user_locks_.Lock(user);
  const Result<std::vector<Bytes>> others = co_await NamesOf(user, limits::kMaxLoginsPerUser);
  if (!others.ok()) co_return others.status();
  if (others->size() >= limits::kMaxLoginsPerUser) co_return TooManyLogins();
  const LoginRecord record = NewRecord(user, std::move(credential));
  WriteRequest write = LoginPut(login, record);
  write.AddAlso(AccountPut(user, login));
  const WriteReply reply = co_await engine_.Write(std::move(write));
  co_return reply.status;
}

Task<Status> LoginService::Add(AddLogin request) const {
  const Status free = co_await CheckFree(request.login);
  if (!free.ok()) co_return free;
  Result<Bytes> credential = co_await hasher_.Hash(std::move(request.secret), request.call);
  if (!credential.ok()) co_return credential.status();
  const auto held = co_await login_locks_.Lock(request.login);
  const Status still_free = co_await CheckFree(request.login);
  if (!still_free.ok()) co_return still_free;
  co_return co_await Claim(request.login, request.user, std::move(*credential));
}

Task<Status> LoginService::Import(AddLogin request) const {
  const Result<CredentialInfo> info = ParseCredential(request.secret);
  if (!info.ok()) co_return info.status();
  const auto held = co_await login_locks_.Lock(request.login);
  if (Status late = MayBegin(request.call, clock_); !late.ok()) co_return late;
  const Result<Stored> stored = co_await ReadLogin(request.login, request.call);
  if (stored.ok()) {
    const bool is_same = stored->record.user == request.user &&
                         EqualInConstantTime(stored->record.credential, request.secret);
    co_return is_same ? Status() : LoginIsTaken();
  }
  if (stored.status().code() != Code::kNotFound) co_return stored.status();
  co_return co_await Claim(request.login, request.user, std::move(request.secret));
}

Task<Result<std::vector<LoginInfo>>> LoginService::List(uint64_t user, CallContext call) const {
  const Result<std::vector<Bytes>> names = co_await NamesOf(user, limits::kMaxLoginsPerUser, call);
  if (!names.ok()) co_return names.status();
  const CallContext begun{.source = call.source, .caller = call.caller};
  std::vector<LoginInfo> logins;
  for (const Bytes& name : *names) {
    Result<Stored> stored = co_await ReadLogin(name, begun);
    // Removed meanwhile, or renamed.
    if (stored.status().code() == Code::kNotFound) continue;
    if (!stored.ok()) co_return stored.status();
    LoginInfo login{name, std::move(stored->record)};
    if (!TakeMemory(call.memory, login)) co_return NoMemoryForResult();
    logins.push_back(std::move(login));
  }
  co_return logins;
}

Task<Result<LoginPage>> LoginService::Export(ListRequest request) const {
  const CallContext begun{.source = request.call.source, .caller = request.call.caller};
  const std::shared_ptr<ReadMemory> memory = request.call.memory;
  Result<ListPage> page = co_await engine_.List(std::move(request));
  if (!page.ok()) co_return page.status();
  LoginPage found;
  for (size_t i = 0; i < page->partitions.size(); ++i) {
    Result<Stored> stored = co_await ReadLogin(page->partitions[i], begun);
    if (stored.status().code() == Code::kNotFound) continue;
    if (!stored.ok()) co_return stored.status();
    LoginInfo login{page->partitions[i], std::move(stored->record)};
    if (!TakeMemory(memory, login)) {
      if (found.logins.empty()) co_return NoMemoryForResult();
      page->partitions.resize(i);
      page->more = true;
      page->resume_from.reset();
      break;
    }
    found.logins.push_back(std::move(login));
  }
  found.page = std::move(*page);
  co_return found;
}

}  // namespace smile
