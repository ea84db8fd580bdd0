#include "service/media/media_service.h"

#include <string>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/limits.h"
#include "service/media/media_errors.h"

namespace smile {
Task<Result<MediaService::StoredManifest>> MediaService::ReadManifest(MediaId id,
                                                                      CallContext call) const {
  const Result<Record> record =
      co_await engine_.Read(MediaKey(id.owner, id.media), std::move(call));
  if (record.status().code() == Code::kNotFound) co_return NoSuchMedia();
  if (!record.ok()) co_return record.status();
  auto manifest = DecodeMediaManifest(record->value);
  if (!manifest) co_return Status(Code::kCorrupt, "the media record is damaged");
  co_return StoredManifest{.manifest = std::move(*manifest), .version = record->version};
}

Task<Result<MediaManifest>> MediaService::Stat(MediaId id, CallContext call) const {
  Result<StoredManifest> stored = co_await ReadManifest(id, std::move(call));
  if (!stored.ok()) co_return stored.status();
  co_return std::move(stored->manifest);
}

Task<Result<ContentPiece>> MediaService::Read(MediaId id, uint64_t offset, uint32_t size,
                                              CallContext call) const {
  if (size == 0 || size > limits::kMaxContentReadBytes) {
    co_return Status(Code::kInvalid, "size is " + std::to_string(size) + "; it must be from 1 to " +
                                         std::to_string(limits::kMaxContentReadBytes));
  }
  const Result<StoredManifest> stored = co_await ReadManifest(id, call);
  if (!stored.ok()) co_return stored.status();
  const ContentRange range{
      .id = stored->manifest.content.id, .offset = offset, .size = size, .call = call};
  Result<ContentPiece> piece = co_await ReadContent(stored->manifest.content, range);
  if (piece.status().code() != Code::kNotFound) co_return piece;
  const Result<StoredManifest> again = co_await ReadManifest(id);
  if (!again.ok()) co_return again.status();
  if (again->manifest.upload != stored->manifest.upload) co_return NoSuchMedia();
  co_return Status(Code::kCorrupt, "the content of this media record is missing");
}

Task<Result<ContentPiece>> MediaService::ReadContent(ContentAddress content,
                                                     ContentRange range) const {
  if (content.place == ContentPlace::kRecord) co_return co_await ReadSmall(range);
  if (auto found = store_.Peek(range)) co_return std::move(*found);
  co_return co_await FromCallback<Result<ContentPiece>>(
      [&](auto done) { store_.Read(range, std::move(done)); });
}

// A range of content that is one record, which is read whole. Not from memory: that has only
// records that were written lately.
Task<Result<ContentPiece>> MediaService::ReadSmall(ContentRange range) const {
  ReadRequest request{.keys = {}, .call = range.call};
  request.call.memory = nullptr;
  request.keys.push_back(SmallContentKey(range.id));
  Result<ReadReply> reply = co_await engine_.Read(std::move(request));
  if (!reply.ok()) co_return reply.status();
  Result<Record>& record = reply->front();
  if (!record.ok()) co_return record.status();
  co_return PieceOf(std::move(record->value), record->checksum, range.offset, range.size);
}

Task<Result<MediaPage>> MediaService::List(MediaListRequest request) const {
  ScanRequest scan{.table = Table::kMedia,
                   .partition = PartitionOf(request.owner),
                   .from = std::move(request.from),
                   .after = std::move(request.after),
                   .limit = request.limit,
                   .max_value_bytes = limits::kMaxReplyValueBytes,
                   .call = request.call};
  const Result<ScanPage> found = co_await engine_.Scan(std::move(scan));
  if (!found.ok()) co_return found.status();
  MediaPage page{.entries = {}, .more = found->more, .resume_from = found->resume_from};
  page.entries.reserve(found->size());
  for (size_t i = 0; i < found->size(); ++i) {
    const ScanPage::Entry entry = (*found)[i];
    MediaPage::Entry listed{.outcome = entry.outcome, .media = 0, .manifest = {}};
    if (entry.outcome != ScanPage::Outcome::kGap) {
      const std::optional<uint64_t> media = DecodeMediaSort(entry.sort);
      CHECK(media.has_value(), "keys of this table have 8 bytes");
      listed.media = *media;
    }
    if (entry.outcome == ScanPage::Outcome::kFound) {
      auto manifest = DecodeMediaManifest(entry.record.value);
      if (manifest) {
        listed.manifest = std::move(*manifest);
      } else {
        listed.outcome = ScanPage::Outcome::kCorrupt;
      }
    }
    page.entries.push_back(std::move(listed));
  }
  co_return page;
}

Task<Status> MediaService::SetFields(MediaId id, MediaFields fields, CallContext call) const {
  if (Status checked = CheckFields(fields); !checked.ok()) co_return checked;
  for (;;) {
    Result<StoredManifest> stored = co_await ReadManifest(id, call);
    if (!stored.ok()) co_return stored.status();
    stored->manifest.fields = fields;
    Change change = PutChange({}, Encode(stored->manifest), IfVersion(stored->version));
    const WriteReply written =
        co_await engine_.Write(RequestOf(MediaKey(id.owner, id.media), std::move(change), call));
    if (written.status.code() != Code::kConditionFailed) co_return written.status;
  }
}

Task<Status> MediaService::Delete(MediaId id, CallContext call) const {
  const Result<StoredManifest> first = co_await ReadManifest(id, call);
  if (!first.ok()) co_return first.status();
  const ContentId upload = first->manifest.upload;
  const MediaRelease release{.sha256 = first->manifest.sha256, .id = id};
  if (engine_.can_write_together()) {
    co_return co_await DeleteTogether(upload, release, std::move(call));
  }
  const auto held = co_await locks_.Lock(upload);
  if (Status late = MayBegin(call, clock_); !late.ok()) co_return late;
  // A commit that was interrupted after it wrote the manifest would write it again.
  if (Status finished = co_await FinishUpload(upload, NowMillis()); !finished.ok())
    co_return finished;
  const WorkItem item = ReleaseItem(upload, release);
  if (Status logged = co_await work_.Add(item); !logged.ok()) co_return logged;
  for (;;) {
    const Result<StoredManifest> stored = co_await ReadManifest(id);
    if (!stored.ok()) co_return stored.status();
    if (stored->manifest.upload != upload) co_return NoSuchMedia();  // deleted, and made anew
    const WriteReply deleted = co_await engine_.Write(MediaKey(id.owner, id.media),
                                                      DeleteChange({}, IfVersion(stored->version)));
    if (deleted.status.ok()) break;
    if (deleted.status.code() != Code::kConditionFailed) co_return deleted.status;
  }
  // The record is gone, which is the answer. If a step fails from here on, the sweeper repeats it.
  const Status released = co_await contents_.Release(release.sha256, upload);
  if (released.ok()) (void)co_await work_.Remove(item);
  co_return Status();
}

WorkItem MediaService::ReleaseItem(ContentId upload, const MediaRelease& release) const {
  return {.due_ms = NowMillis() + limits::kWorkGraceMillis,
          .id = upload.bytes,
          .kind = WorkKind::kRelease,
          .payload = Encode(release)};
}

// One write, which takes effect or does not; then the content goes.
Task<Status> MediaService::DeleteTogether(ContentId upload, MediaRelease release,
                                          CallContext call) const {
  const auto held_upload = co_await locks_.Lock(upload);
  if (Status late = MayBegin(call, clock_); !late.ok()) co_return late;
  // As in Delete. If the content was put at once, there was no upload.
  const Status begun = (co_await ReadUpload(upload)).status();
  if (!begun.ok() && begun.code() != Code::kNotFound) co_return begun;
  if (begun.ok()) {
    if (Status finished = co_await FinishUpload(upload, NowMillis()); !finished.ok())
      co_return finished;
  }
  const auto held = co_await media_locks_.Lock(release.id);
  const Result<StoredManifest> stored = co_await ReadManifest(release.id);
  if (!stored.ok()) co_return stored.status();
  if (stored->manifest.upload != upload) co_return NoSuchMedia();  // deleted, and made anew
  co_return co_await contents_.Delete(release.sha256, upload, release.id,
                                      ReleaseItem(upload, release));
}

Task<Result<MediaCheckPage>> MediaService::Check(MediaCheckRequest request) const {
  MediaCheck check(engine_, store_, contents_, locks_, std::move(request));
  co_return co_await check.Run();
}

}  // namespace smile
