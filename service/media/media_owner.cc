// The uploads of an owner: how they are listed, counted and removed.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "service/account_sorts.h"
#include "service/media/media_service.h"

namespace smile {
namespace {

std::optional<ContentId> UploadIn(ByteView sort) {
  const std::optional<Bytes> name = DecodeAccountSort(AccountPart::kUpload, sort);
  ContentId upload;
  if (!name || name->size() != upload.bytes.size()) return std::nullopt;
  std::copy(name->begin(), name->end(), upload.bytes.begin());
  return upload;
}

}  // namespace

Task<Result<UploadPage>> MediaService::Uploads(UploadListRequest request) const {
  ScanRequest scan{.table = Table::kAccounts,
                   .partition = PartitionOf(request.owner),
                   .from = FirstAccountSort(AccountPart::kUpload),
                   .to = EndOfAccountSorts(AccountPart::kUpload),
                   .limit = request.limit,
                   .keys_only = true,
                   .call = request.call};
  if (!request.from.empty()) scan.from = std::move(request.from);
  const Result<ScanPage> found = co_await engine_.Scan(scan);
  if (!found.ok()) co_return found.status();
  UploadPage page;
  for (size_t i = 0; i < found->size(); ++i) {
    const ScanPage::Entry entry = (*found)[i];
    if (entry.outcome == ScanPage::Outcome::kGap) page.gap = true;
    if (const auto upload = UploadIn(entry.sort)) page.uploads.push_back(*upload);
  }
  page.more = found->more;
  if (found->more) {
    page.resume_from = found->resume_from ? *found->resume_from
                                          : Bytes((*found)[found->size() - 1].sort).append(1, '\0');
  }
  co_return page;
}

Task<Result<bool>> MediaService::IsPending(uint64_t owner, ContentId upload) const {
  const CallContext begun;  // without a deadline
  const Result<StoredUpload> stored = co_await ReadUploadOf(owner, upload, begun);
  if (stored.status().code() == Code::kNotFound) co_return false;
  if (!stored.ok()) co_return stored.status();
  co_return stored->record.state != UploadState::kCommitted;
}

Task<Result<bool>> MediaService::Forget(uint64_t owner, ContentId upload) const {
  const auto held = co_await locks_.Lock(upload);
  const CallContext begun;  // without a deadline
  Result<StoredUpload> stored = co_await ReadUploadOf(owner, upload, begun);
  if (!stored.ok() && stored.status().code() != Code::kNotFound) co_return stored.status();
  bool was_pending = false;
  if (stored.ok()) {
    const Result<bool> ended = co_await End(upload, std::move(*stored));
    if (!ended.ok()) co_return ended.status();
    was_pending = *ended;
  }
  const Key account(Table::kAccounts, PartitionOf(owner), AccountUploadSort(upload));
  const WriteReply removed = co_await engine_.Write(account, DeleteChange({}));
  if (!removed.status.ok()) co_return removed.status;
  co_return was_pending;
}

// If a crash interrupts it, whoever calls Forget finds the upload again.
Task<Result<bool>> MediaService::End(ContentId upload, StoredUpload stored) const {
  const WorkItem item{.due_ms = stored.record.expires_ms,
                      .id = upload.bytes,
                      .kind = WorkKind::kUpload,
                      .payload = {}};
  const bool was_pending = stored.record.state != UploadState::kCommitted;
  Status ended;
  switch (stored.record.state) {
    case UploadState::kOpen:
    case UploadState::kDropped:
      ended = co_await Drop(upload, std::move(stored));
      break;
    case UploadState::kRefused:
      ended = co_await Refuse(upload, std::move(stored));
      break;
    case UploadState::kCommitting: {
      const auto manifest = co_await Complete(upload, std::move(stored));
      ended = manifest.status();
      // The media id was taken, and the upload is dropped.
      if (ended.code() == Code::kConditionFailed) ended = Status();
      break;
    }
    case UploadState::kCommitted:
      break;
  }
  if (!ended.ok()) co_return ended;
  // The record of a committed upload is only kept for a Commit that is repeated.
  const WriteReply removed = co_await engine_.Write(UploadKey(upload), DeleteChange({}));
  if (!removed.status.ok()) co_return removed.status;
  const Status forgotten = co_await work_.Remove(item);
  if (!forgotten.ok()) co_return forgotten;
  co_return was_pending;
}

}  // namespace smile
