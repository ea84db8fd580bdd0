#include "service/logins/session_service.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr size_t kTokenBytes = 32;
// Deleted by one write: each has a partition of its own, beside that of the user.
constexpr size_t kSessionsPerWrite = limits::kMaxWritesTogether - 1;
constexpr size_t kWritesInFlight = 16;
constexpr size_t kSessionsPerSlice = kSessionsPerWrite * kWritesInFlight;

Status NoSuchSession() {
  return {Code::kNotFound, "there is no such session, or it has expired or was revoked"};
}

Status DamagedSession() {
  return {Code::kCorrupt, "the record of the session is damaged"};
}

Result<SessionInfo> InfoOf(const Sha256Digest& id, ByteView value) {
  std::optional<SessionRecord> record = DecodeSessionRecord(value);
  if (!record) return DamagedSession();
  return SessionInfo{id, std::move(*record)};
}

// Which sessions a work item revokes.
struct Revocation {
  uint64_t user = 0;
  uint64_t made_ms = 0;  // at the latest
  std::optional<Sha256Digest> except;
};

Bytes Encode(const Revocation& revocation) {
  Bytes bytes;
  AppendLittle(&bytes, revocation.user);
  AppendLittle(&bytes, revocation.made_ms);
  if (revocation.except) bytes.append(revocation.except->view());
  return bytes;
}

std::optional<Revocation> DecodeRevocation(ByteView bytes) {
  Revocation revocation;
  ByteReader reader(bytes);
  if (!reader.ReadLittle(&revocation.user) || !reader.ReadLittle(&revocation.made_ms)) {
    return std::nullopt;
  }
  if (reader.empty()) return revocation;
  ByteView except;
  Sha256Digest id;
  if (!reader.ReadBytes(id.bytes.size(), &except) || !reader.empty()) return std::nullopt;
  std::memcpy(id.bytes.data(), except.data(), except.size());
  revocation.except = id;
  return revocation;
}

ScanRequest ScanOf(uint64_t user, uint32_t limit) {
  return {.table = Table::kAccounts,
          .partition = PartitionOf(user),
          .from = FirstAccountSort(AccountPart::kSession),
          .to = EndOfAccountSorts(AccountPart::kSession),
          .limit = limit,
          .max_value_bytes = limits::kMaxReplyValueBytes};
}

// None for an entry that cannot be read.
std::optional<SessionInfo> InfoOf(const ScanPage::Entry& entry) {
  if (entry.outcome == ScanPage::Outcome::kGap) return std::nullopt;
  const std::optional<Bytes> name = DecodeAccountSort(AccountPart::kSession, entry.sort);
  const std::optional<Sha256Digest> id = name ? DecodeSessionName(*name) : std::nullopt;
  if (!id) return std::nullopt;
  // The name says enough to revoke it.
  SessionInfo info{*id, {}};
  if (std::optional<SessionRecord> record = DecodeSessionRecord(entry.record.value)) {
    info.record = std::move(*record);
  }
  info.record.created_ms = LoadBig<uint64_t>(name->data());
  return info;
}

}  // namespace

SessionService::SessionService(Engine& engine, const Clock& clock, MakeRandom make_random)
    : engine_(engine), clock_(clock), make_random_(std::move(make_random)), work_(engine) {
  CHECK(engine.can_write_together(), "a session is two records");
}

Task<Result<std::vector<SessionInfo>>> SessionService::Superfluous(uint64_t user,
                                                                   CallContext call) const {
  ScanRequest request = ScanOf(user, limits::kMaxSessionsPerUser);
  request.from = starts_.Of(user);
  request.call = call;
  request.call.memory = nullptr;
  request.keys_only = true;
  std::vector<SessionInfo> oldest;
  for (uint32_t count = 0;;) {
    const Result<ScanPage> page = co_await engine_.Scan(request);
    if (!page.ok()) co_return page.status();
    if (count == 0) starts_.Learn(user, *page);
    for (size_t i = 0; i < page->size() && oldest.empty(); ++i) {
      if (const auto info = InfoOf((*page)[i])) oldest.push_back(*info);
    }
    count += static_cast<uint32_t>(page->size());
    if (count >= limits::kMaxSessionsPerUser) co_return oldest;
    if (!page->more) break;
    ContinueScan(*page, &request);
  }
  co_return std::vector<SessionInfo>();
}

