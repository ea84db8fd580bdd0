#include "tests/service/people_model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "service/account_sorts.h"
#include "service/users/account_restorer.h"
#include "tests/support/count_records.h"
#include "tests/support/each_record.h"

namespace smile::testing {
namespace {

constexpr int64_t kNoLimit = INT64_MAX;
constexpr uint32_t kYear = 365 * 24 * 3600;
constexpr int64_t kDayMillis = int64_t{24} * 3600 * 1000;

uint8_t InverseOf(uint8_t kind) {
  return LinkKind{kind} == LinkKind::kFriend ? kind : kind ^ 0x80;
}

std::string Describe(const UserTally& tally) {
  return fmt::format("{} logins, {} sessions, {} links, {} media, {} uploads, {} posts, {} records",
                     tally.logins, tally.sessions, tally.links, tally.media, tally.uploads,
                     tally.posts, tally.records);
}

template <class T>
const Status& StatusIn(const Result<T>& result) {
  return result.status();
}
const Status& StatusIn(const Status& status) {
  return status;
}

}  // namespace

PeopleModel::PeopleModel(Below below)
    : below_(std::move(below)), engine_(&clock_, MemoryEngine::Answers::kInline) {
  Restart(kNoLimit);
}

void PeopleModel::Restart(int64_t calls) {
  process_.reset();
  process_ = std::make_unique<PeopleProcess>(&engine_, &store_, clock_, calls);
}

void PeopleModel::Expect(bool condition, const std::string& what) {
  if (!condition && failure_.empty()) failure_ = fmt::format("step {}: {}", steps_, what);
}

// A call that was repeated may be told that what it asks for is there, or gone, already.
void PeopleModel::ExpectCode(const Status& status, Code expected, bool repeated,
                             const std::string& what) {
  const bool already =
      repeated && expected == Code::kOk &&
      (status.code() == Code::kConditionFailed || status.code() == Code::kNotFound);
  Expect(status.code() == expected || already,
         fmt::format("{}: {}, expected {}", what, status.ToString(), InfoOf(expected).name));
}

template <class Call>
auto PeopleModel::Do(const Call& call, bool* repeated) {
  const bool crashes = below_(4) == 0;
  Restart(crashes ? static_cast<int64_t>(below_(30)) : kNoLimit);
  auto result = call(*process_);
  *repeated = process_->budget.stopped();
  if (crashes) Restart(kNoLimit);
  if (!*repeated || StatusIn(result).ok()) return result;
  if (below_(2) == 0) {
    clock_.AdvanceMillis(limits::kWorkGraceMillis + 1);
    Expect(process_->sweeper.Sweep().ok(), "the sweeper failed");
  }
  return call(*process_);
}

void PeopleModel::Step() {
  if (!failure_.empty()) return;
  ++steps_;
  switch (below_(14)) {
    case 0:
      return Register();
    case 1:
      return AddLogin();
    case 2:
      return Verify();
    case 3:
      return RemoveLogin();
    case 4:
    case 5:
      return Link(/*unlink=*/false);
    case 6:
      return Link(/*unlink=*/true);
    case 7:
      return PutMedia();
    case 8:
      return MakeSession();
    case 9:
      return PutPost();
    case 10:
      return BeginUpload();
    case 11:
      return CheckUser(AnyUser());
    case 12:
      return LoseAccounts();
    default:
      return Erase();
  }
}

bool PeopleModel::HasLogin(uint64_t user) const {
  return std::any_of(logins_.begin(), logins_.end(),
                     [&](const auto& entry) { return entry.second.user == user; });
}

void PeopleModel::Register() {
  const Bytes login = AnyLogin();
  const Account account{.user = AnyUser(), .password = AnyPassword()};
  const bool is_free =
      !logins_.contains(login) && !HasLogin(account.user) && !profiles_.contains(account.user);
  bool repeated = false;
  const Result<uint64_t> user = Do(
      [&](PeopleProcess& process) {
        RegisterLogin request;
        request.login = login;
        request.password = account.password;
        request.user = account.user;
        request.records.push_back({.name = "profile", .checksum = Hash64("me"), .value = "me"});
        return process.logins.Register(std::move(request)).Wait();
      },
      &repeated);
  ExpectCode(user.status(), is_free ? Code::kOk : Code::kConditionFailed, repeated, "register");
  if (!is_free) return;
  logins_[login] = account;
  profiles_.insert(account.user);
}

void PeopleModel::AddLogin() {
  const Bytes login = AnyLogin();
  const Account account{.user = AnyUser(), .password = AnyPassword()};
  const bool is_free = !logins_.contains(login);
  bool repeated = false;
  const Status added = Do(
      [&](PeopleProcess& process) {
        smile::AddLogin request;
        request.login = login;
        request.user = account.user;
        request.secret = account.password;
        return process.logins.Add(std::move(request)).Wait();
      },
      &repeated);
  ExpectCode(added, is_free ? Code::kOk : Code::kConditionFailed, repeated, "add a login");
  if (is_free) logins_[login] = account;
}

void PeopleModel::Verify() {
  const Bytes login = AnyLogin();
  const Bytes password = AnyPassword();
  const auto account = logins_.find(login);
  const bool is_right = account != logins_.end() && account->second.password == password;
  bool repeated = false;
  const Result<uint64_t> user = Do(
      [&](PeopleProcess& process) {
        LoginAttempt attempt;
        attempt.login = login;
        attempt.password = password;
        return process.logins.Verify(std::move(attempt)).Wait();
      },
      &repeated);
  Expect(user.status().code() == (is_right ? Code::kOk : Code::kNotFound),
         "verify: " + user.status().ToString());
  if (user.ok()) Expect(*user == account->second.user, "verify: another user");
  if (is_right) return;
  clock_.AdvanceMillis(2 * kDayMillis);  // the guess is forgotten
  uploads_.clear();                      // they have expired
}

void PeopleModel::RemoveLogin() {
  const Bytes login = AnyLogin();
  const bool is_there = logins_.contains(login);
  bool repeated = false;
  const Result<uint64_t> user =
      Do([&](PeopleProcess& process) { return process.logins.Remove(login).Wait(); }, &repeated);
  ExpectCode(user.status(), is_there ? Code::kOk : Code::kNotFound, repeated, "remove a login");
  logins_.erase(login);
}

void PeopleModel::Link(bool unlink) {
  const uint64_t user = AnyUser();
  const uint64_t other = AnyUser();
  if (user == other) return;
  const auto kind = static_cast<uint8_t>(below_(2) == 0 ? LinkKind::kFriend : LinkKind::kFollow);
  bool repeated = false;
  const Result<LinkChanged> changed = Do(
      [&](PeopleProcess& process) {
        LinkChange change;
        change.kind = unlink ? LinkChange::Kind::kUnlink : LinkChange::Kind::kLink;
        change.side = {.user = user, .kind = LinkKind{kind}, .other = other};
        change.value = unlink ? Bytes() : "since school";
        return process.links.Change(std::move(change)).Wait();
      },
      &repeated);
  Expect(changed.ok(), "link or unlink: " + changed.status().ToString());
  const bool was_there = sides_.contains({user, kind, other});
  if (changed.ok() && !repeated) Expect(changed->changed == (was_there == unlink), "link: changed");
  for (const Side& side : {Side(user, kind, other), Side(other, InverseOf(kind), user)}) {
    if (unlink) {
      sides_.erase(side);
    } else {
      sides_.insert(side);
    }
  }
}

void PeopleModel::PutMedia() {
  const uint64_t owner = AnyUser();
  const uint64_t media = 1 + below_(3);
  const Bytes bytes = fmt::format("photo {}", media);  // the same content for all
  bool repeated = false;
  const Result<StoredMedia> stored = Do(
      [&](PeopleProcess& process) {
        smile::PutMedia request;
        request.id = {.owner = owner, .media = media};
        request.bytes = bytes;
        request.checksum = Hash64(bytes);
        return process.media.Put(std::move(request)).Wait();
      },
      &repeated);
  Expect(stored.ok(), "put media: " + stored.status().ToString());
  media_[owner].insert(media);
}

void PeopleModel::PutPost() {
  const uint64_t author = AnyUser();
  const uint64_t post = 1 + below_(200);
  const EngineCalls calls(engine_);
  const Key key = PostKey(author, post);
  const WriteReply reply = calls.Write(key, PutChange({}, "hello")).Wait();
  Expect(reply.status.ok(), "put a post: " + reply.status.ToString());
  posts_[author].insert(post);
}

void PeopleModel::BeginUpload() {
  const uint64_t owner = AnyUser();
  bool repeated = false;
  const Result<UploadStart> begun = Do(
      [&](PeopleProcess& process) {
        smile::BeginUpload request;
        request.id = {.owner = owner};
        return process.media.Begin(std::move(request)).Wait();
      },
      &repeated);
  Expect(begun.ok(), "begin an upload: " + begun.status().ToString());
  CountNew(owner, repeated, &UserTally::uploads, &uploads_[owner]);
}

// Of a call that was repeated, there may be two.
void PeopleModel::CountNew(uint64_t user, bool repeated, uint64_t UserTally::*tally,
                           uint64_t* known) {
  const Result<UserState> state = process_->users.Stat(user, {}).Wait();
  Expect(state.ok(), "stat: " + state.status().ToString());
  if (!state.ok()) return;
  const uint64_t before = *known;
  *known = state->tally.*tally;
  Expect(*known == before + 1 || (repeated && *known == before + 2),
         fmt::format("{} after {}", *known, before));
}

void PeopleModel::MakeSession() {
  const uint64_t user = AnyUser();
  bool repeated = false;
  const Result<NewSession> made = Do(
      [&](PeopleProcess& process) {
        smile::MakeSession request;
        request.user = user;
        request.expire_seconds = kYear;
        return process.sessions.Make(std::move(request)).Wait();
      },
      &repeated);
  Expect(made.ok(), "make a session: " + made.status().ToString());
  CountNew(user, repeated, &UserTally::sessions, &sessions_[user]);
}

// As damage does to a database; what `smiled repair` restores is all of them.
void PeopleModel::LoseAccounts() {
  std::vector<Key> lost;
  EachRecord(&engine_, Table::kAccounts, [&](const Key& key, const Record&) {
    const bool is_note = DecodeAccountSort(AccountPart::kNote, key.sort).has_value();
    if (!is_note && below_(2) == 0) lost.push_back(key);
  });
  const EngineCalls calls(engine_);
  for (const Key& key : lost) {
    Expect(calls.Write(key, DeleteChange({})).Wait().status.ok(), "lose a record");
  }
  AccountRestorer restorer(engine_, clock_, {UserRange()}, [](uint64_t) {});
  const Result<uint64_t> restored = restorer.Run().Wait();
  Expect(restored.ok(), "restore accounts: " + restored.status().ToString());
}

void PeopleModel::Erase() {
  const uint64_t user = AnyUser();
  bool repeated = false;
  const Result<UserErased> erased =
      Do([&](PeopleProcess& process) { return process.users.Erase(user).Wait(); }, &repeated);
  Expect(erased.ok() && erased->done, "erase: " + erased.status().ToString());
  Forget(user);
  CheckUser(user);
}

void PeopleModel::Forget(uint64_t user) {
  std::erase_if(logins_, [&](const auto& entry) { return entry.second.user == user; });
  std::erase_if(sides_, [&](const Side& side) {
    return std::get<0>(side) == user || std::get<2>(side) == user;
  });
  profiles_.erase(user);
  sessions_.erase(user);
  media_.erase(user);
  posts_.erase(user);
  uploads_.erase(user);
}

void PeopleModel::CheckUser(uint64_t user) {
  UserTally tally;
  for (const auto& [login, account] : logins_) tally.logins += account.user == user ? 1 : 0;
  for (const Side& side : sides_) tally.links += std::get<0>(side) == user ? 1 : 0;
  tally.records = profiles_.contains(user) ? 1 : 0;
  tally.sessions = sessions_[user];
  tally.media = media_[user].size();
  tally.posts = posts_[user].size();
  tally.uploads = uploads_[user];
  const Result<UserState> state = process_->users.Stat(user, {}).Wait();
  Expect(state.ok(), "stat: " + state.status().ToString());
  if (!state.ok()) return;
  Expect(state->tally == tally && !state->erasing,
         fmt::format("user {}: {}, not {}", user, Describe(state->tally), Describe(tally)));
}

void PeopleModel::Check() {
  Restart(kNoLimit);
  clock_.AdvanceMillis(limits::kWorkGraceMillis + 1);
  Expect(process_->sweeper.Sweep().ok(), "the sweeper failed");
  for (uint64_t user = 1; user <= kUsers; ++user) CheckUser(user);
  for (const auto& [login, account] : logins_) {
    LoginAttempt attempt;
    attempt.login = login;
    attempt.password = account.password;
    const Result<uint64_t> user = process_->logins.Verify(std::move(attempt)).Wait();
    Expect(user.ok() && *user == account.user, "a login does not verify");
  }
  for (const auto& [user, kind, other] : sides_) {
    LinkCheckRequest request;
    request.of = {.user = user, .kind = LinkKind{kind}};
    request.others = {other};
    const auto found = process_->links.Check(std::move(request)).Wait();
    Expect(found.ok() && found->size() == 1, "a link is missing on one side");
  }
  CheckErased();
}

// Nothing is left when all have left, but for guesses, which are forgotten later.
void PeopleModel::CheckErased() {
  for (uint64_t user = 1; user <= kUsers; ++user) {
    const Result<UserErased> erased = process_->users.Erase(user).Wait();
    Expect(erased.ok() && erased->done, "erase: " + erased.status().ToString());
  }
  clock_.AdvanceMillis(2 * kDayMillis);
  Expect(process_->sweeper.Sweep().ok(), "the sweeper failed");
  for (const TableInfo& info : kTables) {
    if (info.table == Table::kGuesses) continue;
    const size_t count = CountRecords(&engine_, info.table);
    Expect(count == 0, fmt::format("{} records are left in {}", count, info.name));
  }
  store_.List({}, 1, [this](const Result<std::vector<ContentId>>& contents) {
    Expect(contents.ok() && contents->empty(), "content is left");
  });
}

}  // namespace smile::testing
