#include "service/media/media_service.h"

#include <algorithm>
#include <string>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"

namespace smile {
namespace {

Status NoSuchUpload() {
  return {Code::kNotFound, "no such upload of this owner; it may have expired"};
}

Status NoSuchMedia() {
  return {Code::kNotFound, "no such media record"};
}

Status CheckFields(const MediaFields& fields) {
  if (fields.size() <= limits::kMaxMediaFieldBytes) return {};
  return {Code::kTooLarge, "content type, name and custom fields have " +
                               std::to_string(fields.size()) + " bytes, more than " +
                               std::to_string(limits::kMaxMediaFieldBytes)};
}

Status CheckDeclared(const UploadRecord& record, const ContentInfo& info) {
  if (record.size && *record.size != info.size) {
    return {Code::kConditionFailed, "the content has " + std::to_string(info.size) +
                                        " bytes, not the declared " + std::to_string(*record.size)};
  }
  if (record.sha256 && *record.sha256 != info.sha256) {
    return {Code::kConditionFailed,
            "the content's SHA-256 is " + info.sha256.ToHex() + ", not the declared one"};
  }
  return {};
}

WorkItem UploadItem(const ContentId& upload, uint64_t due_ms) {
  return {.due_ms = due_ms, .id = upload.bytes, .kind = WorkKind::kUpload, .payload = {}};
}

MediaManifest ManifestOf(const ContentId& upload, const UploadRecord& record) {
  return {.sha256 = *record.sha256,
          .size = *record.size,
          .created_ms = record.created_ms,
          .upload = upload,
          .fields = record.fields};
}

}  // namespace

// --- Records -------------------------------------------------------------------------------------

Task<Result<MediaService::StoredUpload>> MediaService::ReadUpload(ContentId upload) const {
  const Result<Record> record = co_await engine_.Read(UploadKey(upload));
  if (record.status().code() == Code::kNotFound) co_return NoSuchUpload();
  if (!record.ok()) co_return record.status();
  auto decoded = DecodeUploadRecord(record->value);
  if (!decoded) co_return Status(Code::kCorrupt, "the record of this upload is damaged");
  co_return StoredUpload{.record = std::move(*decoded), .version = record->version};
}

Task<Result<MediaService::StoredUpload>> MediaService::ReadUploadOf(uint64_t owner,
                                                                    ContentId upload) const {
  Result<StoredUpload> stored = co_await ReadUpload(upload);
  if (stored.ok() && stored->record.id.owner != owner) co_return NoSuchUpload();
  co_return stored;
}

Task<Result<MediaService::StoredManifest>> MediaService::ReadManifest(MediaId id) const {
  const Result<Record> record = co_await engine_.Read(MediaKey(id.owner, id.media));
  if (record.status().code() == Code::kNotFound) co_return NoSuchMedia();
  if (!record.ok()) co_return record.status();
  auto manifest = DecodeMediaManifest(record->value);
  if (!manifest) co_return Status(Code::kCorrupt, "the media record is damaged");
  co_return StoredManifest{.manifest = std::move(*manifest), .version = record->version};
}

// --- Uploads -------------------------------------------------------------------------------------

Task<Result<ContentId>> MediaService::Begin(BeginUpload request) const {
  if (Status fields = CheckFields(request.fields); !fields.ok()) co_return fields;
  if (request.chunk_bytes < limits::kMinChunkBytes ||
      request.chunk_bytes > limits::kMaxChunkBytes) {
    co_return Status(Code::kInvalid, "chunk_bytes is " + std::to_string(request.chunk_bytes) +
                                         "; it must be from " +
                                         std::to_string(limits::kMinChunkBytes) + " to " +
                                         std::to_string(limits::kMaxChunkBytes));
  }
  const ContentId upload = make_id_();
  const UploadRecord record{.id = request.id,
                            .fields = std::move(request.fields),
                            .chunk_bytes = request.chunk_bytes,
                            .expires_ms = NowMillis() + limits::kUploadExpiryMillis,
                            .size = request.size,
                            .sha256 = request.sha256};
  // The log first: whatever follows is found again.
  if (Status logged = co_await work_.Add(UploadItem(upload, record.expires_ms)); !logged.ok()) {
    co_return logged;
  }
  const UploadSpec spec{.id = upload, .chunk_bytes = request.chunk_bytes, .size = request.size};
  if (Status begun =
          co_await FromCallback<Status>([&](auto done) { store_.Begin(spec, std::move(done)); });
      !begun.ok()) {
    (void)co_await work_.Remove(UploadItem(upload, record.expires_ms));
    co_return begun;
  }
  const WriteReply written =
      co_await engine_.Write(UploadKey(upload), PutChange({}, Encode(record), IfAbsent()));
  if (!written.status.ok()) co_return written.status;
  co_return upload;
}

void MediaService::Append(UploadPiece piece, std::function<void(Status)> done) const {
  store_.Append(std::move(piece), std::move(done));
}

Task<Result<UploadProgress>> MediaService::Progress(uint64_t owner, ContentId upload) const {
  const Result<StoredUpload> stored = co_await ReadUploadOf(owner, upload);
  if (!stored.ok()) co_return stored.status();
  const UploadRecord& record = stored->record;
  if (record.state == UploadState::kDropped) co_return NoSuchUpload();
  if (record.state != UploadState::kOpen) {
    CHECK(record.size.has_value(), "content that is complete has a size");
    co_return UploadProgress{
        .spec = {.id = upload, .chunk_bytes = record.chunk_bytes, .size = record.size},
        .received_bytes = *record.size,
        .contiguous_bytes = *record.size,
        .missing = {}};
  }
  co_return co_await FromCallback<Result<UploadProgress>>(
      [&](auto done) { store_.Progress(upload, std::move(done)); });
}

// Also of one that was sealed before.
Task<Result<ContentInfo>> MediaService::DigestOf(ContentId upload) const {
  auto info = co_await FromCallback<Result<ContentInfo>>(
      [&](auto done) { store_.Digest(upload, std::move(done)); });
  if (info.status().code() == Code::kNotFound) {
    info = co_await FromCallback<Result<ContentInfo>>(
        [&](auto done) { store_.Stat(upload, std::move(done)); });
  }
  co_return info;
}

// From open to committing: the content is complete, as declared, and durable.
Task<Result<MediaService::StoredUpload>> MediaService::SealUpload(ContentId upload,
                                                                  StoredUpload stored) const {
  const Result<ContentInfo> info = co_await DigestOf(upload);
  if (!info.ok()) co_return info.status();
  if (Status declared = CheckDeclared(stored.record, *info); !declared.ok()) co_return declared;
  if (Status sealed =
          co_await FromCallback<Status>([&](auto done) { store_.Seal(upload, std::move(done)); });
      !sealed.ok()) {
    co_return sealed;
  }
  stored.record.state = UploadState::kCommitting;
  stored.record.size = info->size;
  stored.record.sha256 = info->sha256;
  stored.record.created_ms = NowMillis();
  const WriteReply written = co_await engine_.Write(
      UploadKey(upload), PutChange({}, Encode(stored.record), IfVersion(stored.version)));
  if (!written.status.ok()) co_return written.status;
  stored.version = written.versions.front();
  co_return stored;
}

Task<Result<MediaManifest>> MediaService::Commit(uint64_t owner, ContentId upload) const {
  const auto held = co_await locks_.Lock(upload);
  Result<StoredUpload> stored = co_await ReadUploadOf(owner, upload);
  if (!stored.ok()) co_return stored.status();
  switch (stored->record.state) {
    case UploadState::kCommitted:
      co_return ManifestOf(upload, stored->record);
    case UploadState::kDropped:
      co_return NoSuchUpload();
    case UploadState::kCommitting:
      break;
    case UploadState::kOpen: {
      WorkItem item = UploadItem(upload, NowMillis() + limits::kWorkGraceMillis);
      if (Status logged = co_await work_.Add(std::move(item)); !logged.ok()) co_return logged;
      stored = co_await SealUpload(upload, std::move(*stored));
      if (!stored.ok()) co_return stored.status();
    }
  }
  co_return co_await Complete(upload, std::move(*stored));
}

// From committing to committed.
Task<Result<MediaManifest>> MediaService::Complete(ContentId upload, StoredUpload stored) const {
  UploadRecord& record = stored.record;
  CHECK(record.state == UploadState::kCommitting && record.size && record.sha256);
  const MediaManifest manifest = ManifestOf(upload, record);
  const Result<ContentId> content =
      co_await contents_.Refer(manifest.sha256, upload, manifest.size, record.id);
  if (!content.ok()) co_return content.status();
  if (Status put = co_await PutManifest(record.id, manifest); !put.ok()) {
    if (put.code() != Code::kConditionFailed) co_return put;
    // The media id is taken: the upload is over.
    Status over = co_await contents_.Release(manifest.sha256, upload);
    if (over.ok()) over = co_await Drop(upload, std::move(stored));
    if (!over.ok()) co_return over;
    co_return put;
  }
  if (*content != upload) {
    if (Status deleted = co_await DeleteContent(upload); !deleted.ok()) co_return deleted;
  }
  record.state = UploadState::kCommitted;
  const WriteReply written = co_await engine_.Write(
      UploadKey(upload), PutChange({}, Encode(record), IfVersion(stored.version)));
  if (!written.status.ok()) co_return written.status;
  co_return manifest;
}

// From open or, if nothing refers to its content, committing to gone. The record goes last, so that
// the content is found again.
Task<Status> MediaService::Drop(ContentId upload, StoredUpload stored) const {
  stored.record.state = UploadState::kDropped;
  const WriteReply written = co_await engine_.Write(
      UploadKey(upload), PutChange({}, Encode(stored.record), IfVersion(stored.version)));
  if (!written.status.ok()) co_return written.status;
  if (Status deleted = co_await DeleteContent(upload); !deleted.ok()) co_return deleted;
  const WriteReply removed = co_await engine_.Write(UploadKey(upload), DeleteChange({}));
  co_return removed.status;
}

Task<Status> MediaService::PutManifest(MediaId id, MediaManifest manifest) const {
  const WriteReply written = co_await engine_.Write(MediaKey(id.owner, id.media),
                                                    PutChange({}, Encode(manifest), IfAbsent()));
  if (written.status.code() != Code::kConditionFailed) co_return written.status;
  const Result<StoredManifest> there = co_await ReadManifest(id);
  if (there.ok() && there->manifest.upload == manifest.upload) co_return Status();
  co_return Status(Code::kConditionFailed, "there is a media record of this id already");
}

Task<Status> MediaService::DeleteContent(ContentId content) const {
  co_return co_await FromCallback<Status>(
      [&](auto done) { store_.Delete(content, std::move(done)); });
}

Task<Status> MediaService::Cancel(uint64_t owner, ContentId upload) const {
  const auto held = co_await locks_.Lock(upload);
  Result<StoredUpload> stored = co_await ReadUploadOf(owner, upload);
  if (stored.status().code() == Code::kNotFound) co_return Status();
  if (!stored.ok()) co_return stored.status();
  const UploadState state = stored->record.state;
  if (state == UploadState::kCommitting || state == UploadState::kCommitted) {
    co_return Status(Code::kConditionFailed, "the upload is committed; delete the media record");
  }
  const WorkItem item = UploadItem(upload, stored->record.expires_ms);
  if (Status dropped = co_await Drop(upload, std::move(*stored)); !dropped.ok()) {
    co_return dropped;
  }
  co_return co_await work_.Remove(item);
}

// --- Media records -------------------------------------------------------------------------------

Task<Result<MediaManifest>> MediaService::Stat(MediaId id) const {
  Result<StoredManifest> stored = co_await ReadManifest(id);
  if (!stored.ok()) co_return stored.status();
  co_return std::move(stored->manifest);
}

Task<Result<ContentPiece>> MediaService::Read(MediaId id, uint64_t offset, uint32_t size,
                                              uint64_t source) const {
  if (size == 0 || size > limits::kMaxContentReadBytes) {
    co_return Status(Code::kInvalid, "size is " + std::to_string(size) + "; it must be from 1 to " +
                                         std::to_string(limits::kMaxContentReadBytes));
  }
  const Result<StoredManifest> stored = co_await ReadManifest(id);
  if (!stored.ok()) co_return stored.status();
  const Result<ContentHead> head =
      co_await contents_.Find(stored->manifest.sha256, stored->manifest.upload);
  if (!head.ok()) co_return head.status();
  const ContentRange range{.id = head->content, .offset = offset, .size = size, .source = source};
  co_return co_await FromCallback<Result<ContentPiece>>(
      [&](auto done) { store_.Read(range, std::move(done)); });
}

Task<Result<MediaPage>> MediaService::List(uint64_t owner, std::optional<uint64_t> after,
                                           uint32_t limit) const {
  ScanRequest request{.table = Table::kMedia,
                      .partition = PartitionOf(owner),
                      .limit = limit,
                      .max_value_bytes = limits::kMaxReplyValueBytes};
  if (after) AppendBig(&request.after, *after);
  MediaPage page;
  const Result<ScanPage> found = co_await engine_.Scan(std::move(request));
  if (!found.ok()) co_return found.status();
  for (size_t i = 0; i < found->size(); ++i) {
    const ScanPage::Entry entry = (*found)[i];
    const std::optional<uint64_t> media = DecodeMediaSort(entry.sort);
    if (!media) continue;
    auto manifest = DecodeMediaManifest(entry.record.value);
    page.entries.push_back(
        {.media = *media,
         .version = entry.record.version,
         .manifest = manifest ? Result<MediaManifest>(std::move(*manifest))
                              : Status(Code::kCorrupt, "the media record is damaged")});
  }
  page.more = found->more;
  co_return page;
}

Task<Status> MediaService::SetFields(MediaId id, MediaFields fields) const {
  if (Status checked = CheckFields(fields); !checked.ok()) co_return checked;
  for (;;) {
    Result<StoredManifest> stored = co_await ReadManifest(id);
    if (!stored.ok()) co_return stored.status();
    stored->manifest.fields = fields;
    const WriteReply written =
        co_await engine_.Write(MediaKey(id.owner, id.media),
                               PutChange({}, Encode(stored->manifest), IfVersion(stored->version)));
    if (written.status.code() != Code::kConditionFailed) co_return written.status;
  }
}

Task<Status> MediaService::Delete(MediaId id) const {
  const Result<StoredManifest> first = co_await ReadManifest(id);
  if (!first.ok()) co_return first.status();
  const ContentId upload = first->manifest.upload;
  const MediaRelease release{.sha256 = first->manifest.sha256, .id = id};
  const auto held = co_await locks_.Lock(upload);
  // A commit that was interrupted after it wrote the manifest would write it again.
  if (Status finished = co_await FinishUpload(upload); !finished.ok()) co_return finished;
  const WorkItem item{.due_ms = NowMillis() + limits::kWorkGraceMillis,
                      .id = upload.bytes,
                      .kind = WorkKind::kRelease,
                      .payload = Encode(release)};
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

}  // namespace smile