Task<Result<NewSession>> SessionService::Make(MakeSession request) const {
  const auto held = co_await locks_.Lock(request.user);
  if (Status late = MayBegin(request.call, clock_); !late.ok()) co_return late;
  Result<std::vector<SessionInfo>> superfluous = co_await Superfluous(request.user, request.call);
  if (!superfluous.ok()) co_return superfluous.status();
  NewSession made{.token = make_random_(kTokenBytes), .id = {}, .expires_ms = 0};
  made.id = Sha256::Of(made.token);
  const uint64_t now_ms = NowMillis();
  made.expires_ms = now_ms + uint64_t{request.expire_seconds} * 1000;
  const SessionRecord record{.user = request.user,
                             .created_ms = now_ms,
                             .expires_ms = made.expires_ms,
                             .label = std::move(request.label)};
  Change session = PutChange({}, smile::Encode(record));
  Change account = PutChange(AccountSessionSort(now_ms, made.id), session.value);
  session.expires_ms = made.expires_ms;
  account.expires_ms = made.expires_ms;
  std::vector<Change> changes;
  changes.push_back(std::move(account));
  for (const SessionInfo& old : *superfluous) {
    changes.push_back(DeleteChange(AccountSessionSort(old.record.created_ms, old.id)));
  }
  WriteRequest write =
      RequestOf(Table::kAccounts, PartitionOf(request.user), changes, request.call);
  write.AddAlso(RequestOf(SessionKey(made.id), std::move(session)));
  for (const SessionInfo& old : *superfluous) {
    write.AddAlso(RequestOf(SessionKey(old.id), DeleteChange({})));
  }
  const WriteReply reply = co_await engine_.Write(std::move(write));
  if (!reply.status.ok()) co_return reply.status;
  co_return made;
}

std::optional<Result<SessionInfo>> SessionService::TryVerify(ByteView token) const {
  const Sha256Digest id = Sha256::Of(token);
  std::optional<Result<SessionInfo>> info;
  const KeyView key{.table = Table::kSessions, .partition = id.view(), .sort = {}};
  const PeekResult peeked =
      engine_.Peek(key, [&](const RecordView& record) { info.emplace(InfoOf(id, record.value)); });
  if (peeked == PeekResult::kAbsent) info.emplace(NoSuchSession());
  return info;
}

Task<Result<SessionInfo>> SessionService::Verify(Bytes token, CallContext call) const {
  const Sha256Digest id = Sha256::Of(token);
  const Result<Record> read = co_await engine_.Read(SessionKey(id), std::move(call));
  if (read.status().code() == Code::kNotFound) co_return NoSuchSession();
  if (!read.ok()) co_return read.status();
  co_return InfoOf(id, read->value);
}

Task<Result<SessionPage>> SessionService::List(SessionListRequest request) const {
  ScanRequest scan = ScanOf(request.user, request.limit);
  scan.from = request.from.empty() ? starts_.Of(request.user) : std::move(request.from);
  scan.after = std::move(request.after);
  scan.call = request.call;
  const Result<ScanPage> page = co_await engine_.Scan(std::move(scan));
  if (!page.ok()) co_return page.status();
  SessionPage sessions{.sessions = {}, .more = page->more, .resume_from = page->resume_from};
  for (size_t i = 0; i < page->size(); ++i) {
    if (auto info = InfoOf((*page)[i])) sessions.sessions.push_back(std::move(*info));
  }
  if (page->more && !page->resume_from) {
    // What follows the last entry, which may be one that cannot be read.
    sessions.resume_from = Bytes((*page)[page->size() - 1].sort).append(1, '\0');
  }
  co_return sessions;
}

Task<Status> SessionService::Delete(uint64_t user, std::vector<SessionInfo> sessions) const {
  CHECK(!sessions.empty() && sessions.size() <= kSessionsPerWrite);
  std::vector<Change> changes;
  changes.reserve(sessions.size());
  for (const SessionInfo& session : sessions) {
    changes.push_back(DeleteChange(AccountSessionSort(session.record.created_ms, session.id)));
  }
  WriteRequest write = RequestOf(Table::kAccounts, PartitionOf(user), changes);
  for (const SessionInfo& session : sessions) {
    write.AddAlso(RequestOf(SessionKey(session.id), DeleteChange({})));
  }
  const WriteReply reply = co_await engine_.Write(std::move(write));
  co_return reply.status;
}

