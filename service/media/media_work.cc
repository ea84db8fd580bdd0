// What the sweeper does with the items of the work log that the media service wrote, and with
// contents that were put but may not be referred to.
#include <algorithm>
#include <utility>

#include "base/callback_await.h"
#include "service/media/media_service.h"

namespace smile {

Task<Status> MediaService::Finish(WorkItem item) const {
  const ContentId upload{.bytes = item.id};
  const auto held = co_await locks_.Lock(upload);
  switch (item.kind) {
    case WorkKind::kUpload:
      // The clock may have been set back since the item was found to be due.
      co_return co_await FinishUpload(upload, std::max(NowMillis(), item.due_ms));
    case WorkKind::kRelease: {
      const auto release = DecodeMediaRelease(item.payload);
      if (!release) break;
      co_return co_await FinishRelease(upload, *release);
    }
    case WorkKind::kRevoke:
    case WorkKind::kErase:
      break;  // of other services
  }
  co_return Status(Code::kCorrupt, "the item of the work log is damaged");
}

// Completes an upload that was being committed; drops one that was cancelled or whose time is over.
Task<Status> MediaService::FinishUpload(ContentId upload, uint64_t now_ms) const {
  Result<StoredUpload> stored = co_await ReadUpload(upload);
  if (stored.status().code() == Code::kNotFound) {
    // Begin was interrupted, or all is done. Content that was sealed is not touched.
    co_return co_await FromCallback<Status>(
        [&](auto done) { store_.Cancel(upload, std::move(done)); });
  }
  if (!stored.ok()) co_return stored.status();
  const bool expired = now_ms >= stored->record.expires_ms;
  switch (stored->record.state) {
    case UploadState::kCommitting: {
      const auto manifest = co_await Complete(upload, std::move(*stored));
      // kConditionFailed: the media id was taken, and the upload is dropped.
      co_return manifest.status().code() == Code::kConditionFailed ? Status() : manifest.status();
    }
    case UploadState::kDropped:
      co_return co_await Drop(upload, std::move(*stored));
    case UploadState::kRefused:
      co_return co_await Refuse(upload, std::move(*stored));
    case UploadState::kOpen:
      if (expired) co_return co_await Drop(upload, std::move(*stored));
      co_return Status();
    case UploadState::kCommitted:
      break;
  }
  if (!expired) co_return Status();
  const WriteReply removed = co_await engine_.Write(UploadKey(upload), DeleteChange({}));
  co_return removed.status;
}

Task<Status> MediaService::FinishRelease(ContentId upload, MediaRelease release) const {
  const Result<StoredManifest> stored = co_await ReadManifest(release.id);
  if (!stored.ok() && stored.status().code() != Code::kNotFound) co_return stored.status();
  // The manifest was not deleted, and the delete was not answered: it is as if it was not made.
  if (stored.ok() && stored->manifest.upload == upload) co_return Status();
  co_return co_await contents_.Release(release.sha256, upload);
}

Task<Status> MediaService::ReleaseDoubtful() const {
  for (;;) {
    const auto found = co_await FromCallback<Result<std::optional<DoubtfulContents>>>(
        [&](auto done) { store_.FindDoubtful(std::move(done)); });
    if (!found.ok()) co_return found.status();
    if (!found->has_value()) co_return Status();
    for (const ContentId& content : (*found)->contents) {
      const auto info = co_await FromCallback<Result<ContentInfo>>(
          [&](auto done) { store_.Stat(content, std::move(done)); });
      if (info.status().code() == Code::kNotFound) continue;  // deleted meanwhile
      if (!info.ok()) co_return info.status();
      if (Status dropped = co_await contents_.DropIfUnused(info->sha256, content); !dropped.ok()) {
        co_return dropped;
      }
    }
    const Status settled = co_await FromCallback<Status>(
        [&](auto done) { store_.SettleDoubtful((*found)->group, std::move(done)); });
    if (!settled.ok()) co_return settled;
  }
}

}  // namespace smile
