#include "service/users/user_service.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "service/account_sorts.h"
#include "service/users/eraser.h"

namespace smile {
namespace {

// The note of an erase, beside the user's logins. Its value is when the work item is due.
Key NoteKey(uint64_t user) {
  return {Table::kAccounts, PartitionOf(user), AccountSort(AccountPart::kNote, "erase")};
}

WorkItem ItemOf(uint64_t user, uint64_t due_ms) {
  WorkItem item{.due_ms = due_ms, .id = {}, .kind = WorkKind::kErase, .payload = {}};
  StoreLittle(reinterpret_cast<char*>(item.id.data()), user);
  return item;
}

ScanRequest CountOf(Table table, uint64_t user, const CallContext& call) {
  return {.table = table, .partition = PartitionOf(user), .keys_only = true, .call = call};
}

}  // namespace

UserService::UserService(Engine& engine, const MediaService& media, const LinkService& links,
                         const LoginService& logins, const SessionService& sessions,
                         const Clock& clock)
    : engine_(engine),
      media_(media),
      links_(links),
      logins_(logins),
      sessions_(sessions),
      clock_(clock),
      work_(engine) {
  CHECK(engine.can_write_together(), "a note and its work item are one write");
}

// --- Stat ----------------------------------------------------------------------------------------

Task<Result<uint64_t>> UserService::CountEntries(ScanRequest request, bool* complete) const {
  uint64_t count = 0;
  for (;;) {
    request.limit = static_cast<uint32_t>(limits::kMaxUserTally - count);
    const Result<ScanPage> page = co_await engine_.Scan(request);
    if (!page.ok()) co_return page.status();
    count += page->size();
    if (!page->more) co_return count;
    if (count >= limits::kMaxUserTally) {
      *complete = false;
      co_return count;
    }
    ContinueScan(*page, &request);
  }
}

Task<Result<uint64_t>> UserService::CountUploads(uint64_t user, CallContext call,
                                                 bool* complete) const {
  UploadListRequest request;
  request.owner = user;
  request.limit = limits::kErasedTogether;
  request.call = call;
  uint64_t count = 0;
  for (uint64_t examined = 0;;) {
    const Result<UploadPage> page = co_await media_.Uploads(request);
    if (!page.ok()) co_return page.status();
    for (const ContentId& upload : page->uploads) {
      const Result<bool> pending = co_await media_.IsPending(user, upload);
      if (!pending.ok()) co_return pending.status();
      count += *pending ? 1 : 0;
    }
    examined += page->uploads.size();
    if (!page->more) co_return count;
    if (examined >= limits::kMaxUserTally) {
      *complete = false;
      co_return count;
    }
    request.from = page->resume_from;
  }
}

Task<Result<UserState>> UserService::Stat(uint64_t user, CallContext call) const {
  UserState state;
  const Result<WorkItem> note = co_await ReadNote(user);
  if (!note.ok() && note.status().code() != Code::kNotFound) co_return note.status();
  state.erasing = note.ok();
  const Result<std::vector<KindCount>> kinds = co_await links_.Counts(user, call);
  if (!kinds.ok()) co_return kinds.status();
  for (const KindCount& kind : *kinds) state.tally.links += kind.count;
  struct Counted {
    Table table;
    std::optional<AccountPart> part;
    uint64_t UserTally::*count;
  };
  static constexpr Counted kCounted[] = {
      {Table::kAccounts, AccountPart::kLogin, &UserTally::logins},
      {Table::kAccounts, AccountPart::kSession, &UserTally::sessions},
      {Table::kMedia, std::nullopt, &UserTally::media},
      {Table::kPosts, std::nullopt, &UserTally::posts},
      {Table::kUsers, std::nullopt, &UserTally::records}};
  for (const Counted& counted : kCounted) {
    ScanRequest request = CountOf(counted.table, user, call);
    if (counted.part) {
      request.from = FirstAccountSort(*counted.part);
      request.to = EndOfAccountSorts(*counted.part);
    }
    const Result<uint64_t> count = co_await CountEntries(std::move(request), &state.complete);
    if (!count.ok()) co_return count.status();
    state.tally.*counted.count = *count;
  }
  const Result<uint64_t> uploads = co_await CountUploads(user, call, &state.complete);
  if (!uploads.ok()) co_return uploads.status();
  state.tally.uploads = *uploads;
  co_return state;
}

// --- The note of an erase ------------------------------------------------------------------------

Task<Result<WorkItem>> UserService::ReadNote(uint64_t user, CallContext call) const {
  const Result<Record> note = co_await engine_.Read(NoteKey(user), std::move(call));
  if (!note.ok()) co_return note.status();
  if (note->value.size() != sizeof(uint64_t)) {
    co_return Status(Code::kCorrupt, "the note of an erase is damaged");
  }
  co_return ItemOf(user, LoadLittle<uint64_t>(note->value.data()));
}

Task<Status> UserService::WriteNote(uint64_t user) const {
  const uint64_t due_ms = static_cast<uint64_t>(clock_.WallMillis()) + limits::kEraseGraceMillis;
  Bytes value;
  AppendLittle(&value, due_ms);
  WriteRequest request = RequestOf(NoteKey(user), PutChange({}, std::move(value)));
  request.AddAlso(WorkLog::AddRequest(ItemOf(user, due_ms)));
  request.SetFreesSpace();
  const WriteReply reply = co_await engine_.Write(std::move(request));
  co_return reply.status;
}

Task<Status> UserService::RemoveNote(uint64_t user, WorkItem item) const {
  WriteRequest request = RequestOf(NoteKey(user), DeleteChange({}));
  request.AddAlso(WorkLog::RemoveRequest(item));
  const WriteReply reply = co_await engine_.Write(std::move(request));
  co_return reply.status;
}

// --- Erase ---------------------------------------------------------------------------------------

Task<Result<UserErased>> UserService::Erase(uint64_t user, CallContext call) const {
  const auto held = co_await locks_.Lock(user);
  if (Status late = MayBegin(call, clock_); !late.ok()) co_return late;
  Result<WorkItem> note = co_await ReadNote(user, std::move(call));
  if (note.status().code() == Code::kNotFound) {
    const Status noted = co_await WriteNote(user);
    if (!noted.ok()) co_return noted;
    note = co_await ReadNote(user);
  }
  if (!note.ok()) co_return note.status();
  co_return co_await EraseNoted(user, std::move(*note));
}

Task<Result<UserErased>> UserService::EraseNoted(uint64_t user, WorkItem note) const {
  const UserParts parts{.engine = engine_,
                        .media = media_,
                        .links = links_,
                        .logins = logins_,
                        .sessions = sessions_};
  Eraser eraser(parts, user, clock_);
  UserErased erased;
  for (int pass = 0; pass < limits::kMaxErasePasses; ++pass) {
    const uint64_t before = eraser.removed().sum();
    const Result<bool> complete = co_await eraser.Pass();
    if (!complete.ok()) co_return complete.status();
    erased.removed = eraser.removed();
    if (!*complete) co_return erased;
    if (erased.removed.sum() == before) break;
  }
  const Status forgotten = co_await RemoveNote(user, std::move(note));
  if (!forgotten.ok()) co_return forgotten;
  erased.done = true;
  co_return erased;
}

Task<Status> UserService::Finish(WorkItem item) const {
  const auto user = LoadLittle<uint64_t>(reinterpret_cast<const char*>(item.id.data()));
  const auto held = co_await locks_.Lock(user);
  Result<WorkItem> note = co_await ReadNote(user);
  // Done meanwhile: whatever there is of the user now came later.
  if (note.status().code() == Code::kNotFound) co_return Status();
  if (!note.ok()) co_return note.status();
  const Result<UserErased> erased = co_await EraseNoted(user, std::move(*note));
  if (!erased.ok()) co_return erased.status();
  if (erased->done) co_return Status();
  // Others have their turn before it goes on. Another key than this item's, which is removed.
  const uint64_t now_ms = static_cast<uint64_t>(clock_.WallMillis());
  co_return co_await work_.Add(ItemOf(user, std::max(now_ms, item.due_ms) + 1));
}

}  // namespace smile