Task<Result<bool>> SessionService::Revoke(uint64_t user, Sha256Digest id, CallContext call) const {
  const auto held = co_await locks_.Lock(user);
  if (Status late = MayBegin(call, clock_); !late.ok()) co_return late;
  const Result<Record> read = co_await engine_.Read(SessionKey(id), std::move(call));
  if (read.status().code() == Code::kNotFound) co_return false;
  if (!read.ok()) co_return read.status();
  const Result<SessionInfo> info = InfoOf(id, read->value);
  if (!info.ok()) co_return info.status();
  if (info->record.user != user) co_return false;
  std::vector<SessionInfo> one(1, *info);
  const Status deleted = co_await Delete(user, std::move(one));
  if (!deleted.ok()) co_return deleted;
  co_return true;
}

Task<Result<uint64_t>> SessionService::RevokeUntil(uint64_t user, uint64_t made_ms,
                                                   std::optional<Sha256Digest> except) const {
  const auto held = co_await locks_.Lock(user);
  uint64_t count = 0;
  ScanRequest request = ScanOf(user, kSessionsPerSlice);
  if (made_ms != UINT64_MAX) request.from = starts_.Of(user);  // RemoveAll looks everywhere
  request.keys_only = true;
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(request);
    if (!page.ok()) co_return page.status();
    std::vector<Task<Status>> deletes;
    std::vector<SessionInfo> next;
    for (size_t i = 0; i < page->size(); ++i) {
      const std::optional<SessionInfo> info = InfoOf((*page)[i]);
      if (info && info->record.created_ms <= made_ms && info->id != except) next.push_back(*info);
      const bool is_last = i + 1 == page->size();
      if (next.empty() || (next.size() < kSessionsPerWrite && !is_last)) continue;
      count += next.size();
      deletes.push_back(Delete(user, std::exchange(next, {})));
    }
    Status failure;
    for (Task<Status>& one : deletes) {
      Status deleted = co_await one;
      if (!deleted.ok()) failure = std::move(deleted);
    }
    if (!failure.ok()) co_return failure;
    if (!page->more) co_return count;
    ContinueScan(*page, &request);
  }
}

WorkItem SessionService::RevokeItem(uint64_t user, std::optional<Sha256Digest> except) const {
  const uint64_t now_ms = NowMillis();
  WorkItem item{.due_ms = now_ms + limits::kWorkGraceMillis,
                .id = {},
                .kind = WorkKind::kRevoke,
                .payload = Encode(Revocation{.user = user, .made_ms = now_ms, .except = except})};
  const Bytes id = make_random_(item.id.size());
  std::copy(id.begin(), id.end(), item.id.begin());
  return item;
}

Task<Result<uint64_t>> SessionService::FinishRevoke(WorkItem item) const {
  const std::optional<Revocation> revocation = DecodeRevocation(item.payload);
  CHECK(revocation.has_value(), "made by RevokeItem");
  const Result<uint64_t> count =
      co_await RevokeUntil(revocation->user, revocation->made_ms, revocation->except);
  if (!count.ok()) co_return count;
  // If that fails, the sweeper finds nothing to revoke.
  (void)co_await work_.Remove(std::move(item));
  co_return *count;
}

Task<Result<uint64_t>> SessionService::RevokeAll(uint64_t user, std::optional<Sha256Digest> except,
                                                 CallContext call) const {
  WorkItem item = RevokeItem(user, except);
  const Status added = co_await work_.Add(item, std::move(call));
  if (!added.ok()) co_return added;
  co_return co_await FinishRevoke(std::move(item));
}

Task<Result<uint64_t>> SessionService::RemoveAll(uint64_t user) const {
  co_return co_await RevokeUntil(user, UINT64_MAX, std::nullopt);
}

Task<Status> SessionService::Finish(WorkItem item) const {
  CHECK(item.kind == WorkKind::kRevoke);
  const std::optional<Revocation> revocation = DecodeRevocation(item.payload);
  if (!revocation) co_return Status();  // not written by this service
  const Result<uint64_t> count =
      co_await RevokeUntil(revocation->user, revocation->made_ms, revocation->except);
  co_return count.status();
}

}  // namespace smile
