#include "service/users/eraser.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "service/await_all.h"

namespace smile {
namespace {

Status Unreadable(const char* what) {
  return {Code::kCorrupt,
          std::string(what) +
              " of this user cannot be read, and were not erased: see \"Damaged table files\" in "
              "docs/OPERATING.md"};
}

}  // namespace

struct Eraser::Step {
  Task<Status> (Eraser::*erase)();
};

Eraser::Eraser(const UserParts& parts, uint64_t user, const Clock& clock)
    : parts_(parts),
      user_(user),
      clock_(clock),
      end_nanos_(clock.MonotonicNanos() + limits::kMaxEraseMillis * kNanosPerMilli) {}

bool Eraser::IsOver() const {
  return removed_.sum() >= limits::kMaxErasedPerCall || clock_.MonotonicNanos() >= end_nanos_;
}

Task<Result<bool>> Eraser::Pass() {
  // Uploads before media: a commit that was interrupted is completed.
  static constexpr Step kSteps[] = {{&Eraser::EraseLogins}, {&Eraser::EraseSessions},
                                    {&Eraser::EraseLinks},  {&Eraser::EraseUploads},
                                    {&Eraser::EraseMedia},  {&Eraser::ErasePosts},
                                    {&Eraser::EraseRecords}};
  Status damage;
  for (const Step& step : kSteps) {
    Status status = co_await (this->*step.erase)();
    if (!status.ok() && status.code() != Code::kCorrupt) co_return status;
    if (damage.ok()) damage = std::move(status);
    if (IsOver()) co_return false;
  }
  if (!damage.ok()) co_return damage;
  co_return true;
}

Task<Status> Eraser::EraseLogins() {
  const Result<uint64_t> count = co_await parts_.logins.RemoveAll(user_);
  if (count.ok()) removed_.logins += *count;
  co_return count.status();
}

Task<Status> Eraser::EraseSessions() {
  const Result<uint64_t> count = co_await parts_.sessions.RemoveAll(user_);
  if (count.ok()) removed_.sessions += *count;
  co_return count.status();
}

Task<Status> Eraser::EraseLinks() {
  const CallContext call;
  const Result<std::vector<KindCount>> kinds = co_await parts_.links.Counts(user_, call);
  if (!kinds.ok()) co_return kinds.status();
  Status damage;
  for (const KindCount& kind : *kinds) {
    Status status = co_await EraseLinksOf(kind.kind);
    if (!status.ok() && status.code() != Code::kCorrupt) co_return status;
    if (damage.ok()) damage = std::move(status);
    if (IsOver()) break;
  }
  co_return damage;
}

Task<Status> Eraser::EraseLinksOf(LinkKind kind) {
  LinkListRequest request;
  request.of = {.user = user_, .kind = kind};
  request.limit = limits::kErasedTogether;
  bool gap = false;
  while (!IsOver()) {
    const Result<LinkPage> page = co_await parts_.links.List(request);
    if (!page.ok()) co_return page.status();
    std::vector<Task<Result<bool>>> tasks;
    for (const LinkEntry& entry : page->entries) {
      if (entry.outcome == ScanPage::Outcome::kGap) {
        gap = true;
      } else {
        tasks.push_back(Unlink(kind, entry.other));
        request.after = LinkPlace{.time_ms = entry.time_ms, .other = entry.other};
      }
    }
    const Result<uint64_t> count = co_await CountAll(std::move(tasks));
    if (!count.ok()) co_return count.status();
    removed_.links += *count;
    if (!page->more) break;
    if (page->resume_from) {
      request.from = page->resume_from;
      request.after.reset();
    }
  }
  if (gap) co_return Unreadable("links");
  co_return Status();
}

Task<Result<bool>> Eraser::Unlink(LinkKind kind, uint64_t other) const {
  LinkChange change;
  change.kind = LinkChange::Kind::kUnlink;
  change.side = {.user = user_, .kind = kind, .other = other};
  const Result<LinkChanged> changed = co_await parts_.links.Change(std::move(change));
  if (!changed.ok()) co_return changed.status();
  co_return changed->changed;
}

Task<Status> Eraser::EraseUploads() {
  UploadListRequest request;
  request.owner = user_;
  request.limit = limits::kErasedTogether;
  bool gap = false;
  while (!IsOver()) {
    const Result<UploadPage> page = co_await parts_.media.Uploads(request);
    if (!page.ok()) co_return page.status();
    std::vector<Task<Result<bool>>> tasks;
    for (const ContentId& upload : page->uploads) {
      tasks.push_back(parts_.media.Forget(user_, upload));
    }
    const Result<uint64_t> count = co_await CountAll(std::move(tasks));
    if (!count.ok()) co_return count.status();
    removed_.uploads += *count;
    gap = gap || page->gap;
    if (!page->more) break;
    request.from = page->resume_from;
  }
  if (gap) co_return Unreadable("uploads");
  co_return Status();
}

Task<Status> Eraser::EraseMedia() {
  MediaListRequest request;
  request.owner = user_;
  request.limit = limits::kErasedTogether;
  bool gap = false;
  while (!IsOver()) {
    const Result<MediaPage> page = co_await parts_.media.List(request);
    if (!page.ok()) co_return page.status();
    std::vector<Task<Result<bool>>> tasks;
    for (const MediaPage::Entry& entry : page->entries) {
      if (entry.outcome == ScanPage::Outcome::kGap) {
        gap = true;
      } else {
        tasks.push_back(DeleteMedia(entry.media));
        request.after = PartitionOf(entry.media);
      }
    }
    const Result<uint64_t> count = co_await CountAll(std::move(tasks));
    if (!count.ok()) co_return count.status();
    removed_.media += *count;
    if (!page->more) break;
    if (page->resume_from) {
      request.from = *page->resume_from;
      request.after.clear();
    }
  }
  if (gap) co_return Unreadable("media records");
  co_return Status();
}

Task<Result<bool>> Eraser::DeleteMedia(uint64_t media) const {
  const MediaId id{.owner = user_, .media = media};
  const CallContext call;
  const Status deleted = co_await parts_.media.Delete(id, call);
  if (deleted.code() == Code::kNotFound) co_return false;
  if (!deleted.ok()) co_return deleted;
  co_return true;
}

Task<Status> Eraser::ErasePosts() {
  co_return co_await EraseEntries(Table::kPosts, &removed_.posts);
}

Task<Status> Eraser::EraseRecords() {
  co_return co_await EraseEntries(Table::kUsers, &removed_.records);
}

Task<Status> Eraser::EraseEntries(Table table, uint64_t* removed) {
  ScanRequest request{.table = table,
                      .partition = PartitionOf(user_),
                      .limit = limits::kErasedTogether,
                      .keys_only = true};
  bool gap = false;
  while (!IsOver()) {
    const Result<ScanPage> page = co_await parts_.engine.Scan(request);
    if (!page.ok()) co_return page.status();
    std::vector<Change> changes;
    for (size_t i = 0; i < page->size(); ++i) {
      const ScanPage::Entry entry = (*page)[i];
      if (entry.outcome == ScanPage::Outcome::kGap) {
        gap = true;
      } else {
        changes.push_back(DeleteChange(Bytes(entry.sort)));
      }
    }
    const uint64_t count = changes.size();
    if (count > 0) {
      Bytes partition = PartitionOf(user_);
      const WriteReply reply =
          co_await parts_.engine.Write(table, std::move(partition), std::move(changes));
      if (!reply.status.ok()) co_return reply.status;
      *removed += count;
    }
    if (!page->more) break;
    ContinueScan(*page, &request);
  }
  if (gap) co_return Unreadable(table == Table::kPosts ? "posts" : "records");
  co_return Status();
}

}  // namespace smile
